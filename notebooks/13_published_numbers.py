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
# # 13 · Are the paper's numbers consistent, and are they reproduced?
#
# First the printed numbers alone: are the paper's tables and claims arithmetically consistent? Then
# the ledger: each printed number beside the one computed in this study, with a verdict. In a
# simulated study, the estimates are finally compared with the simulated ground truth.
#
# *reads* the tables of notebooks 01 to 10, `data/raw/<study>`, `data/reference` · *writes*
# `13_ledger.csv`, `13_consistency.csv`, `13_changes.csv`, `13_claims.csv`, `13_recovery.csv`,
# `13_controls.csv`, `recovery` · *takes* every rule of the study

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
human_values: str = "current"  # human values: The Culture Factor's current tool, or the 2015 matrix

# %%
import numpy as np
from IPython.display import Markdown, display

from alignment.asking import planted_recovery
from alignment.figures import diagnostics, style
from alignment.paper import claim_rules, grim, ledger, published, study_values
from alignment.study import page_notes
from alignment.study.workspace import open_study

here = open_study(study)
page_notes.banner(here)

# %% [markdown]
# ## What the printed numbers alone say
#
# Up to the ledger nothing of this study is used, whether simulated or not. The numbers are the
# paper's, read from one copy of it, and the paper may have used a rule that is not tried here.
# First its claims, as far as the printed numbers decide them.

# %%
claims = claim_rules.judge_printed_claims()
claims.loc[claims["finding"] != "", ["claim", "finding", "verdict"]].reset_index(drop=True)

# %% [markdown]
# ## Which numbers of statements are possible?
#
# With integer labels and two-valued stances, a mean over n statements is an integer divided by n
# (the GRIM test); and since a changed stance moves a sum by twice the label, the eight sums in a
# row of Table 3 are all odd or all even. With half-integer labels the same holds in half steps. For
# each row and each reading of the labels: which n, up to the stated one, allow all eight means? To
# show what a match is worth, the last column gives how often a row whose means are shifted at
# random by a few hundredths matches some n under the strictest reading.

# %%
table3, stated = published.read_table3(), published.read_stated_n()
rows = grim.check_rows(table3, stated)
possible = rows.pivot(index=["dimension", "stated"], columns="labels", values="up_to_stated")
possible = possible.loc[list(stated), [name for name, _, _ in grim.READINGS]]
chances = grim.chances_of_fit(table3, stated, np.random.default_rng(13))
possible.assign(chance=chances).round({"chance": 3}).rename_axis(columns=None).reset_index()

# %% [markdown]
# If a stated n is not in a list, it cannot give the printed means under that reading. IDV's n is in
# three of the four lists; for so many statements two decimals are too few, and a reading that
# allows nearly every n decides nothing. The other stated numbers survive only if half-integer
# labels were kept *and* the eight sums do not share a parity, for example because undecided votes
# give each model its own n. That of LTO does not survive even then, unless its entries do differ in
# n.
#
# ## Which changes could be significant?
#
# A printed difference comes from a number of changed statements, each of which moves the sum by at
# least two. For each entry of Table 3: the smallest exact paired p-value that a change of the
# printed size could reach, at the most favourable n that the row allows.

# %%
best = grim.best_exact_p(table3, grim.n_by_row(table3, stated))
least = best.groupby(["dimension", "model"], sort=False)["best_p"].min().unstack(sort=False)
least.round(4).rename_axis(columns=None).reset_index()

# %% [markdown]
# The entries that the paper's text names as significant, and those that it does not name although
# they could be. `n` is the possible number of statements; `most changed` is the largest number that
# can have changed, all in one direction. The paper's own test is a bootstrap, so its smallest
# possible p-value is shown, too.

# %%
best["named"] = best.set_index(["dimension", "model"]).index.isin(published.SIGNIFICANT)
shown = best[best["named"] | best["can_reach"]].sort_values("named", ascending=False, kind="stable")
shown = shown.assign(named=shown["named"].map({True: "yes", False: "no"})).reset_index(drop=True)
shown = shown.rename(columns=lambda name: name.replace("_", " ")).round(5)
shown[["dimension", "model", "named", "n", "most changed", "best p", "best bootstrap p"]]

