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
# # 05 · What does agreeing with a statement imply?
#
# For each relevant pair, every judge says in every language where agreeing with the statement falls
# on the dimension: -2, -1, +1 or +2, with no zero allowed. The median of the votes is the label.
# This gives the scored set, the paper's *Sociocultural Statements*.
#
# *reads* `02_statements.csv`, `03_translations.csv`, `04_relevance.csv`, `data/raw/<study>` ·
# *writes* `05_answers.csv.gz`, `05_accounting.csv`, `05_votes.csv`, `05_polarity.csv`,
# `05_sociocultural_statements.csv`, `05_apart.csv`, `05_other_rules.csv`, `polarity_labels` ·
# *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
polarity_runs: int = 5  # runs of each judge in each language on what agreeing implies
tie_rule: str = "nearest_median"  # a tie among runs: the answer nearest their median, or no vote
missing_votes: str = "planned"  # whether quorums count the planned votes or the valid ones
zero_median: str = "drop"  # a median of 0, not on the scale: dropped and counted, or kept
half_median: str = "away_from_zero"  # a median of a half: rounded away from zero, kept, or dropped

# %%
from IPython.display import Markdown

from alignment.asking import answers, labels_file, plan, serving
from alignment.figures import diagnostics, style
from alignment.study import page_notes
from alignment.study.workspace import open_study
from utils import label_robustness, prompts
from utils.accounting import account_cells
from utils.cells import PAIR
from utils.labels import label_polarity, scored_set
from utils.rules import Rules
from utils.votes import cast_votes

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The question
#
# The judge is given the dimension with its two poles, and is asked towards which pole agreeing with
# the statement points, and how strongly. Disagreeing is taken to imply the exact opposite, as the
# paper assumes.

# %%
first = here.describe("en")[here.dimensions[0]]
question = [] if here.study.labels else prompts.fill("polarity", "en", "(the statement)", first)
print(*[message["content"] for message in question])

# %% [markdown]
# ## The answers
#
# Questions are asked only about the pairs that notebook 04 labelled relevant: one cell for each
# pair, judge, language and run.

# %%
cells = plan.step_cells(here, "polarity", polarity_runs)
answered = answers.collect(here, cells)
written = [here.write(answered, "05_answers.csv.gz")]
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
# Again, the vote is the most frequent answer of the runs. A tie goes to the tied answer nearest the
# median of all runs, which `tie` records.

# %%
rules = Rules(
    tie_rule=tie_rule, missing_votes=missing_votes, zero_median=zero_median, half_median=half_median
)
voted = cast_votes(answered, polarity_runs, rules)
voted.head(3)

# %% [markdown]
# ## The labels
#
# The label is the median of the votes. A half-integer median is rounded away from zero; a median of
# zero means that the judges cancel out, and the pair is dropped and counted. Each label shows how
# it was reached: the votes for either pole (`positive`, `negative`), the missing votes, how many
# votes had tied runs, and what was done with the median (`how`). A `marginal` label would appear,
# disappear or change its sign if one vote changed its sign. The first three labels, then the number
# of labels of each value by dimension.

# %%
planned = len(here.judges) * len(here.study.languages)
made = label_polarity(voted, planned, rules)
labels = labels_file.read_polarity(here) if here.study.labels else made
labels.head(3)

# %%
scored = here.in_order(scored_set(labels))
scored.groupby(["dimension", "polarity"]).size().unstack(fill_value=0).reindex(
    here.dimensions, fill_value=0
)

# %%
spread = here.in_order(labels).assign(
    value=lambda t: t["median"], kept=lambda t: t["polarity"].notna()
)
figure = diagnostics.vote_shares(spread, "median vote", "What agreeing with a statement implies")
caption = "Number of statements with each median polarity vote, by dimension."
style.save(here, figure, "polarity_labels", caption)

# %% [markdown]
# *Median votes, by dimension; dark bars become labels. If all labels of a dimension lay on one
# side, its scores would measure little more than a tendency to agree.*
#
# The first marginal labels; the written table marks all of them.

# %%
labels[labels["marginal"]].drop(columns=["marginal", "planned"]).head(5)

# %% [markdown]
# ## Who stands apart
#
# How often each judge, in each language, votes for the opposite pole to the label set by all votes:
# `lower` for the negative pole, `higher` for the positive one, `alone` if no other vote does so.
# The last rows give each judge and each language as a whole. A judge that stands far apart may pull
# the labels towards itself, or be outvoted by the others.

# %%
dissent = label_robustness.count_dissent(voted, labels, "polarity")
dissent.round(3)

# %%
Markdown(label_robustness.describe_dissent(dissent))

# %% [markdown]
# ## What another rule would change
#
# Each rule on this page is changed on its own. The table counts the pairs that would have a label,
# how many would be gained or lost, and how many would change their sign or only their size; the
# written table lists these labels. Notebook 04 shows what another quorum would do, but the pairs
# that it would add have never been asked about.

# %%
by_rule = label_robustness.label_by_rule("polarity", answered, polarity_runs, planned, rules)
flips = label_robustness.list_flips(by_rule, "polarity")
label_robustness.count_flips(by_rule, "polarity")

# %%
hang = flips.drop_duplicates(PAIR)
came = ", ".join(f"{n} {how}" for how, n in labels["how"].value_counts().items())
Markdown(
    f"The scored set has **{scored['statement_id'].nunique()} statements, {len(scored)} labels**; "
    f"{labels['polarity'].isna().sum()} relevant pairs have no label. Their medians: {came}. "
    f"{int(labels['marginal'].sum())} depend on a single vote, and {len(hang)} would differ "
    "under some other rule."
)

# %%
tables = {"05_accounting": accounting, "05_votes": voted, "05_polarity": labels}
tables |= {"05_sociocultural_statements": scored, "05_apart": dissent, "05_other_rules": flips}
written += [here.write(table, name) for name, table in tables.items()]
said = f"{len(scored):,} labels of {scored['statement_id'].nunique():,} statements, on which all "
said += "later notebooks build; notebook 06 asks how good they are."
page_notes.conclude(written, f"{said} {page_notes.caution(here)}")
