# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 14 · How much hangs on the choices?
#
# The paper leaves several rules open, and each of them could have been another. Here all defensible choices are made
# at once, and for each claim stands the share of them in which it holds; then judges are left out one by one. At the
# end, the null hypothesis: how many directions of Figure 1 would agree with people if the models answered at random?
# Nobody is asked anything: what needs answers that nobody collected is listed with its number of calls.
#
# *reads* `02_statements.csv`, `02_left_out.csv`, `04_answers.csv.gz`, `05_answers.csv.gz`,
# `05_sociocultural_statements.csv`, `07_answers.csv.gz`, `07_votes.csv` · *writes* `14_specifications.csv`,
# `14_claims.csv`, `14_null.csv`, `specification_curve`, `null_directions`, `null_directions_paper` · *takes* the sizes
# of the two simulations

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
resamples: int = 10000  # bootstrap resamples of the statements
draws: int = 2000  # simulated worlds under the null

# %%
import numpy as np
import pandas as pd
from IPython.display import Markdown

from alignment.asking import specification_inputs
from alignment.figures import diagnostics, style
from alignment.paper import printed_null
from alignment.stats import claims, null_model, positions, relabelling, specifications
from alignment.study.workspace import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## The specifications
#
# A specification is one choice for each rule. The full product of the rules that need no new answers comes first; then,
# around the default and one at a time, fewer runs, other thresholds, and other judges. Labels, scores and claims are
# worked out again under each of them, from the same answers. `computed`: every answer that it needs is there; `in
# part`: some were never asked for, and the rest is used; `not asked`: nothing is left to compute.

# %%
have = specification_inputs.read_collected(here)
rules = relabelling.rules_of(have, here.parameters)
specs = specifications.specifications(rules, relabelling.one_by_one_of(have))
table = specifications.outcomes(have, specs)
table.groupby(["varies", "state"], sort=False, as_index=False)["calls"].agg(
    specifications="size", most_calls="max"
)

# %% [markdown]
# ## The claims
#
# A *direction* is which of two groups stands higher on a dimension; a *leaning*, on which side of the other group's
# mean a model stands; a *change with the language* counts when the exact test finds it after Holm's correction. With
# real models the claim is that directions and leanings are those of the peoples. With simulated respondents it is that
# they are those that were planted: a claim about the pipeline, and never about models.
#
# A claim holds only when all of it does, so the columns after `holds` say how much of it does: how many of the
# directions, leanings or cells are as the claim says, at least, in the middle and at most, and which ones most often
# are not: a model that stands close to the other group's mean is easily found on its other side. `open` are
# specifications that cannot decide a claim, for no statement is left on which the groups differ.

# %%
whole = specifications.summary(table, have)
whole

# %% [markdown]
# Which choice matters? The share in which each claim holds, by each alternative of each rule. Where the two or three
# rows of a rule agree, that rule does not matter here.

# %%
shares = specifications.shares(table, rules)
by_rule = shares[shares["choice"].isin(list(rules))]
by_rule = by_rule.set_index(["choice", "alternative", "claim"])["share"]
by_rule.unstack("claim", sort=False).round(3)

# %% [markdown]
# ## The curve
#
# Every specification of the product, ordered by how many directions come out as the first claim says.

# %%
product = table[table["varies"] == "rules"]
words = claims.in_words(have.planted is not None)
open_rules = [name for name, choices in rules.items() if len(choices) > 1]
caption = "Every specification: how much of each claim is as it says, and the choices below it."
figure = diagnostics.specification_curve(product, open_rules, words)
style.save(here, figure, "specification_curve", caption)

