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
# # 08 · Do groups of models differ as their peoples do?
#
# The models of each country are put together, in their native language, and compared with the people of that
# country on Hofstede's scale of 0 to 100. As in the paper only the statements count on which the groups respond
# differently; beside it stands the same on all statements, since that choice matters. This makes **Figure 1** and
# **Appendix B**.
#
# *reads* `05_sociocultural_statements.csv`, `07_answers.csv.gz`, `07_scores.csv` · *writes* `08_figure1.csv`,
# `08_directions.csv`, `08_differing.csv`, `figure1`, `figure1_all` · *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
split_group: str = "median"  # the response of a group whose models disagree: the median of its models, or of all their runs
differ: str = "not_equal"  # when groups respond differently: not equally, or in strict opposition
human_values: str = "current"  # whose values of people: The Culture Factor's current tool, or the 2015 matrix
resamples: int = 10000  # bootstrap resamples of the statements

# %%
import numpy as np
import pandas as pd
from IPython.display import Markdown

from utils import figures, scores
from utils.execution import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## The groups' responses
#
# A group's response to a statement is the median of its models' stances: 1 agrees, -1 disagrees, 0 is split. Its score
# on a dimension is the response times the statement's polarity.

# %%
scored, answered = here.read("07_scores"), here.read("07_answers.csv.gz")
groups = scores.group_scores(scored, here.models, split_group, answered)
groups.head(3)

# %% [markdown]
# On how many labels the groups respond differently, by dimension. `comparable` counts those on which every group has
# a response at all.

# %%
different = scores.differing(groups, differ)
different.groupby("dimension")[["comparable", "differs"]].sum().reindex(here.dimensions, fill_value=0)

# %% [markdown]
# ## The people
#
# Hofstede's values, which the paper does not print. They come from surveys of people, and nothing in this study
# changes them. Dimensions that are the study's own have none.

# %%
countries = {name: culture.people for name, culture in here.study.cultures.items()}
people = scores.human_values(human_values, countries)
people = people[people["dimension"].isin(here.dimensions)]
people.pivot_table(index="group", columns="dimension", values="value")

# %% [markdown]
# ## Figure 1
#
# A score of -2 becomes 0 and +2 becomes 100, so that 50 is the middle. Intervals are bootstrapped over statements.

# %%
table = scores.figure1(groups, np.random.default_rng(8), differ, resamples)
models = table.assign(kind="models")
everyone = pd.concat([models, people.assign(kind="people", selection="both")], ignore_index=True)
everyone.query("selection != 'all'").pivot_table(index=["group", "kind"], columns="dimension", values="value").round(0)

# %%
caption = "Groups of models and the people of their countries on Hofstede's scale, on the statements that divide the groups."
figure = figures.groups_and_people(everyone[everyone["selection"].isin(["differing", "both"])], "Statements on which the groups differ")
here.save(figure, "figure1", caption)

# %% [markdown]
# *Figure 1. Filled: groups of models, with the number of labels and 95 % intervals; hollow: people. On statements that
# divide two groups, two opposite groups lie at equal distances on either side of 50 by construction, so only the
# direction of the gap carries information here, and not its size.*

# %% [markdown]
# ## The same on all statements
#
# Where the groups agree they stand at the same place, so on all statements they move together, and closer to each
# other.

# %%
figure = figures.groups_and_people(everyone[everyone["selection"].isin(["all", "both"])], "All statements")
here.save(figure, "figure1_all", "Groups of models and people on Hofstede's scale, on all scored statements.")

# %% [markdown]
# *The same comparison on every scored statement. The direction of each gap is as in Figure 1, since statements on which
# the groups agree add nothing to their difference; the positions are not.*

# %% [markdown]
# ## The directions
#
# The paper's claim is about directions: on each dimension, the groups differ as their peoples do.

# %%
directions = scores.directions(table.query("selection == 'differing'"), people)
directions.round(1)

# %%
agree, decided = (directions["agrees"] == "yes").sum(), directions["agrees"].isin(["yes", "no"]).sum()
Markdown(f"**{agree} of {len(directions)} directions agree with people** ({decided} are decided at all). {here.caution}")

# %% [markdown]
# ## Appendix B: the statements that divide the groups
#
# Each with what the groups respond. Texts are shown only where the study's debates were written for this project.

# %%
divided = groups.merge(different.query("differs")[["statement_id", "dimension"]], on=["statement_id", "dimension"])
wide = divided.pivot_table(index=["statement_id", "dimension", "polarity"], columns="group", values="response").reset_index()
here.with_texts(wide).head(6)

# %%
files = [here.write(everyone, "08_figure1"), here.write(directions, "08_directions"), here.write(wide, "08_differing")]
Markdown("Written: " + ", ".join(f"`{f}`" for f in files) + ". Notebook 14 asks how often chance alone would do as well.")
