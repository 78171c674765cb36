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
# # What changed?
#
# An execution with changed parameters is compared with the study's default one: first a summary,
# then the labels that flipped, the numbers that moved, the claims that hold more or less often, and
# every figure before and after. The runner makes this page after every `./run_all.sh -p
# name=value`.
#
# *reads* the tables of both executions · *writes* nothing · *takes* the study only

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/

# %%
from IPython.display import Markdown

from alignment.runner import changes
from alignment.study import page_notes
from alignment.study.workspace import open_study

here = open_study(study)
page_notes.banner(here)

# %%
changed = ", ".join(f"`{change}`" for change in here.changes)
Markdown(
    f"`{here.study.name}` with **{changed or 'changes made by hand'}**, compared with "
    f"`{here.study.name}` as it is."
)

# %%
changes.summary(here)

# %% [markdown]
# ## Claims
#
# How much of each claim of notebook 14 holds under the rules of either execution.

# %%
changes.claims(here)

# %% [markdown]
# Verdicts of the ledger (notebook 13) that have changed. In a simulated study none can change.

# %%
changes.verdicts(here)

# %% [markdown]
# ## The pipeline
#
# The number of debates, statements and labels, before and after.

# %%
changes.counts(here)

# %% [markdown]
# ## Labels
#
# Labels that were gained, lost or changed in value; an empty field means no label.

# %%
flipped = changes.labels(here)
Markdown(f"**{len(flipped)} labels** have changed.")

# %%
flipped.head(20)

# %% [markdown]
# ## Positions
#
# Mean scores of the models in their native language (Figure 3) that moved, the largest changes
# first.

# %%
changes.moved(here, "09_figure3", changes.MODEL, "mean").head(12).round(3)

# %% [markdown]
# The positions of groups and people that moved (Figure 1), 0 to 100, on either selection of
# statements (`selection`).

# %%
changes.moved(here, "08_figure1", ["dimension", "group", "kind", "selection"], "value").head(12)

# %% [markdown]
# ## Differences between languages
#
# Exact p-values of Table 3 that changed.

# %%
changes.moved(here, "10_table3", changes.PAIRS, "p_exact").head(12).round(3)

# %% [markdown]
# ## Directions
#
# Directions of Figure 1 that agree with people in one execution but not in the other.

# %%
changes.turned(here)

# %% [markdown]
# ## Figures
#
# Figures of the paper's results come first; identical figures are named at the end.

# %%
changes.side_by_side(here)

# %%
Markdown(
    f"**{len(flipped)} labels and {len(changes.figures(here))} figures changed.** "
    f"{page_notes.caution(here)}"
)