# %% [markdown]
# *Above: how many directions, leanings and cells are as each claim says, one specification a column. Below: the choices
# that each of them makes. A rule whose marks gather at one end moves the result; one whose marks spread evenly does not.
# A specification that leaves a claim open has no dot there.*
#
# ## One change at a time
#
# Fewer runs of the same answers, and other thresholds, with all else at its default. Then other judges, since the
# judges are also the judged: a model's own labels could favour its own group. So each judge is left out once, and the
# labels are those of one culture's judges alone, whoever is scored; the quorum stays half of the planned votes. `calls`
# counts what would have to be asked first; what follows from those answers comes on top.

# %%
specifications.shown(table[(table["varies"] != "rules") | (table["spec"] == 1)])

# %% [markdown]
# ## Rules or statements: what moves a group more?
#
# Each group's position on the statements answered differently, 0 to 100: under the default with its 95 % interval over
# statements, and the least and the most that the rules make of it. A range of rules well within the interval says that
# the choice of rules matters less than the choice of statements.

# %%
rng, groups = np.random.default_rng(14), specifications.default_groups(have, specs)
places = positions.figure1(groups, rng, rules["differ"][0], resamples)
specifications.ranges(table, places).round(1)

# %% [markdown]
# ## What would chance do?
#
# When only the statements count on which the groups differ, two opposite groups lie at equal distances on either side
# of 50, whatever they answered: the mirror image is made by the selection. So nothing but the signs is left to agree
# with people. In each simulated world under the null every model agrees with each of this study's statements at random,
# at its own overall rate of agreeing.

# %%
people = have.people.get(rules.get("human_values", ("",))[0], claims.NOBODY)
rates = null_model.agreement_rates(here.read("07_votes"), have.models)
labels = here.read("05_sociocultural_statements")
observed = product.drop_duplicates("differ").set_index("differ")["with_people"]
observed = observed.astype(float).to_dict()
chance = null_model.table(
    labels, have.models, rates, people, observed, np.random.default_rng(14), draws
)
caption = "How many directions agree with people when the models answer at random."
style.save(here, diagnostics.null_directions(chance), "null_directions", caption)

# %% [markdown]
# *The number of directions that agree with people in simulated worlds under the null, by the two readings of "responded differently";
# dark: what this study found. A direction is little more than the toss of a coin, and a tie agrees with nobody.*
#
# The same with the paper's numbers of labels, as Appendix A states them. Its labels and its models' rates are not
# printed: each of the four polarities is as likely in every world, each label has a statement of its own, and models
# agree with half of them. Dark is what the paper claims: all six.

# %%
of_paper = printed_null.paper_table(np.random.default_rng(14), draws)
caption = "How many directions would agree by chance with the paper's numbers of labels."
title = "Chance, with the paper's numbers of labels"
figure = diagnostics.null_directions(of_paper, title, "claimed")
style.save(here, figure, "null_directions_paper", caption, "printed")

# %% [markdown]
# *With the paper's n. All six are rare under chance; one less, as many as the printed Table 3 gives (notebook 13), is
# not so rare. None of this is a test of the paper's claim on its own answers, which are not published.*

# %%
six, five = (null_model.at_least(of_paper, null_model.DESIGNS["not_equal"], k) for k in (6, 5))
Markdown(
    f"With the paper's numbers of labels, chance gets all six directions right in **{six:.1%}** "
    f"of {draws:,} simulated worlds, and at least five in **{five:.1%}**."
)

# %%
both = {"this study": chance.assign(respondents=here.respondents)}
both |= {"the paper's n": of_paper.assign(respondents="printed")}
nulls = pd.concat(both, names=["labels"]).reset_index("labels")
tables = {"14_specifications": table, "14_claims": shares, "14_null": nulls}
files = ", ".join(f"`{here.write(frame, name)}`" for name, frame in tables.items())
held = "; ".join(
    f"*{c.claim}* in {c.holds} of {c.decided} (in the middle, {c.median} of {c.of} as it says)"
    for c in whole.itertuples()
    if c.decided
)
Markdown(
    f"Written: {files}. **Of the specifications that decide it: {held or 'none'}.** {here.caution}"
)
