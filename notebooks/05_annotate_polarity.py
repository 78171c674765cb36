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
# For each relevant pair every judge says, in every language, where agreeing with the statement falls on the dimension:
# -2, -1, +1 or +2, with no zero allowed. The median of the votes is the label. This makes the scored set, the paper's
# *Sociocultural Statements*.
#
# *reads* `04_relevance.csv` · *writes* `05_answers.csv.gz`, `05_accounting.csv`, `05_votes.csv`, `05_polarity.csv`,
# `05_sociocultural_statements.csv` · *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
polarity_runs: int = 5  # how often each model is asked in each language what agreeing with a statement says
tie_rule: str = "nearest_median"  # a tie among runs: the tied answer nearest their median, or no vote at all
missing_votes: str = "planned"  # whether quorums count the planned votes or the valid ones
zero_median: str = "drop"  # a median of 0, which is not on the scale: the pair is dropped and counted, or kept
half_median: str = "away_from_zero"  # a median of a half: rounded away from zero, kept, or dropped

# %%
import pandas as pd
from IPython.display import Markdown

from utils import answers, imported, plan, plots, prompts, votes
from utils.execution import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## The question
#
# The judge sees the dimension with its two poles and is asked on which side agreeing with the statement falls, and
# how strongly. Disagreeing is taken to say the exact opposite, as the paper assumes.

# %%
question = prompts.fill("polarity", "en", "(the statement)", here.describe("en")[here.dimensions[0]]) if not here.study.labels else []
Markdown("\n\n".join(f"> {message['content']}".replace("\n", "\n> ") for message in question))

# %% [markdown]
# ## The answers
#
# Only the pairs that notebook 04 found relevant are asked about: one cell for each of them, judge, language and run.

# %%
cells = plan.step_cells(here, "polarity", polarity_runs)
answered = answers.answers(here, cells)
written = [here.write(answered, "05_answers.csv.gz")]
answered.head(3)

# %%
here.who(answered)

# %% [markdown]
# Every planned cell ends in exactly one state.

# %%
accounting = votes.accounting(answered, cells)
accounting

# %% [markdown]
# ## The votes
#
# The most frequent of the runs, again; a tie goes to the tied answer nearest the median of all runs.

# %%
voted = votes.votes(answered, polarity_runs, tie_rule, missing_votes)
voted.head(3)

# %% [markdown]
# The mean vote of each judge in each language. The judges see the same pairs, so these should be close.

# %%
voted.pivot_table(index="model", columns="language", values="vote", aggfunc="mean").round(3)

# %% [markdown]
# ## The labels
#
# The label is the median of the votes. A median of a half is rounded away from zero, and a median of zero says that the
# judges cancel out: such a pair is dropped and counted. `how` tells which of these happened.

# %%
planned = len(here.judges) * len(here.study.languages)
labels = (
    imported.polarity(here)
    if here.study.labels
    else votes.polarity_labels(voted, planned, zero_median, half_median, missing_votes)
)
labels.head(3)

# %%
labels["how"].value_counts().rename("pairs").to_frame()

# %%
scored = here.in_order(labels.dropna(subset="polarity")[["statement_id", "dimension", "polarity"]])
scored.pivot_table(index="dimension", columns="polarity", values="statement_id", aggfunc="count").reindex(here.dimensions)

# %%
spread = labels.assign(value=labels["median"], kept=labels["polarity"].notna())
figure = plots.vote_shares(spread, "median of the votes", "What agreeing with a statement says")
here.save(figure, "polarity_labels", "How many statements have which polarity, by dimension.")

# %% [markdown]
# *Labels by dimension. A dimension whose labels all lie on one side would measure little but the readiness to agree.*

# %%
Markdown(
    f"**{scored['statement_id'].nunique()} statements with {len(scored)} labels** make the scored set; "
    f"{labels['polarity'].isna().sum()} relevant pairs got no label, and {int(labels['marginal'].sum())} hang on a single vote."
)

# %%
tables = {"05_accounting": accounting, "05_votes": voted, "05_polarity": labels}
written += [here.write(table, name) for name, table in (tables | {"05_sociocultural_statements": scored}).items()]
Markdown("Written: " + ", ".join(f"`{f}`" for f in written) + ". The scored set is what notebooks 07 to 14 stand on.")
