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
# # 16 · What do the paper's printed numbers say by themselves?
#
# Are the paper's tables and claims arithmetically consistent, how much of it would chance give, and
# which conclusions rest on which assumption? Nothing of this study is used, whether simulated or
# not: the numbers are the paper's, read from one copy of it, and it may have used a rule that is
# not tried here.
#
# *reads* `data/reference` · *writes* `16_claims.csv`, `16_consistency.csv`, `16_changes.csv`,
# `16_assumptions.csv`, `16_null.csv`, `16_assignments.csv`, `null_directions_paper` · *takes* no
# rule

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/

# %%
import numpy as np
from IPython.display import Markdown, display

from alignment.figures import diagnostics, style
from alignment.paper import assumptions, claim_rules, grim, printed_null, published
from alignment.stats import null_model
from alignment.study import page_notes
from alignment.study.workspace import open_study

here = open_study(study)
page_notes.open_page(page_notes.banner(here, "printed"))

# %% [markdown]
# ## The claims
#
# The paper's claims, as far as its printed numbers decide them. Two other studies find otherwise:
# arXiv 2512.13723, that all models it asked answer more like Americans and change little with the
# language, and arXiv 2504.08863, that models are closer to the US wherever they were made. Both
# measure how far models are from people, not only in which direction they differ.

# %%
claims = claim_rules.judge_printed_claims()
claims[["claim", "finding", "verdict", "reason"]]

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

# %% [markdown]
# One more point involves no arithmetic: Table 1 prints the two poles of LTO the other way round
# from the introduction, Table 4 and Hofstede's index. Only a long-term positive pole gives LTO +2
# to 100 % renewable energy, as in Table 4.
#
# ## Which conclusion rests on which assumption?
#
# How many of the six directions of Figure 1 then agree with people whatever rounding hides, how
# many of the four changes with the language that the text names could reach p < 0.05 in the exact
# paired test, and how many of the twenty others. A row of Table 3 that no number of statements
# allows decides nothing.

# %%
survey = assumptions.survey_assumptions()
survey

# %% [markdown]
# ## What would chance do?
#
# How many directions of Figure 1 would agree with people if every model answered at random, with as
# many labels as Appendix A states? The labels and the models' rates of agreement are not printed:
# each of the four polarities is equally likely, each label has its own statement, and models agree
# with half of them. Dark: what the paper claims, all six.

# %%
of_paper = printed_null.chance_directions()
caption = "Number of directions that agree by chance, with the paper's numbers of labels."
title = "Chance, with the paper's numbers of labels"
figure = diagnostics.null_directions(of_paper, title, "claimed")
style.save(here, figure, "null_directions_paper", caption, "printed")

# %% [markdown]
# *With the paper's numbers of labels. All six are rare by chance; five, as many as the printed
# Table 3 gives, are less rare. None of this tests the paper's claim on its own
# answers, which are not published.*

# %%
six, five = (null_model.share_at_least(of_paper, "not_equal", k) for k in (6, 5))
Markdown(
    f"With the paper's numbers of labels, all six directions agree by chance in "
    f"**{100 * six:.1f} %** of studies, and at least five in **{100 * five:.1f} %**."
)

# %% [markdown]
# ## Are four models two countries?
#
# The null model takes the statements as its unit. But each country is represented by two models, so
# here these are dealt out to the countries in every possible way. There are six ways, so the real
# one cannot stand out at better than 1 in 6.

# %%
dealt = printed_null.assign_models()
display(dealt)
Markdown(printed_null.describe_units(dealt))

# %%
tables = {"16_claims": claims, "16_consistency": rows, "16_changes": best}
tables |= {"16_assumptions": survey, "16_null": of_paper, "16_assignments": dealt}
printed = {name: frame.assign(respondents="printed") for name, frame in tables.items()}
files = [here.write(frame, name) for name, frame in printed.items()]
decided = claims["verdict"].value_counts()
said = ", ".join(f"*{verdict}*: {n}" for verdict, n in decided.items())
said = f"Of {len(claims)} claims of the paper, by its printed numbers: {said}."
page_notes.conclude(files, f"{said} Notebook 13 sets them beside this study's.")
