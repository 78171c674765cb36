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
# # 04 · Which statements are relevant to which dimension?
#
# Every judge is asked, in every language, whether a statement is relevant to a dimension; at least
# half of these votes must say yes. This gives the counts of **Appendix A** (in the paper, PDI 68,
# IDV 116, MAS 60, UAI 62, LTO 24, IND 48).
#
# *reads* `02_statements.csv`, `03_translations.csv`, `data/raw/<study>` · *writes*
# `04_answers.csv.gz`, `04_accounting.csv`, `04_votes.csv`, `04_relevance.csv`, `04_apart.csv`,
# `04_other_rules.csv`, `relevance_votes` · *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
relevance_runs: int = 5  # runs of each judge in each language on whether a statement is relevant
relevance_quorum: int = 0  # yes votes that make a statement relevant; 0: half of those planned
tie_rule: str = "nearest_median"  # a tie among runs: the answer nearest their median, or no vote
missing_votes: str = "planned"  # whether quorums count the planned votes or the valid ones

# %%
from IPython.display import Markdown

from alignment.asking import answers, labels_file, plan, serving
from alignment.figures import diagnostics, style
from alignment.study import page_notes
from alignment.study.workspace import open_study
from utils import label_robustness, prompts
from utils.accounting import account_cells
from utils.cells import PAIR
from utils.labels import label_relevance
from utils.rules import Rules
from utils.votes import cast_votes

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The question
#
# The judge is given the dimension, its two poles and the statement, and must end its reply with one
# marked line. Marks around the statement keep anything in it from being read as part of the
# question.

# %%
first = here.describe("en")[here.dimensions[0]]
question = [] if here.study.labels else prompts.fill("relevance", "en", "(the statement)", first)
print(*[message["content"] for message in question])

# %% [markdown]
# ## The answers
#
# A cell is one question: a statement, a dimension, a judge, a language and a run. Each reply is
# saved as it arrives, and no question is asked twice.

# %%
cells = plan.step_cells(here, "relevance", relevance_runs)
answered = answers.collect(here, cells)
written = [here.write(answered, "04_answers.csv.gz")]
answered.head(3)

# %% [markdown]
# Every planned cell ends in exactly one state. Refusals and unreadable replies are counted here and
# never become votes.

# %%
accounting = account_cells(answered, cells)
accounting

# %%
notes = [serving.describe_failures(here, answered), answers.describe_unused(here, cells)]
page_notes.count_answers(answered, *notes, *labels_file.describe_left_out(here))

# %% [markdown]
# ## The votes
#
# The vote of a judge in a language is the most frequent answer of its runs. A vote requires an
# answer in more than half of the runs; if two answers are equally frequent, the vote is undecided,
# which `tie` records.

# %%
rules = Rules(tie_rule=tie_rule, missing_votes=missing_votes, relevance_quorum=relevance_quorum)
voted = cast_votes(answered, relevance_runs, rules)
voted.head(3)

# %% [markdown]
# ## The labels
#
# A statement is relevant to a dimension if at least `quorum` votes say yes, by default half of the
# planned votes. Each label shows how it was reached: the votes for (`yes`) and against (`no`), the
# missing votes, and how many votes had tied runs. A `marginal` pair would flip if one vote were
# reversed; an `open` pair could flip if the missing votes were known. The first three labels, then
# the number of relevant pairs in each dimension, and how many of all pairs are marginal or open.

# %%
planned = len(here.judges) * len(here.study.languages)
made = label_relevance(voted, planned, rules)
labels = labels_file.read_relevance(here) if here.study.labels else made
labels.head(3)

# %%
counts = labels.groupby("dimension")[["relevant", "marginal", "open"]].sum()
counts = counts.reindex(here.dimensions, fill_value=0)
counts

# %%
spread = here.in_order(labels).rename(columns={"yes": "value", "relevant": "kept"})
title = "Votes that call a statement relevant"
figure = diagnostics.vote_shares(spread, f"yes votes of {planned}", title)
caption = "How many of the planned votes call a statement relevant, by dimension."
style.save(here, figure, "relevance_votes", caption)

# %% [markdown]
# *Yes votes per statement, by dimension; dark bars are relevant. The fewer statements lie in the
# middle, the less the choice of quorum matters.*
#
# The first marginal labels; the written table marks all of them.

# %%
labels[labels["marginal"]].drop(columns=["marginal", "planned"]).head(5)

# %% [markdown]
# ## Who stands apart
#
# How often each judge, in each language, votes against the label set by all votes: `lower` if it
# says no to a relevant pair, `higher` if it says yes to one that is not, `alone` if no other vote
# does so. The last rows give each judge and each language as a whole. A judge that stands far apart
# may pull the labels towards itself, or be outvoted by the others.

# %%
dissent = label_robustness.count_dissent(voted, labels, "relevant")
dissent.round(3)

# %%
Markdown(label_robustness.describe_dissent(dissent))

# %% [markdown]
# ## What another rule would change
#
# Each rule on this page is changed on its own. The table counts the pairs that would be relevant,
# and how many of them would be gained or lost; the written table lists these labels.

# %%
by_rule = label_robustness.label_by_rule("relevance", answered, relevance_runs, planned, rules)
flips = label_robustness.list_flips(by_rule, "relevant")
label_robustness.count_flips(by_rule, "relevant")

# %%
speaking = labels.loc[labels["relevant"], "statement_id"].nunique()
hang = flips.drop_duplicates(PAIR)
Markdown(
    f"**{int(counts['relevant'].sum())} pairs are relevant**; {speaking} statements are relevant "
    f"to at least one dimension. Of all pairs, relevant or not, {int(counts['marginal'].sum())} "
    f"depend on a single vote, and {len(hang)} would flip under some other rule."
)

# %%
tables = {"04_accounting": accounting, "04_votes": voted, "04_relevance": labels}
tables |= {"04_apart": dissent, "04_other_rules": flips}
written += [here.write(table, name) for name, table in tables.items()]
relevant = labels[labels["relevant"]]
said = f"{len(relevant):,} pairs of {relevant['statement_id'].nunique():,} statements are relevant "
said += f"to a dimension, of {len(labels):,} asked about. Notebook 05 asks for their sides."
page_notes.conclude(written, f"{said} {page_notes.caution(here)}")
