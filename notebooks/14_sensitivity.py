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
# # 14 · How much do the results depend on the choices?
#
# The paper leaves several rules open, and each of them could have been chosen otherwise. Here all
# defensible choices are combined, and for each claim the share of these specifications in which it
# holds is given; then judges are left out one by one. Finally, chance: how many directions of
# Figure 1 would agree with people if the models answered at random, or belonged to other countries?
# Nothing new is asked: specifications that need answers not yet collected are listed with their
# number of calls.
#
# *reads* `02_statements.csv`, `02_left_out.csv`, `04_answers.csv.gz`, `05_answers.csv.gz`,
# `05_sociocultural_statements.csv`, `07_answers.csv.gz`, `07_scores.csv`, `07_votes.csv`,
# `07_stances.csv`, `data/raw/<study>`, `data/reference` · *writes* `14_specifications.csv`,
# `14_claims.csv`, `14_joint.csv`, `14_null.csv`, `14_assignments.csv`, `specification_curve`,
# `null_directions` · *takes* every rule of the study, the size of a simulation

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
draws: int = 2000  # simulated data sets under the null hypothesis, with three cultures or more

# %%
import numpy as np

from alignment.asking import specification_inputs
from alignment.figures import diagnostics, style
from alignment.stats import assignments, null_model, positions
from alignment.stats.specifications import claims, curve, joint_inference, reanalysis
from alignment.study import page_notes
from alignment.study.workspace import open_study

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The specifications
#
# A specification makes one choice for each rule. The full product of the rules that need no new
# answers comes first; then, one at a time around the default, fewer runs, other thresholds, and
# other judges. Labels, scores and claims are computed again under each of them, from the same
# answers. `computed`: every answer needed is there; `in part`: some were never asked for, and the
# rest are used; `not asked`: there is nothing to compute.

# %%
have = specification_inputs.read_collected(here)
rules = reanalysis.choices_of(have, here.parameters)
specs = curve.list_specifications(rules, reanalysis.single_changes_of(have))
table = curve.compute_outcomes(have, specs)
table.groupby(["varies", "state"], sort=False, as_index=False)["calls"].agg(
    specifications="size", most_calls="max"
)

# %% [markdown]
# ## The claims
#
# A *direction* is which of two groups stands higher on a dimension; a *leaning* is on which side of
# the other group's mean a model stands; a *change with the language* counts if the exact test is
# significant after Holm's correction. With real models, the claim is that directions and leanings
# agree with those of people. With simulated respondents, it is that they agree with the simulated
# ground truth: a claim about the pipeline, never about models.
#
# A claim holds only if all of its parts hold, so the columns after `holds` show how many parts do:
# the smallest, median and largest number of directions, leanings or entries that are as claimed,
# and which ones most often are not. A model close to the other group's mean is easily placed on the
# wrong side of it. `open` counts the specifications that cannot decide a claim, because no
# statement is left on which the groups differ; `outcomes`, how many different results there are
# among all of them, since many rules rarely decide anything.

# %%
whole = curve.summarise_claims(table, have)
whole

# %% [markdown]
# Which choice matters? The share of specifications in which each claim holds, by each alternative
# of each rule; where it is open it does not hold. If the rows of a rule agree, that rule makes no
# difference here.

# %%
shares = curve.compute_shares(table, rules)
by_rule = shares[shares["choice"].isin(list(rules))]
by_rule = by_rule.set_index(["choice", "alternative", "claim"])["share"]
by_rule.unstack("claim", sort=False).round(3)

# %% [markdown]
# How far would the specifications agree by chance? Every statement takes the answers of another
# one, in all of them alike (500 times): then labels and answers have nothing to do with each
# other. `right` is the mean number of directions or leanings that come out as claimed, `holds` the
# number of specifications in which all do; each with how often chance reaches as many. For changes
# with the language, the joint test of notebook 10 is that question.

# %%
joint = joint_inference.judge_curve(have, table, 500, np.random.default_rng(15))
joint.round(3)

# %% [markdown]
# ## The curve
#
# Every specification of the product, ordered by how many directions come out as the first claim
# says.

