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
# # 15 · What is a score made of, and how reliable is a position?
#
# A score differs from another because the model, the language, the statement or only the run is
# another one. How much does each of them make? From that follows how reliable a model's position
# is, and how many statements would make it so. Finally, positions as a mixed model sees them.
#
# *reads* `05_sociocultural_statements.csv`, `07_answers.csv.gz`, `07_scores.csv` · *writes*
# `15_components.csv`, `15_reliability.csv`, `15_pooling.csv`, `composition`, `pooling` · *takes* no
# rule of its own

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/

# %%
import numpy as np

from alignment.figures import reliability as figures
from alignment.figures import style
from alignment.stats import pooling, reliability
from alignment.study import page_notes
from alignment.study.workspace import open_study

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## Scores of single runs
#
# Until here, runs were counted as votes. Here the score of each answered run is used, on the
# statements that all models answered in all languages.

# %%
labels = here.read("05_sociocultural_statements")
runs = here.in_order(reliability.run_scores(labels, here.read("07_answers.csv.gz")))
runs.head(3)

# %% [markdown]
# ## What one score is made of
#
# The variance of a score, split by the analysis of variance into what changes with the model, with
# the language, with the statement, with each combination of these, and from run to run
# (generalizability theory). A position can only show the coloured parts; the grey ones average out
# over statements, and the white one over runs as well.

# %%
components = reliability.decompose(runs, here.dimensions)
shares = components.pivot(index="dimension", columns="component", values="share")
shares.reindex(components["dimension"].unique()).map("{:.0%}".format).rename_axis(columns=None)

# %%
caption = "What one score is made of: shares of its variance, by dimension."
style.save(here, figures.score_composition(components), "composition", caption)

# %% [markdown]
# *What one score is made of. Components below zero, which chance produces, are drawn as zero.*
#
# ## How reliable is a position?
#
# Would other statements of the same kind put the models (each in each language) in the same order
# (`relative`), and at the same places (`absolute`)? Both coefficients lie between 0 and 1; 0.8 is
# the usual bound, and `low` and `high` are the ends of 95 % intervals, which hold for other models
# of the same kind, too. `split_half` asks the same of two random halves of the statements. `needed`
# is how many statements would give an absolute coefficient of 0.8 with as many runs, and with one
# run only. It is empty where models do not differ: there is nothing to measure reliably.

# %%
judged = reliability.judge_positions(runs, here.dimensions, np.random.default_rng(15))
judged.set_index("dimension").astype(float).round(2)

# %% [markdown]
# ## Few statements, and all models together
#
# A mean of few statements is far from zero by chance more often than one of many. A logistic model
# with random effects of statements and of models draws it towards the mean of all models, and the
# more so the fewer its statements are.

# %%
pooled = here.in_order(
    pooling.pool_positions(here.read("07_scores"), here.dimensions, np.random.default_rng(16))
)
pooled.head(3).round(2)

# %%
caption = "Each model's mean score in each language, and the same partially pooled."
style.save(here, figures.partial_pooling(pooled), "pooling", caption)

# %% [markdown]
# *A filled point far from its hollow one rests on few statements. Its interval is for these
# statements, whose effects it does not know exactly; other statements would widen it, so it is not
# the interval of notebook 09.*

# %%
tables = {"15_components": components, "15_reliability": judged, "15_pooling": pooled}
files = [here.write(frame, name) for name, frame in tables.items()]
said = f"{reliability.describe(components, judged)} The positions are those of notebook 09."
page_notes.conclude(files, f"{said} {page_notes.caution(here)}")
