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
# more than chance, less than a margin, or undecided. This gives **Table 3**, with the paper's
# bootstrap test and, beside it, exact tests corrected for multiple comparisons. In a study with a
# single language, the models are compared with each other instead.
#
# *reads* `04_votes.csv`, `05_votes.csv`, `05_sociocultural_statements.csv`, `07_scores.csv`,
# `07_answers.csv.gz`, `07_votes.csv`, `07_stances.csv`, `07_accounting.csv`, `07_bounds.csv`,
# `data/reference` · *writes* `10_table3.csv`, `10_equivalence.csv`, `10_noise_floor.csv`,
# `10_coverage.csv`, `table3`, `table3_printed` · *takes* the rules below, and every rule of the
# study

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
resample: str = "paired"  # resample the same statements in both languages, or each separately
resamples: int = 10000  # bootstrap resamples of the statements
margin: float = 0.5  # a smaller change of a mean score (-2 to 2) counts as none

# %%
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from alignment.figures import paper_figures, style, tables
from alignment.paper import published
from alignment.stats import (
    equivalence,
    label_uncertainty,
    language_changes,
    noise_floor,
    null_model,
    significance,
    wordings,
)
from alignment.stats.intervals import DIFFERENCES
from alignment.study import page_notes, stamps
from alignment.study.workspace import open_study
from utils.rules import Rules

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The scores
#
# The same statements are answered in both languages, so the comparison is paired: only statements
# whose stance changed contribute to the difference. One without a readable answer in one of the
# languages says nothing about the change, and is left out.

# %%
scored, rng = here.read("07_scores"), np.random.default_rng(10)
labels = here.read("05_sociocultural_statements")
in_wordings = wordings.score_wordings(labels, here.read("07_stances"), here.models)
pairs = language_changes.pair_answers(here.study.models, here.study.languages)
page_notes.missing_stances(here)

# %% [markdown]
# ## The table
#
# One resample of the statements serves all dimensions, since a statement may be relevant to
# several. `n` counts the statements that the model answered in both languages, so the means can
# differ slightly from those of Figure 3 (notebook 09); `changed` counts those whose stance differs.

# %%
counts = significance.resample_counts(scored["statement_id"].nunique(), resamples, rng)
table = language_changes.compare_languages(scored, pairs, counts, resample)
shown = ["dimension", "model", "base", "other", "mean_base", "mean_other", "n", "changed"]
table[shown].head(3).round(2)

# %% [markdown]
# **Table 3.** The two means of each model, one above the other. Green entries have p < 0.05 under
# the bootstrap, as in the paper, provided that at least six statements changed: a bootstrap calls a
# single changed statement significant, and five that all change in one direction still have an
# exact p of 0.0625.

# %%
tables.show_table3(table, stamps.words_of(here.respondents))

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
# differences significant. The exact sign-flip test keeps its level. Holm and Benjamini-Hochberg
# correct its p-values for the number of comparisons; the joint test flips whole statements in all
# entries together, and so does not charge twice for entries that move together. A star marks
# p < 0.05. The 95 % interval of the change is in brackets. It treats what was not seen as possible:
# one more statement could lie at either end of the scale, so that it has a width even where nothing
# changed. `10_table3.csv` also has it with the judges' votes on the labels drawn again
# (`low_labels`, `high_labels`).

# %%
differences = language_changes.paired_differences(scored, pairs)
rules, votes = Rules.from_parameters(here.parameters), here.read("07_votes")
drawn = label_uncertainty.redraw_labels(here.read("04_votes"), here.read("05_votes"), rng, rules)
changes = language_changes.changes_of_stances(votes, pairs)
wider = label_uncertainty.intervals_with_labels(drawn, changes, DIFFERENCES, rng)
table = table.merge(wider, how="left", on=["dimension", "model", "base", "other"])
judged = equivalence.judge_changes(table, differences, margin, resamples, rng)
page_notes.stamped(here, tables.show_tests(table.assign(p_joint=judged["p_joint"])))

# %% [markdown]
# A missing star does not mean that nothing changed: with so few statements most changes would be
# missed. Each entry is therefore *different* (joint p < 0.05), *equivalent* (two one-sided tests
# show that the change is smaller than the margin) or *undecided*. Only *equivalent* says that a
# model is resilient to the language. `statements needed` is how many would decide an undecided
# entry, and how, if they changed as often and as far as those here; `smallest difference` is what a
# star after Holm's correction would mark four times in five. Where the study asks in other
# wordings, too, their changes stand beside these (notebook 17).