# %%
product = table[table["varies"] == "rules"]
words = claims.describe_claims(have.planted is not None)
open_rules = [name for name, choices in rules.items() if len(choices) > 1]
caption = "Every specification: how much of each claim holds, and below, the choices made."
figure = diagnostics.specification_curve(product, open_rules, words)
style.save(here, figure, "specification_curve", caption)

# %% [markdown]
# *Above: how many directions, leanings and entries are as each claim says, one column per
# specification. Below: the choices that each specification makes. A rule whose marks gather at one
# end affects the result; a rule whose marks spread evenly does not. Specifications with the same
# result stand in random order. A specification that leaves a claim open has no dot there.*
#
# ## One change at a time
#
# Fewer runs of the same answers, and other thresholds, with everything else at its default. Then
# other judges: since the judges are also the models under study, a model's own labels could favour
# its own group. Each judge is left out once, and then the labels come from the judges of one
# culture only, whichever model is scored; the quorum stays at half of the planned votes. Then other
# tests of a change with the language, and the other wordings of the stance question that were asked
# (*corrected*, *consistent*: notebook 17). What a simulated study planted is what its respondents
# say in the wording of the paper, habits included, so a wording that takes a habit out is held
# against it. `calls` counts the questions that would have to be asked first; later steps would add
# to them.

# %%
curve.format_outcomes(table[(table["varies"] != "rules") | (table["spec"] == 1)])

# %% [markdown]
# ## Rules or statements: which moves a group more?
#
# Each group's position on the statements to which the groups respond differently, 0 to 100: under
# the default, with its 95 % interval over statements, and the lowest and highest position under any
# choice of rules. If the range over rules lies well within the interval, the choice of rules
# matters less than the choice of statements.

# %%
groups = curve.default_groups(have, specs)
places = positions.figure1(groups, rules["differ"][0])
curve.compare_ranges(table, places).round(1)

# %% [markdown]
# ## What would chance do?
#
# If only statements count on which the groups are strictly opposite, they lie at equal distances on
# either side of 50, whatever their answers: the selection makes them mirror images. Only the signs
# can then agree with people. Under the null hypothesis every model agrees with each of this study's
# statements at random, at its own overall rate of agreement. With two cultures the chances are
# exact, by convolution, as if each label had a statement of its own; with more they are simulated.

# %%
people = have.people.get(rules.get("human_values", ("",))[0], claims.NOBODY)
rates = null_model.agreement_rates(here.read("07_votes"), have.models)
labels = here.read("05_sociocultural_statements")
observed = product.drop_duplicates("differ").set_index("differ")["with_people"]
observed = observed.astype(float).to_dict()
chance = null_model.null_distributions(
    labels, have.models, rates, people, observed, np.random.default_rng(14), draws
)
caption = "Number of directions that agree with people if the models answer at random."
style.save(here, diagnostics.null_directions(chance), "null_directions", caption)

# %% [markdown]
# *The number of directions that agree with people under the null hypothesis, for the two readings
# of "responded differently"; dark: the number in this study. Each direction agrees at most about
# half of the time, and a tie agrees with nobody.*

# %% [markdown]
# ## Are a few models a country?
#
# The null model above takes the statements as its unit. But a country is represented by a few
# models only, so here these are dealt out to the countries in every possible way, and the
# directions on all statements are counted again. With two models in each of two countries there are
# six ways, so the real one cannot stand out at better than 1 in 6. First this study, then the
# paper's printed table.

# %%
own = claims.model_positions(here.read("07_scores"), have.models)
dealt = assignments.assign_models(own, have.models, people)
dealt

# %%
tables = {"14_specifications": table, "14_claims": shares, "14_null": chance}
tables |= {"14_assignments": dealt, "14_joint": joint}
files = [here.write(frame, name) for name, frame in tables.items()]
held = "; ".join(
    f"*{c.claim}* in {c.holds} of {c.specifications} (median: {c.median} of {c.of} parts)"
    for c in whole.itertuples()
    if c.specifications > c.open
)
said = f"Under all choices of rules: {held or 'no claim is decided'}."
page_notes.conclude(files, f"{said} {page_notes.caution(here)}")