# %% [markdown]
# ## Which share can the printed precision be?
#
# The paper prints that 94.65 % of the relevance labels were confirmed. As a share of all judgements
# of four annotators this value cannot occur; with three annotators it can, and a few skipped
# ratings make it possible again. A mean over dimensions would also explain it, so the number need
# not be wrong: the paper does not say what it is a share of.

# %%
confirmed = published.read_count("relevance labels confirmed by annotators")
pairs = int(published.read_count("quality control predictions"))
totals = {f"{k} annotators x {pairs} pairs": k * pairs for k in (4, 3)}
totals |= {f"4 annotators x {pairs} pairs, {k} skipped": 4 * pairs - k for k in range(1, 11)}
grim.possible_share(confirmed, totals).query("possible or total == 4 * @pairs").round(3)

# %% [markdown]
# Notebook 00 works out how many requests the method takes. One more point involves no arithmetic:
# Table 1 prints the two poles of LTO the other way round from the introduction, Table 4 and
# Hofstede's index. Only a long-term positive pole gives LTO +2 to 100 % renewable energy, as in
# Table 4.
#
# ## The ledger
#
# `13_ledger.csv` sets each printed number and claim beside this study's: *paper, here, difference,
# verdict*, and the reason. A simulated study cannot reproduce a finding, so its only verdict is
# that the item cannot be checked, whatever the numbers are, and it does not say whether a claim
# holds. First, the number of items by verdict and reason.

# %%
found, same = (
    study_values.compute_study_values(here, human_values),
    study_values.has_papers_debates(here),
)
entries = ledger.build_ledger(found, here.respondents, same, human_values)
entries.groupby(["verdict", "reason"], sort=False).size().rename("items").reset_index()

# %% [markdown]
# The items, those with a number from this study first. *claimed* means that the paper says so; what
# its printed numbers imply is shown above.

# %%
ledger.show_entries(entries)

# %% [markdown]
# The entries of Table 3 in its own layout, *paper | here*, if this study asked the paper's models.

# %%
ledger.show_table3(entries)

# %% [markdown]
# ## Recovery of the simulated ground truth
#
# Simulated respondents have known leanings, so the pipeline can be tested: each row compares an
# estimate, made without knowledge of the ground truth, with the planted value. `leaning` is the
# value set for a respondent; its stances on these particular statements are drawn from it, and
# `planted` is their mean. What separates the two is noise whose size the study file states: judges
# that deviate, runs that differ, lost replies. It was drawn anew for many studies with this ground
# truth; `tolerance` is how far an estimate lies from the planted mean in 99 of 100 of them.

# %%
recovery = planted_recovery.assess(here, np.random.default_rng(13))
recovered = recovery.positions
columns = ["dimension", "model", "language", "leaning", "planted", "estimate", "tolerance", "n"]
recovered[[*columns, "verdict"]].head(3).round(2)

# %%
caption = "Estimated mean scores against the simulated ground truth, with the tolerance for noise."
shown = Markdown("Nothing was planted in this study: there is no figure and no control.")
if len(recovered):
    shown = style.save(here, diagnostics.recovery(recovered), "recovery", caption)
shown

# %% [markdown]
# *Each point is a model in a language on a dimension; points on the line are estimated exactly.*
#
# First the labels by dimension: which pairs are relevant in the ground truth, which were labelled
# so, and for what share of those in both the polarity is the same. Then the checks, with their
# controls, since a check is worth something only if it can fail: how much of this study passes, and
# how much has to (`needed`: as large a share as in the worst of the simulated studies); to the
# right, the same check of estimates that were spoilt on purpose, which have to stay below it. The
# last row needs no ground truth: stances, means, changes, tests and gaps are worked out a second
# time from answers and labels, by other code, and have to be the same.

# %%
display(planted_recovery.compare_labels(here).round(2))
planted_recovery.show_controls(recovery)

# %%
tables = {"13_ledger": entries, "13_recovery": recovered, "13_controls": recovery.controls}
printed = {"13_consistency": rows, "13_changes": best, "13_claims": claims}
tables |= {name: frame.assign(respondents="printed") for name, frame in printed.items()}
files = ", ".join(f"`{here.write(frame, name)}`" for name, frame in sorted(tables.items()))
Markdown(f"Written: {files}. {planted_recovery.describe(recovery)} {page_notes.caution(here)}")
