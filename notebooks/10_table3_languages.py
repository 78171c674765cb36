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
# # 10 · Does a model's position depend on the language?
#
# Each model's mean score on each dimension in both languages, their difference, and whether it is
# more than chance. This gives **Table 3**, with the paper's bootstrap test and, beside it, an exact
# test corrected for multiple comparisons. In a study with a single language, the models are
# compared with each other instead.
#
# *reads* `07_scores.csv`, `07_accounting.csv`, `07_bounds.csv`, `data/reference` · *writes*
# `10_table3.csv`, `table3`, `table3_printed` · *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
resample: str = "paired"  # resample the same statements in both languages, or each separately
resamples: int = 10000  # bootstrap resamples of the statements

# %%
import numpy as np
import pandas as pd
from IPython.display import Markdown

from alignment.figures import paper_figures, style, tables
from alignment.paper import published
from alignment.stats import language_changes, null_model, significance
from alignment.study import page_notes
from alignment.study.workspace import open_study

here = open_study(study)
page_notes.banner(here)

# %% [markdown]
# ## The scores
#
# The same statements are answered in both languages, so the comparison is paired: only statements
# whose stance changed contribute to the difference.

# %%
scored = here.read("07_scores")
pairs = language_changes.pair_answers(here.study.models, here.study.languages)
scored.head(3)

# %% [markdown]
# A statement without a readable answer in one of the languages says nothing about the change, and
# is left out.

# %%
page_notes.missing_stances(here)

# %% [markdown]
# ## The table
#
# One resample of the statements serves all dimensions, since a statement may be relevant to
# several. `n` counts the statements that the model answered in both languages, so the means can
# differ slightly from those of Figure 3 (notebook 09); `changed` counts those whose stance differs.

# %%
rng, n = np.random.default_rng(10), scored["statement_id"].nunique()
counts = significance.resample_counts(n, resamples, rng)
table = language_changes.compare_languages(scored, pairs, counts, resample)
table[["dimension", "model", "a", "b", "mean_a", "mean_b", "n", "changed"]].head(3).round(2)

# %% [markdown]
# **Table 3.** The two means of each model, one above the other. Green entries have p < 0.05 under
# the bootstrap, as in the paper, provided that at least six statements changed: a bootstrap calls a
# single changed statement significant, and five that all change in one direction still have an
# exact p of 0.0625.

# %%
tables.show_table3(table)

# %% [markdown]
# ## The figure
#
# A long line is a model whose position differs between the languages; a green background marks a
# difference that is significant under the bootstrap.

# %%
caption = "Table 3 as a figure: each model's mean score on each dimension in both languages."
style.save(here, paper_figures.language_changes(table), "table3", caption)

# %% [markdown]
# *Table 3 as a figure. Each line joins two means: those of a model in both languages or, in a study
# with a single language, those of two models. ◆ marks a difference that survives the exact test
# with Holm's correction.*
#
# ## Is it more than chance?
#
# With few changed statements a percentile bootstrap is anti-conservative: it calls too many
# differences significant. The exact sign-flip test keeps its level; Holm and Benjamini-Hochberg
# correct its p-values for the number of comparisons. The 95 % interval of the change is in
# brackets; it is omitted where no statement changed, since a bootstrap cannot resample what was not
# observed. A star marks p < 0.05.

# %%
tables.show_tests(table)

# %%
kinds = {"bootstrap": "p_bootstrap", "exact test": "p_exact", "Holm": "p_holm"}
found = [f"**{(table[p] < significance.ALPHA).sum()}** ({kind})" for kind, p in kinds.items()]
Markdown(f"Entries with p < 0.05, of {len(table)}: {', '.join(found)}. {page_notes.caution(here)}")

# %% [markdown]
# How far can the two tests be trusted? Here both are applied to random data, in which a quarter of
# the scores change with the language, up as often as down, for as many statements as three of the
# paper's dimensions have. A test at 5 % should call no more than 5 % of these differences
# significant, and the interval should contain 0 in 95 %. No data of this study are used.

# %%
rates = pd.DataFrame(
    [null_model.false_positive_rates(n, np.random.default_rng(n)) for n in null_model.SIZES]
)
rates.set_index("n").map("{:.1%}".format)

# %% [markdown]
# With few statements the bootstrap is somewhat anti-conservative at 5 %, and more so at 1 %, the
# range that matters for corrections; the exact test stays below its level throughout, at the price
# of lower power.
#
# What could these numbers of statements have shown? `smallest difference` is the one that the exact
# test would detect four times in five, if changed statements move as far as they do here (empty
# where none changed). `smallest exact p` is the smallest p-value that this many changed statements
# can reach, if all change in the same direction; with fewer than six it never reaches 0.05.

# %%
tables.show_power(table)

# %% [markdown]
# ## What the paper prints
#
# The green marks of the paper's table are lost in the copy that was read, but its text names four
# entries. Their printed means follow, then the whole printed table as a figure, without marks.

# %%
printed = published.read_table3_pairs().set_index(["dimension", "model"])
named = printed.loc[published.SIGNIFICANT, ["mean_a", "mean_b"]].set_axis(
    ["English", "Chinese"], axis=1
)
named.assign(change=(named["Chinese"] - named["English"]).round(2))

# %%
caption = "The paper's Table 3 as a figure: both printed means of each model on each dimension."
title = "Each model in two languages, as printed in the paper"
figure = paper_figures.language_changes(printed.reset_index(), title)
style.save(here, figure, "table3_printed", caption, "printed")

# %% [markdown]
# *The paper's Table 3, as printed. Notebook 13 asks which changes it allows, at which numbers of
# statements.*

# %%
file = here.write(table, "10_table3")
moved = (table["changed"] > 0).sum()
Markdown(
    f"Written: `{file}`. At least one stance changes in {moved} of {len(table)} entries. "
    f"{page_notes.caution(here)}"
)
