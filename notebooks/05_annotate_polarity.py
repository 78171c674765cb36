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
# # 05 · What does agreeing with a statement say?
#
# For each relevant pair every judge says, in every language, where agreeing with the statement falls on the
# dimension: -2, -1, +1 or +2, with no zero allowed. The median of the votes is the label. This makes the scored set,
# the paper's *Sociocultural Statements*.
#
# *reads* `04_relevance.csv` · *writes* `05_answers.csv.gz`, `05_accounting.csv`, `05_votes.csv`, `05_polarity.csv`,
# `05_sociocultural_statements.csv`, `05_apart.csv`, `05_other_rules.csv` · *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
polarity_runs: int = 5  # runs of each model in each language on what agreeing says
tie_rule: str = "nearest_median"  # a tie among runs: the answer nearest their median, or no vote
missing_votes: str = "planned"  # whether quorums count the planned votes or the valid ones
zero_median: str = "drop"  # a median of 0, not on the scale: dropped and counted, or kept
half_median: str = "away_from_zero"  # a median of a half: rounded away from zero, kept, or dropped

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
# The judge sees the dimension with its two poles and is asked on which side agreeing with the statement falls, and
# how strongly. Disagreeing is taken to say the exact opposite, as the paper assumes.

# %%
first = here.describe("en")[here.dimensions[0]]
question = [] if here.study.labels else prompts.fill("polarity", "en", "(the statement)", first)
print(*[message["content"] for message in question])

# %% [markdown]
# ## The answers
#
# Only the pairs that notebook 04 found relevant are asked about: one cell for each of them, judge, language and run.

# %%
cells = plan.step_cells(here, "polarity", polarity_runs)
answered = answers.answers(here, cells)
written = [here.write(answered, "05_answers.csv.gz")]
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
# The most frequent of the runs, again; a tie goes to the tied answer nearest the median of all runs, and `tie` says
# so.

# %%
voted = votes.votes(answered, polarity_runs, tie_rule, missing_votes)
voted.head(3)

# %% [markdown]
# ## The labels
#
# The label is the median of the votes. A median of a half is rounded away from zero, and a median of zero says that
# the judges cancel out: such a pair is dropped and counted. Each label carries how it came about: the votes for
# either pole (`positive`, `negative`), those missing, in how many the runs were tied, and in `how` what became of the
# median. A `marginal` one would turn, come or go with one vote of the opposite sign. After three of them: how many
# labels of each value a dimension has.

# %%
planned = len(here.judges) * len(here.study.languages)
made = votes.polarity_labels(voted, planned, zero_median, half_median, missing_votes)
labels = imports.polarity(here) if here.study.labels else made
labels.head(3)

# %%
scored = here.in_order(labels.dropna(subset="polarity")[["statement_id", "dimension", "polarity"]])
scored.groupby(["dimension", "polarity"]).size().unstack(fill_value=0).reindex(
    here.dimensions, fill_value=0
)

# %%
spread = here.in_order(labels).assign(
    value=lambda t: t["median"], kept=lambda t: t["polarity"].notna()
)
figure = diagnostics.vote_shares(spread, "median vote", "What agreeing with a statement says")
caption = "How many statements have which polarity, by dimension."
style.save(here, figure, "polarity_labels", caption)

# %% [markdown]
# *Medians of the votes, by dimension; dark bars make a label. A dimension whose labels all lie on one side would
# measure little but the readiness to agree.*
#
# The first of the marginal labels; the table that is written marks all of them.

# %%
labels[labels["marginal"]].drop(columns=["marginal", "planned"]).head(5)

# %% [markdown]
# ## Who stands apart
#
# How often each judge, in each language, votes for the other pole than the label that all votes made: as `lower` for
# the negative pole, `higher` for the positive one, `alone` where nobody else does. Then each judge and each language
# as a whole. One that stands far apart pulls labels its way, or is pulled.

# %%
apart = label_robustness.apart(voted, labels, "polarity")
apart.round(3)

# %%
Markdown(label_robustness.farthest(apart))

# %% [markdown]
# ## What another rule would change
#
# Each rule of this page changed on its own: how many pairs would have a label, how many of them are new or gone, and
# how many change their sign or only their size. Which labels these are stands in the table that is written. What
# another quorum would do, notebook 04 says; the pairs that it would add were never asked about.

# %%
rules = {"tie_rule": tie_rule, "missing_votes": missing_votes}
rules |= {"zero_median": zero_median, "half_median": half_median}
by_rule = label_robustness.polarity_by_rule(answered, polarity_runs, planned, **rules)
flipped = label_robustness.flipped(by_rule, "polarity")
label_robustness.changes(by_rule, "polarity")

# %%
hang = flipped.drop_duplicates(["statement_id", "dimension"])
came = ", ".join(f"{n} {how}" for how, n in labels["how"].value_counts().items())
Markdown(
    f"**{scored['statement_id'].nunique()} statements with {len(scored)} labels** make the scored set; "
    f"{labels['polarity'].isna().sum()} relevant pairs got no label. How they came about: {came}. "
    f"{int(labels['marginal'].sum())} hang on a single vote, and {len(hang)} would be another under some other rule."
)

# %%
tables = {"05_accounting": accounting, "05_votes": voted, "05_polarity": labels}
tables |= {"05_sociocultural_statements": scored, "05_apart": apart, "05_other_rules": flipped}
written += [here.write(table, name) for name, table in tables.items()]
Markdown(
    "Written: "
    + ", ".join(f"`{f}`" for f in written)
    + ". The scored set is what notebooks 07 to 14 stand on."
)
