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
# # 08 · Do groups of models differ in the same way as people?
#
# The models of each culture are grouped, in their native language, and compared with the people of
# that country on Hofstede's scale of 0 to 100. As in the paper, only statements to which the groups
# respond differently count; because that choice matters, the same comparison is also made on all
# statements. This gives **Figure 1** and **Appendix B**.
#
# *reads* `01_theses.csv`, `04_votes.csv`, `05_votes.csv`, `05_sociocultural_statements.csv`,
# `07_answers.csv.gz`, `07_scores.csv`, `07_votes.csv`, `07_stances.csv`, `07_accounting.csv`,
# `07_bounds.csv`, `07_reasons.csv`, `data/reference` · *writes* `08_figure1.csv`,
# `08_directions.csv`, `08_differing.csv`, `figure1`, `figure1_all` · *takes* the rules below, and
# every rule of the study

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
split_group: str = "median"  # response of a split group: median of its models, or of all their runs
differ: str = "not_equal"  # groups respond differently if their responses are unequal, or opposite
human_values: str = "current"  # human values: The Culture Factor's current tool, or the 2015 matrix

# %%
import numpy as np
import pandas as pd
from IPython.display import Markdown

from alignment.figures import paper_figures, style
from alignment.paper import grim, hofstede, published
from alignment.stats import gaps, label_uncertainty, positions, wordings
from alignment.study import page_notes
from alignment.study.workspace import open_study
from utils import scores
from utils.rules import Rules

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The scores
#
# A group's response to a statement is the median of its models' stances: 1 agrees, -1 disagrees, 0
# is split. Its score is the response times the statement's polarity.

# %%
scored, answered = here.read("07_scores"), here.read("07_answers.csv.gz")
groups = scores.group_scores(scored, here.models, split_group, answered)
groups.head(3)

# %%
page_notes.missing_stances(here)

# %% [markdown]
# The number of labels on which the groups respond differently, by dimension. `comparable` counts
# the labels on which every group has a response.

# %%
different = scores.differing(groups, differ)
counted = different.groupby("dimension")[["comparable", "differs"]].sum()
counted.reindex(here.dimensions, fill_value=0).T

# %% [markdown]
# ## The table
#
# A score of -2 becomes 0 and +2 becomes 100, so that 50 is the middle. The 95 % intervals say what
# other statements like these could give; they are made for few statements. The values of people
# are Hofstede's; the paper does not print them. They come from surveys and do not depend on this
# study. Dimensions that a study defines itself have none.

# %%
people = hofstede.read_human_values(human_values, here.study.countries)
people = people.query("dimension in @here.dimensions")
table = positions.figure1(groups, differ)
everyone = pd.concat([table.assign(kind="models"), people.assign(kind="people", selection="both")])
several = here.models["culture"].nunique() > 1
drawn = everyone[everyone["selection"] != ("all" if several else "differing")]
wide = drawn.pivot_table(index=["kind", "group"], columns="dimension", values="value", sort=False)
page_notes.stamped(here, wide.round(0).astype("Int64"), scope=paper_figures.MODELS_ONLY)

# %% [markdown]
# ## The figure
#
# On each dimension, see which group of models lies further right, and whether the people of the
# same country do, too.

# %%
counted = "statements that divide the groups" if several else "all statements of one group"
caption = f"Figure 1: groups of models and people, 0 to 100, on {counted}."
figure = paper_figures.groups_and_people(drawn, f"Models and people: {counted}")
style.save(here, figure, "figure1", caption)

# %% [markdown]
# *Figure 1. Left: groups of models, with the number of statements and 95 % intervals. Right: the
# people of their countries, from surveys. Only statements on which the groups differ are counted,
# which widens the gap. Were all of them answered in strictly opposite ways, the groups would lie at
# equal distances on either side of 50 by construction; where one group is split, they need not. A
# study of one culture has one group, which nothing divides: it is shown on all statements, and no
# direction can be compared.*
#
# The same comparison on all statements. Where the groups agree they have the same score, so they
# lie closer together.