# %%
display(page_notes.stamped(here, tables.show_verdicts(judged)))
counts = equivalence.count_verdicts(judged, differences)
kinds = {"bootstrap": table["p_bootstrap"], "exact test": table["p_exact"]}
kinds |= {"Holm": judged["p_holm"], "joint test": judged["p_joint"]}
found = [f"**{(p < significance.ALPHA).sum()}** ({kind})" for kind, p in kinds.items()]
verdicts = [f"{number} at {at:g}" for at, number in counts["equivalent"].items()]
also = wordings.describe_changes(wordings.compare_languages(in_wordings, pairs))
Markdown(
    f"Entries with p < 0.05, of {len(table)}: {', '.join(found)}. "
    f"Equivalent, by margin: {', '.join(verdicts)}. {label_uncertainty.describe(table)} "
    f"{also} {page_notes.caution(here)}"
)

# %% [markdown]
# ## Is it more than from run to run?
#
# A stance also changes when the same question is asked again. For each model: how often two answers
# to a statement differ, from two runs in one language (`within_1`, `within_2`) and from one run in
# each (`between`). `excess` is what the language adds, with its 95 % interval over statements.

# %%
answers = here.read("07_answers.csv.gz")
floor = noise_floor.compare_runs(answers, here.study.models)
display(page_notes.stamped(here, tables.show_noise_floor(floor)))
Markdown(
    noise_floor.describe_copies(answers) or "No model's answers in two languages are all alike."
)

# %% [markdown]
# ## How often do these intervals hold?
#
# The intervals of a mean and of a change, tried at this study's own n and its own scores: if
# statements gave scores with the shares that were found here, how often would the interval of as
# many contain their mean? The lowest and the mean of a dimension's entries, each from 1,000 draws.
# Where hardly a stance changes, an interval can only hold too often.
# `data/reference/interval_coverage.csv` has 11 kinds of scores at several means and n, beside the
# percentile, BCa and t intervals: of its 95 rows ten lie below 95 %, the lowest at 91.2 %.

# %%
covered = language_changes.coverage_by_dimension(scored, pairs, 1000, rng)
shares = list(covered)[2:]
covered.assign(**covered[shares].map("{:.1%}".format))

# %% [markdown]
# How far can the bootstrap be trusted? Here it and the exact test are applied to random data, in
# which a quarter of the scores change with the language, up as often as down, for as many
# statements as three of the paper's dimensions have. A test at 5 % should call no more than 5 % of
# these differences significant, and the bootstrap's interval should contain 0 in 95 %. No data of
# this study are used.

# %%
rates = pd.DataFrame(
    [null_model.false_positive_rates(n, np.random.default_rng(n)) for n in null_model.SIZES]
)
rates.set_index("n").map("{:.1%}".format)

# %% [markdown]
# With few statements the bootstrap by itself is somewhat anti-conservative at 5 %, and more so at 1
# %, the range that matters for corrections. The rule that at least six statements have to change
# (`of six changed`), which the green entries keep, makes up for that at small n. The exact test
# stays below its level throughout, at the price of lower power.
#
# ## What the paper prints
#
# The green marks of the paper's table are lost in the copy that was read, but its text names four
# entries. Their printed means follow, then the whole printed table as a figure, with these marked.

# %%
printed = published.read_table3_pairs().set_index(["dimension", "model"])
named = printed.loc[published.SIGNIFICANT, ["mean_base", "mean_other"]].set_axis(
    ["English", "Chinese"], axis=1
)
display(named.assign(change=(named["Chinese"] - named["English"]).round(2)))
caption = "The paper's Table 3 as a figure: both printed means of each model on each dimension."
title = "Each model in two languages, as printed in the paper"
figure = paper_figures.language_changes(printed.reset_index(), title)
style.save(here, figure, "table3_printed", caption, "printed")

# %% [markdown]
# *The paper's Table 3, as printed. Notebook 16 asks which changes it allows, at which numbers of
# statements.*

# %%
written = {"10_table3": table, "10_equivalence": judged.assign(margin=margin)}
written |= {"10_noise_floor": floor, "10_coverage": covered}
files = [here.write(frame, name) for name, frame in written.items()]
moved, verdict = (table["changed"] > 0).sum(), judged["verdict"].value_counts()
said = ", ".join(f"{verdict.get(word, 0)} {word}" for word in equivalence.VERDICTS)
changes = f"At least one stance changes with the language in {moved} of {len(table)} entries."
said = f"{changes} By the tests, with a margin of {margin:g}: {said}. Notebook 17 asks how many "
said += "are the question's."
page_notes.conclude(files, f"{said} {page_notes.caution(here)}")
