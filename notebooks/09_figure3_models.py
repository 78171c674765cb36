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
# # 09 · Where does each model stand?
#
# The mean score of each model on each dimension, in its native language and on all scored
# statements. This gives **Figure 3**, once from this study and once from the numbers that the paper
# prints in Table 3.
#
# *reads* `04_votes.csv`, `05_votes.csv`, `05_sociocultural_statements.csv`, `07_scores.csv`,
# `07_stances.csv`, `07_accounting.csv`, `07_bounds.csv`, `data/reference` · *writes*
# `09_figure3.csv`, `09_figure3_printed.csv`, `figure3`, `figure3_printed` · *takes* every rule of
# the study

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/

# %%
import numpy as np
from IPython.display import Markdown

from alignment.figures import paper_figures, style
from alignment.paper import published
from alignment.stats import label_uncertainty, positions, wordings
from alignment.stats.intervals import SCORES
from alignment.study import page_notes
from alignment.study.workspace import open_study
from utils.rules import Rules

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The scores
#
# One row for each label, model and language; only each model's native language is used here.

# %%
scored = here.read("07_scores").merge(here.models[["model", "language"]], on=["model", "language"])
scored.head(3)

# %% [markdown]
# A statement without a readable answer has no score and does not enter the mean.

# %%
page_notes.missing_stances(here)

# %% [markdown]
# ## The table
#
# The mean score, its 95 % interval over statements (notebook 10 says how often it holds), and the
# number of scores behind it: all statements that the model answered in its native language. Table 3
# (notebook 10) uses only statements answered in both languages, so its means can differ slightly. A
# model without readable answers has no position. `low_labels` and `high_labels` are the interval if
# the judges' votes on the labels are drawn again as well (in `09_figure3.csv`). *always agreeing*
# is the position of somebody who agrees with every statement, which is not 0 where the labels of a
# dimension mostly point one way.

# %%
rng, rules = np.random.default_rng(9), Rules.from_parameters(here.parameters)
drawn = label_uncertainty.redraw_labels(here.read("04_votes"), here.read("05_votes"), rng, rules)
stances = scored.drop_duplicates(["statement_id", "model"])
stances = stances.pivot(index="statement_id", columns="model", values="vote")
wider = label_uncertainty.intervals_with_labels(drawn, stances, SCORES, rng)
table = positions.model_positions(scored).merge(wider, how="left", on=["dimension", "model"])
labels = here.read("05_sociocultural_statements")
table = table.merge(wordings.always_agreeing(labels).reset_index(), how="left", on="dimension")
by = ["dimension", "always_agreeing"]
wide = table.pivot_table(index=by, columns="model", values="mean", sort=False)
page_notes.stamped(here, wide.round(2).reset_index())

# %% [markdown]
# ## The figure
#
# Look for models of the same colour on different sides of zero: a group's mean hides them.

# %%
caption = "Figure 3: each model's mean score in its native language, with 95 % intervals."
style.save(here, paper_figures.models_by_dimension(table), "figure3", caption)

# %% [markdown]
# *Figure 3, from this study. Each colour is a culture. Scores can range from -2 to 2; the axis
# shows -1 to 1, as in the paper, unless a value or an interval lies outside.*
#
# ## Is it more than chance?
#
# If an interval excludes 0, the side on which the model stands is unlikely to be an accident of the
# choice of statements. The interval does not cover other days, nor other wordings: where the study
# asks in some, they stand beside it (notebook 17).

# %%
in_wordings = wordings.score_wordings(labels, here.read("07_stances"), here.models)
placed = wordings.place_models(in_wordings).merge(here.models[["model", "language"]])
said = f"{positions.sentence(table)} {label_uncertainty.describe(table)} "
said += wordings.describe_positions(placed)
Markdown(f"{said} {page_notes.caution(here)}")

# %% [markdown]
# ## What the paper prints
#
# The paper's Table 3 prints every model's mean in both languages; its Figure 3 shows the native
# ones. No intervals are printed, so none are drawn. The paper prints the labels of six statements
# only (Table 4), so what always agreeing would give cannot be set beside it.

# %%
printed = published.read_table3().query("native").assign(low=np.nan, high=np.nan, n=np.nan)
printed.pivot_table(index="dimension", columns="model", values="mean", sort=False)

# %%
caption = "The paper's Figure 3, redrawn from the native cells of its printed Table 3."
figure = paper_figures.models_by_dimension(
    printed, "Each model's mean score, as printed in the paper"
)
style.save(here, figure, "figure3_printed", caption, "printed")

# %% [markdown]
# *The paper's Figure 3, redrawn from its printed Table 3: these are the paper's findings, not
# results of this study.*

# %%
tables = {"09_figure3": table, "09_figure3_printed": printed.assign(respondents="printed")}
files = [here.write(frame, name) for name, frame in tables.items()]
said = f"{positions.sentence(table)} Notebook 17 asks whether the wording makes them."
page_notes.conclude(files, f"{said} {page_notes.caution(here)}")