# %%
whole = everyone[everyone["selection"] != "differing"]
caption = "Groups of models and people, 0 to 100, on all scored statements."
figure = paper_figures.groups_and_people(whole, "Models and people: all statements")
style.save(here, figure, "figure1_all", caption)

# %% [markdown]
# *The same comparison on every scored statement. With two groups, each gap has the same direction
# as in Figure 1, since statements on which the groups agree add nothing to their difference; the
# positions differ.*
#
# ## Is it more than chance?
#
# The paper's claim is about directions: on each dimension, the groups differ in the same direction
# as people. A direction is *decided* only if the interval of the gap leaves out 0 at a level that
# holds for all directions at once (95 % for one, 99.2 % for each of six); otherwise other
# statements could turn it round. Shown is the 95 % interval of each. The exact p flips the sides of
# statements; Holm corrects it for the number of directions. `low_labels` and `high_labels` are the
# interval if the judges' votes on the labels are drawn again as well. By chance, each direction
# would agree at most about half of the time; notebook 14 says how often all of them would. Where
# the study asks in other wordings, too, their directions stand beside it (notebook 17).

# %%
rng, rules = np.random.default_rng(8), Rules.from_parameters(here.parameters)
drawn = label_uncertainty.redraw_labels(here.read("04_votes"), here.read("05_votes"), rng, rules)
directions = gaps.decide_directions(groups, people, differ)
directions = gaps.with_labels(directions, groups, drawn, rng, differ)
ends = ["gap_models", "gap_people", "low", "high", "low_labels", "high_labels"]
directions.round(dict.fromkeys(ends, 1)).round(3)

# %%
agree, decided = directions["agrees"].eq("yes"), directions["decided"]
labels, stances = here.read("05_sociocultural_statements"), here.read("07_stances")
in_wordings = wordings.score_wordings(labels, stances, here.models)
rules = Rules(split_group=split_group, differ=differ)
also = wordings.describe_directions(in_wordings, here.models, people, rules)
counted = f"{agree.sum()} of {len(directions)} directions agree with people; their intervals "
counted += f"decide {decided.sum()} of them, of which {(agree & decided).sum()} agree."
Markdown(
    f"**{counted}** {also} {label_uncertainty.describe(directions)} {page_notes.caution(here)}"
)

# %% [markdown]
# ## What the paper prints
#
# The paper's Figure 1 prints no numbers, but the sign of each gap follows from the native entries
# of its Table 3: the median of two models is their mean, and statements on which the groups agree
# cancel. Sums are in statements, at the number of statements that the printed means allow (notebook
# 16).

# %%
table3 = published.read_table3()
ns = grim.n_by_row(table3, published.read_stated_n())
of_paper = hofstede.read_human_values("current", ["US", "China"])
signs = grim.figure1_signs(table3, published.MODELS, of_paper, ns)
signs[["dimension", "n", "sum", "other_sum", "gap", "people_sign", "agrees"]].round(2)

# %% [markdown]
# `first` is the US group, `second` the Chinese one. A tie has no direction; under another rule for
# "responded differently", or with another copy of the table, it could have one.
#
# ## Appendix B: the statements that divide the groups
#
# Each model's vote in its native language, and how many of its readable runs gave it. Strictly
# opposite groups come first. The texts are shown only if the study's debates were written for this
# project.

# %%
differing = scores.divided(groups, different, here.read("07_votes"), here.models)
page_notes.with_texts(here, differing.drop(columns="opposite")).head(8)

# %% [markdown]
# The reasons given for the first two of these statements: for each model, the first reply with that
# answer.

# %%
reasons = here.read("07_reasons").merge(here.models[["model", "language"]])
quoted = differing[["statement_id"]].head(2).merge(reasons)
quoted.drop(columns=["language", "respondents"])

# %%
tables = {"08_figure1": everyone, "08_directions": directions, "08_differing": differing}
files = [here.write(frame, name) for name, frame in tables.items()]
said = f"On the {len(differing)} statements that divide the groups, {counted} Notebook 14 asks "
said += "how often as many would agree by chance."
if directions.empty:
    said = "One group of models stands beside its people; there is no direction to compare."
page_notes.conclude(files, f"{said} {page_notes.caution(here)}")
