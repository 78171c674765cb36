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
# # 04 · Which statement speaks to which dimension?
#
# Every judge is asked, in every language, whether a statement is relevant to a dimension; at least half of these
# votes have to say yes. This makes the counts of **Appendix A** (the paper: PDI 68, IDV 116, MAS 60, UAI 62, LTO 24,
# IND 48).
#
# *reads* `02_statements.csv`, `03_translations.csv` · *writes* `04_answers.csv.gz`, `04_accounting.csv`,
# `04_votes.csv`, `04_relevance.csv`, `04_apart.csv`, `04_other_rules.csv` · *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
relevance_runs: int = 5  # runs of each model in each language on whether a statement is relevant
relevance_quorum: int = 0  # yes votes that make a statement relevant; 0: half of those planned
tie_rule: str = "nearest_median"  # a tie among runs: the answer nearest their median, or no vote
missing_votes: str = "planned"  # whether quorums count the planned votes or the valid ones

# %%
from IPython.display import Markdown

from alignment.asking import answers, imports, plan
from alignment.figures import diagnostics, style
from alignment.study.workspace import open_study
from utils import label_robustness, prompts, votes

here = open_study(study)
here.banner()

# %% [markdown]
# ## The question
#
# The judge sees the dimension, its two poles and the statement, and ends on one marked line. The statement's place is
# marked off, so that nothing in it can pass for a part of the question.

# %%
first = here.describe("en")[here.dimensions[0]]
question = [] if here.study.labels else prompts.fill("relevance", "en", "(the statement)", first)
print(*[message["content"] for message in question])

# %% [markdown]
# ## The answers
#
# One cell is one question: a statement, a dimension, a judge, a language, a run. Replies are kept as they arrive, and
# none is asked for twice.

# %%
cells = plan.step_cells(here, "relevance", relevance_runs)
answered = answers.answers(here, cells)
written = [here.write(answered, "04_answers.csv.gz")]
answered.head(3)

# %% [markdown]
# Every planned cell ends in exactly one state. A refusal or an unreadable reply is counted here and is never a vote.

# %%
accounting = votes.accounting(answered, cells)
accounting

# %%
here.who(answered)

# %% [markdown]
# ## The votes
#
# The most frequent answer of the runs is the vote of a judge in a language. A vote needs more than half of its runs;
# two answers that are equally frequent leave it undecided, which `tie` says.

# %%
voted = votes.votes(answered, relevance_runs, tie_rule, missing_votes)
voted.head(3)

# %% [markdown]
# ## The labels
#
# A pair of statement and dimension is relevant with at least `quorum` yes votes, by default half of the planned ones.
# Each label carries how it came about: the votes for (`yes`) and against it (`no`), those that are missing, and in how
# many the runs were tied. `marginal` pairs would flip with one vote the other way; `open` ones could flip if the
# missing votes had come. After three of them: how many pairs each dimension gets, and how many of them hang on little.

# %%
planned = len(here.judges) * len(here.study.languages)
made = votes.relevance_labels(voted, planned, relevance_quorum, missing_votes)
labels = imports.relevance(here) if here.study.labels else made
labels.head(3)

# %%
counts = labels.groupby("dimension")[["relevant", "marginal", "open"]].sum()
counts = counts.reindex(here.dimensions, fill_value=0)
counts

# %%
spread = here.in_order(labels).rename(columns={"yes": "value", "relevant": "kept"})
title = "How many votes call a statement relevant"
figure = diagnostics.vote_shares(spread, f"yes votes of {planned}", title)
caption = "How many of the planned votes call a statement relevant, by dimension."
style.save(here, figure, "relevance_votes", caption)

# %% [markdown]
# *Yes votes for each statement, by dimension; dark bars are relevant. The fewer statements stand in the middle, the
# less the rule for the quorum decides.*
#
# The first of the marginal labels; the table that is written marks all of them.

# %%
labels[labels["marginal"]].drop(columns=["marginal", "planned"]).head(5)

# %% [markdown]
# ## Who stands apart
#
# How often each judge, in each language, votes against the label that all votes made: as `lower` where it says no to
# a relevant pair, `higher` where it says yes to another, `alone` where nobody else does. Then each judge and each
# language as a whole. One that stands far apart pulls labels its way, or is pulled.

# %%
apart = label_robustness.apart(voted, labels, "relevant")
apart.round(3)

# %%
Markdown(label_robustness.farthest(apart))

# %% [markdown]
# ## What another rule would change
#
# Each rule of this page changed on its own: how many pairs would be relevant, and how many of them are new or gone.
# Which labels these are stands in the table that is written.

# %%
rules = {"quorum": relevance_quorum, "tie_rule": tie_rule, "missing_votes": missing_votes}
by_rule = label_robustness.relevance_by_rule(answered, relevance_runs, planned, **rules)
flipped = label_robustness.flipped(by_rule, "relevant")
label_robustness.changes(by_rule, "relevant")

# %%
speaking = labels.loc[labels["relevant"], "statement_id"].nunique()
hang = flipped.drop_duplicates(["statement_id", "dimension"])
Markdown(
    f"**{int(counts['relevant'].sum())} pairs are relevant**; {speaking} statements speak to at least one dimension. "
    f"{int(counts['marginal'].sum())} pairs hang on a single vote, and {len(hang)} would flip under some other rule."
)

# %%
tables = {"04_accounting": accounting, "04_votes": voted, "04_relevance": labels}
tables |= {"04_apart": apart, "04_other_rules": flipped}
written += [here.write(table, name) for name, table in tables.items()]
Markdown(
    "Written: "
    + ", ".join(f"`{f}`" for f in written)
    + ". Only relevant pairs are asked about from here on."
)
