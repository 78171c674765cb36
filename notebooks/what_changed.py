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
# An execution with changed parameters beside the study's default one: what moved, on one screen; then labels that
# flipped, numbers that moved, claims that fell or rose, and every figure before and after. The runner makes this page
# after every `./run_all.sh -p name=value`.
#
# *reads* the tables of both executions · *writes* nothing · *takes* the study alone

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name

# %%
from IPython.display import Markdown

from alignment.runner import changes
from alignment.study.workspace import open_study

here = open_study(study)
here.banner()

# %%
changed = ", ".join(f"`{change}`" for change in here.changes)
Markdown(
    f"`{here.study.name}` with **{changed or 'what was changed by hand'}**, against `{here.study.name}` as it is."
)

# %%
changes.summary(here)

# %% [markdown]
# ## Claims
#
# How much of each claim of notebook 14 holds under the rules of each of the two: which fell, which rose.

# %%
changes.claims(here)

# %% [markdown]
# Verdicts of the ledger (notebook 13) that are not what they were. In a simulated study none can change.

# %%
changes.verdicts(here)

# %% [markdown]
# ## The pipeline
#
# How many debates, statements and labels there are, before and after.

# %%
changes.counts(here)

# %% [markdown]
# ## Labels
#
# Labels that came, went or changed their value; an empty field is no label.

# %%
flipped = changes.labels(here)
Markdown(f"**{len(flipped)} labels** are not what they were.")

# %%
flipped.head(20)

# %% [markdown]
# ## Positions
#
# Mean scores of the models in their native language (Figure 3) that moved, the farthest first.

# %%
changes.moved(here, "09_figure3", changes.MODEL, "mean").head(12).round(3)

# %% [markdown]
# And places of groups and of people (Figure 1), 0 to 100, on the statements that count (`selection`).

# %%
changes.moved(here, "08_figure1", ["dimension", "group", "kind", "selection"], "value").head(12)

# %% [markdown]
# ## Differences between languages
#
# Exact p-values of Table 3 that moved.

# %%
changes.moved(here, "10_table3", changes.PAIRS, "p_exact").head(12).round(3)

# %% [markdown]
# ## Directions
#
# Directions of Figure 1 that agree with people in one of the two executions and not in the other.

# %%
changes.turned(here)

# %% [markdown]
# ## Figures
#
# Those of the paper's results first; a figure that is the same picture is named at the end.

# %%
changes.side_by_side(here)

# %%
Markdown(
    f"**{len(flipped)} labels and {len(changes.figures(here))} figures changed.** {here.caution}"
)
