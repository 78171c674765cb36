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
# # 10 · Does the language change what a model holds?
#
# Each model's mean score on each dimension in both languages, their difference, and whether it is more than chance.
# This makes **Table 3**, with the paper's bootstrap test and beside it an exact one, corrected for asking 24 times. In
# a study with a single language, the models are compared with each other instead.
#
# *reads* `07_scores.csv` · *writes* `10_table3.csv`, `table3` · *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
resample: str = "paired"  # whether both languages are resampled by the same statements, or each by its own
resamples: int = 10000  # bootstrap resamples of the statements

# %%
import numpy as np
from IPython.display import Markdown

from utils import figures, published, significance, styled
from utils.execution import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## The comparison
#
# Both languages answer the same statements, so the comparison is paired: only statements whose stance changed carry
# the difference.

# %%
scored = here.read("07_scores")
pairs = significance.pairs_of(here.study.models, here.study.languages)
pairs[:3]

# %% [markdown]
# One resample of the statements serves all dimensions, since a statement may speak to several.

# %%
counts = significance.resample_counts(scored["statement_id"].nunique(), resamples, np.random.default_rng(10))
table = significance.compare(scored, pairs, counts, resample)
table[["dimension", "model", "a", "b", "mean_a", "mean_b", "n", "changed"]].head(3)

# %% [markdown]
# ## Table 3
#
# The two means of each model, side by side. Green cells have p < 0.05 under the bootstrap, as in the paper.

# %%
styled.table3(table)

# %%
here.save(figures.language_changes(table), "table3", "Each model's mean score on each dimension in both languages.")

# %% [markdown]
# *Table 3 as a picture. Each line joins a model's means in the two languages; marks say which changes the paper's
# bootstrap calls significant, and which survive the exact test with Holm's correction.*

# %% [markdown]
# ## Is it more than chance?
#
# At these numbers of statements a percentile bootstrap is too ready to call a difference significant. The exact
# sign-flip test is not; Holm and Benjamini-Hochberg allow for the many cells. `smallest_p` is the best that so few
# changed statements could reach.

# %%
tests = ["difference", "low", "high", "p_bootstrap", "p_exact", "p_holm", "p_bh", "smallest_p", "smallest_difference"]
table[["dimension", "model", "n", "changed", *tests]].round(3)

# %%
found = {name: int((table[p] < significance.ALPHA).sum()) for name, p in (("bootstrap", "p_bootstrap"), ("exact", "p_exact"), ("Holm", "p_holm"))}
Markdown(
    f"Of {len(table)} cells, **{found['bootstrap']}** have p < 0.05 under the bootstrap, **{found['exact']}** under the exact "
    f"test, and **{found['Holm']}** survive Holm's correction. {here.caution}"
)

# %% [markdown]
# ## What the paper names
#
# The green marks of the paper's own table are lost in the copy that was read; its text names four cells. Their printed
# means:

# %%
named = published.table3_long().pivot(index=["dimension", "model"], columns="language", values="mean").loc[published.NAMED]
named.assign(difference=(named["zh"] - named["en"]).round(2))

# %%
files = [here.write(table, "10_table3")]
Markdown("Written: " + ", ".join(f"`{f}`" for f in files) + ". Notebook 13 asks what the printed table allows.")
