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
# This makes **Table 3**, with the paper's bootstrap test and beside it an exact one, corrected for asking once for each
# cell. In a study with a single language, the models are compared with each other instead.
#
# *reads* `07_scores.csv`, `07_accounting.csv`, `07_bounds.csv` · *writes* `10_table3.csv`, `table3`,
# `table3_printed` · *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
resample: str = "paired"  # both languages by the same statements, or each by its own (unpaired)
resamples: int = 10000  # bootstrap resamples of the statements

# %%
import numpy as np
import pandas as pd
from IPython.display import Markdown

from alignment.figures import paper_figures, style, tables
from alignment.paper import published
from alignment.stats import null_model, significance
from alignment.study.workspace import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## The scores
#
# Both languages answer the same statements, so the comparison is paired: only statements whose stance changed carry
# the difference.

# %%
scored = here.read("07_scores")
pairs = significance.pairs_of(here.study.models, here.study.languages)
scored.head(3)

# %% [markdown]
# A statement without a readable answer in one of the languages says nothing about the change, and is left out.

# %%
here.missing()

# %% [markdown]
# ## The table
#
# One resample of the statements serves all dimensions, since a statement may speak to several. `n` counts statements
# that the model answered in both languages, so that a mean can differ a little from the one of Figure 3 (notebook 09);
# `changed` counts those whose stance differs.

# %%
rng, n = np.random.default_rng(10), scored["statement_id"].nunique()
counts = significance.resample_counts(n, resamples, rng)
table = significance.compare(scored, pairs, counts, resample)
table[["dimension", "model", "a", "b", "mean_a", "mean_b", "n", "changed"]].head(3).round(2)

# %% [markdown]
# **Table 3.** The two means of each model, one above the other. Green cells have p < 0.05 under the bootstrap, as in
# the paper.

# %%
tables.table3(table)

# %% [markdown]
# ## The figure
#
# A long line is a model that answers otherwise in the other language; one on a green ground is a change that the
# bootstrap calls significant.

# %%
caption = "Table 3 as a picture: each model's mean score on each dimension in both languages."
style.save(here, paper_figures.language_changes(table), "table3", caption)

# %% [markdown]
# *Table 3 as a picture. Each line joins two means: of a model in both languages or, in a study with a single language,
# of two models. ◆ marks a difference that survives the exact test with Holm's correction.*
#
# ## Is it more than chance?
#
# With few changed statements a percentile bootstrap is anti-conservative: it calls too many differences significant. The exact
# sign-flip test never does; Holm and Benjamini-Hochberg allow for the many cells, both applied to the exact p. The change
# has its 95 % interval in brackets, but where no statement changed, since a bootstrap cannot draw what it has not seen;
# a star stands for p < 0.05.

# %%
tables.tests(table)

# %%
kinds = {"bootstrap": "p_bootstrap", "exact test": "p_exact", "Holm": "p_holm"}
found = [f"**{(table[p] < significance.ALPHA).sum()}** ({kind})" for kind, p in kinds.items()]
Markdown(f"Of {len(table)} cells, so many have p < 0.05: {', '.join(found)}. {here.caution}")

# %% [markdown]
# How far can the two tests be trusted? Here they meet nothing but chance: random studies of as many statements as three
# of the paper's dimensions have, in which a quarter of the scores change with the language, up as likely as down. A
# test at 5 % should call no more than 5 % of them significant, and the interval should hold 0 in 95 %. Nothing of this
# study is in it.

# %%
rates = pd.DataFrame([null_model.rejections(n, np.random.default_rng(n)) for n in null_model.SIZES])
rates.set_index("n").map("{:.1%}".format)

# %% [markdown]
# With few statements the bootstrap is somewhat anti-conservative at 5 %, and more so at 1 %, where corrections for many cells
# look; the exact test stays below its level everywhere, at the price of missing more.
#
# What could these numbers of statements have shown at all? `smallest difference`: the one that the exact test would
# find four times in five, if changed statements move as far as they do here (empty where none changed). `smallest exact
# p`: the best that so many changed statements can reach, all in one direction; fewer than six never reach 0.05.

# %%
tables.reach(table)

# %% [markdown]
# ## What the paper prints
#
# The green marks of the paper's own table are lost in the copy that was read; its text names four cells. Here are
# their printed means, and then the whole printed table as a picture, without marks.

# %%
printed = published.table3_pairs().set_index(["dimension", "model"])
named = printed.loc[published.NAMED, ["mean_a", "mean_b"]].set_axis(["English", "Chinese"], axis=1)
named.assign(change=(named["Chinese"] - named["English"]).round(2))

# %%
caption = "The paper's Table 3 as a picture: both printed means of each model on each dimension."
title = "Each model in two languages, as the paper prints it"
figure = paper_figures.language_changes(printed.reset_index(), title)
style.save(here, figure, "table3_printed", caption, "printed")

# %% [markdown]
# *The paper's Table 3, from print. What its changes allow, at which numbers of statements, is notebook 13's question.*

# %%
file = here.write(table, "10_table3")
moved = (table["changed"] > 0).sum()
Markdown(f"Written: `{file}`. In {moved} of {len(table)} cells some stance changes. {here.caution}")
