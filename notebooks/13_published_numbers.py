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
# # 13 · Does it agree with what the paper prints?
#
# First the printed numbers alone: do the paper's tables and claims fit together, by arithmetic? Then the ledger: each
# printed number beside the one computed in this study, with a verdict. At the end, in a simulated study, what was
# found is held against what was planted.
#
# *reads* the tables of notebooks 01 to 10, `data/reference` · *writes* `13_ledger.csv`, `13_consistency.csv`,
# `13_changes.csv`, `13_claims.csv`, `13_recovery.csv`, `recovery` · *takes* the number of resamples

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
human_values: str = "current"  # values of people: The Culture Factor's tool, or the 2015 matrix
resamples: int = 10000  # bootstrap resamples of the statements

# %%
import numpy as np
from IPython.display import Markdown

from alignment.asking import recovery
from alignment.figures import diagnostics, style
from alignment.paper import grim, ledger, published
from alignment.study.workspace import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## What the printed numbers alone say
#
# Up to the ledger nothing of this study is used, simulated or not: the numbers are the paper's, read from one copy of
# it, and another rule than those tried here may have been used. First its claims, as far as print decides them.

# %%
claims = ledger.claims_from_print()
claims.loc[claims["finding"] != "", ["claim", "finding", "verdict"]].reset_index(drop=True)

# %% [markdown]
# ## Which numbers of statements are possible?
#
# With whole labels and two-valued stances, a mean of n statements is a whole number over n (the GRIM test); and since a
# changed stance moves a sum by twice the label, all eight sums of a row of Table 3 are odd together or even together.
# With half labels the same holds in half steps. For each row and reading of the labels: which n up to the stated one
# allow all eight means? The last column says how often a row whose means are moved at random by a few hundredths would
# fit some n under the strictest reading: what a fit is worth.

# %%
table3, stated = published.table3_long(), published.stated_n()
rows = grim.check_rows(table3, stated)
possible = rows.pivot(index=["dimension", "stated"], columns="labels", values="up_to_stated")
possible = possible.loc[list(stated), [name for name, _, _ in grim.READINGS]]
chances = grim.chances_of_fit(table3, stated, np.random.default_rng(13))
possible.assign(chance=chances).round({"chance": 3}).rename_axis(columns=None).reset_index()

# %% [markdown]
# A stated n that is not in a list cannot give the printed means under that reading. IDV's is in three of the four: for
# so long a row two digits are too few, and a reading that allows nearly every n decides nothing. The others survive
# only where half labels were kept *and* the eight sums share no parity, for example because undecided votes leave each
# model another n; that of LTO not even then, unless its cells do differ in n.
#
# ## Which changes could be significant?
#
# A printed difference comes from a number of changed statements, each of which moves the sum by at least two. For each
# cell of Table 3: the best exact paired p that a change of the printed size could reach, at the most favourable n that
# the row allows.

# %%
best = grim.best_exact_p(table3, grim.n_by_row(table3, stated))
least = best.groupby(["dimension", "model"], sort=False)["best_p"].min().unstack(sort=False)
least.round(4).rename_axis(columns=None).reset_index()

# %% [markdown]
# The cells that the paper's text names as significant, and those that it does not name although they could be. `n`: the
# possible number of statements; `most changed`: how many can have changed at most, all in one direction. The paper's
# own test is a bootstrap, so its best p stands there too.

# %%
best["named"] = best.set_index(["dimension", "model"]).index.isin(published.NAMED)
shown = best[best["named"] | best["can_reach"]].sort_values("named", ascending=False, kind="stable")
shown = shown.assign(named=shown["named"].map({True: "yes", False: "no"})).reset_index(drop=True)
shown = shown.rename(columns=lambda name: name.replace("_", " ")).round(5)
shown[["dimension", "model", "named", "n", "most changed", "best p", "best bootstrap p"]]

# %% [markdown]
# ## Which share can the printed precision be?
#
# The paper prints 94.65 % of relevance labels confirmed. As a share of what four annotators could have judged it cannot
# occur; of what three could, it can; and a few skipped ratings make it possible again. A mean over dimensions would
# explain it as well, so the number need not be wrong: the paper does not say what it is a share of.

# %%
confirmed = published.count("relevance labels confirmed by annotators")
pairs = int(published.count("quality control predictions"))
totals = {f"{k} annotators x {pairs} pairs": k * pairs for k in (4, 3)}
totals |= {f"4 annotators x {pairs} pairs, {k} skipped": 4 * pairs - k for k in range(1, 11)}
grim.possible_share(confirmed, 2, totals).query("possible or total == 4 * @pairs").round(3)

# %% [markdown]
# How many requests the method takes, notebook 00 works out. One thing more is no sum: Table 1 prints the two poles of
# LTO the other way round than the introduction, Table 4 and Hofstede's index do. Only the positive pole as long-term
# gives LTO +2 to 100 % renewable energy, as Table 4 has it.
#
# ## The ledger
#
# `13_ledger.csv` sets each printed number and claim beside this study's: *paper, here, difference, verdict*, and the
# reason. A simulated study cannot reproduce a finding, so its only verdict is that it cannot be checked, whatever the
# numbers are, and it has no word on whether a claim holds. First how many items have which verdict, and why.

# %%
found, same = ledger.values(here, human_values), ledger.same_debates(here)
entries = published.ledger(found, here.respondents, same, human_values)
entries.groupby(["verdict", "reason"], sort=False).size().rename("items").reset_index()

# %% [markdown]
# The items, those with a number of this study first. *claimed*: the paper says so; what print makes of it stands above.

# %%
published.shown(entries)

# %% [markdown]
# The cells of Table 3 in its own shape, *paper | here*, where this study asked models of the paper's.

# %%
published.table3_side_by_side(entries)

# %% [markdown]
# ## Planted and found
#
# Simulated respondents have known leanings, so the pipeline can be tested: each row compares what was planted with what
# the pipeline found without knowing it. `leaning` is what a respondent was given; its stances on just these statements
# are drawn from it, and `planted` is their mean. A mean is recovered when the 95 % interval of `estimate` holds it.

# %%
recovered = recovery.table(here, np.random.default_rng(13), resamples)
columns = ["dimension", "model", "language", "leaning", "planted", "estimate", "low", "high", "n"]
recovered[[*columns, "verdict"]].head(3).round(2)

# %%
caption = "Planted against found mean scores of the simulated respondents, with 95 % intervals."
style.save(here, diagnostics.recovery(recovered), "recovery", caption)

# %% [markdown]
# *Each point is a model in a language on a dimension. On the line, what was found is what was planted. In a study that
# is not simulated nothing was planted, and there is no picture.*
#
# The labels are found again, too: which pairs were planted as relevant, which were found, and on which share of those
# in both the polarity is the same.

# %%
recovery.labels(here).round(2)

# %%
tables = {"13_ledger": entries, "13_recovery": recovered}
printed = {"13_consistency": rows, "13_changes": best, "13_claims": claims}
tables |= {name: frame.assign(respondents="printed") for name, frame in printed.items()}
files = ", ".join(f"`{here.write(frame, name)}`" for name, frame in sorted(tables.items()))
Markdown(f"Written: {files}. {recovery.sentence(recovered)} {here.caution}")
