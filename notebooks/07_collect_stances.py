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
# # 07 · Do the models agree with the statements?
#
# Every model is asked, in every language, whether it agrees with each scored statement, after
# reasoning for and against it (chain of thought). Agreeing scores the statement's polarity,
# disagreeing its opposite. All figures and tables of the paper's results are computed from these
# stances.
#
# *reads* `02_statements.csv`, `03_translations.csv`, `05_sociocultural_statements.csv`,
# `data/raw/<study>` · *writes* `07_answers.csv.gz`, `07_accounting.csv`, `07_votes.csv`,
# `07_scores.csv`, `07_bounds.csv`, `07_served.csv`, `07_usage.csv`, `07_reasons.csv`,
# `07_wordings.csv.gz`, `07_stances.csv` · *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
stance_runs: int = 5  # runs of each model in each language on whether it agrees
wording_runs: int = 3  # runs of the same in each other wording that the study names
tie_rule: str = "nearest_median"  # a tie among runs: the answer nearest their median, or no vote
missing_votes: str = "planned"  # whether quorums count the planned votes or the valid ones

# %%
from IPython.display import Markdown, display

from alignment.asking import answers, plan, serving
from alignment.stats import missing_runs, wordings
from alignment.study import page_notes
from alignment.study.workspace import open_study
from utils import prompts, scores
from utils.accounting import account_cells
from utils.rules import Rules
from utils.votes import cast_votes

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The question
#
# The model is asked for arguments for and against before it answers. No country, culture or
# dimension is named, so that the answer reflects the model rather than the prompt.

# %%
question = prompts.fill("stance", "en", "(the statement)", None)
print(*[message["content"] for message in question])

# %% [markdown]
# ## The answers
#
# There is one cell for each statement, model, language and run, however many dimensions the
# statement is relevant to.

# %%
cells = plan.step_cells(here, "stance", stance_runs)
answered = answers.collect(here, cells)
written = [here.write(answered, "07_answers.csv.gz")]
answered.head(3)

# %% [markdown]
# Every planned cell ends in exactly one state. A cell without a readable answer has no stance, and
# never counts as disagreement.

# %%
accounting = account_cells(answered, cells)
display(accounting)
notes = [serving.describe_failures(here, answered), answers.describe_unused(here, cells)]
page_notes.count_answers(answered, *notes)

# %% [markdown]
# A study can have the same asked in other wordings: of the statement's negation (`negated`), with
# the answers and the arguments in the other order (`turned`), by another question (`reworded`), and
# with *neither* as a third answer (`unforced`). Notebook 17 shows what that changes.

# %%
others = plan.wording_cells(here, wording_runs)
in_wordings = answers.collect(here, others)
written.append(here.write(in_wordings, "07_wordings.csv.gz"))
notes = [serving.describe_failures(here, in_wordings), answers.describe_unused(here, others)]
asked = ", ".join(here.study.wordings)
page_notes.count_answers(in_wordings, *notes) if asked else Markdown("None is asked in this study.")

# %% [markdown]
# A broker may serve one model through several providers, or in several quantisations. According to
# the servers themselves, the replies of this study came from the following. Below it, for real
# models: when they replied (UTC), and what that took in calls, tokens and dollars.

# %%
served = serving.read_servers(here)
display(served, Markdown(serving.describe_mixtures(served)))
used = serving.read_usage(here)
used if len(used) else Markdown("No real model was asked for this study.")

# %% [markdown]
# ## The votes
#
# The most frequent answer of the runs is the model's stance: 1 agrees, -1 disagrees.

# %%
rules = Rules(tie_rule=tie_rule, missing_votes=missing_votes)
voted = cast_votes(answered, stance_runs, rules)
stances = wordings.align(voted, wordings.cast_all(in_wordings, wording_runs, rules))
voted.head(3)

# %% [markdown]
# Each stance comes with its reasons: the first reply that gave it. They are shown only if the
# study's debates were written for this project, because a reply may quote the statement.

# %%
reasons = serving.read_reasons(here, answered, voted)
reasons.head(3)

# %% [markdown]
# ## The scores
#
# Stance times polarity, for each label, model and language.

# %%
scored = scores.label_scores(here.read("05_sociocultural_statements"), voted, here.models)
scored.head(3)

# %% [markdown]
# ## Who stands apart
#
# For each model in each language: how consistent it is (`same`, the mean share of its answered runs
# that gave the most frequent answer), and how often it agrees (`agrees`). A model that agreed with
# everything would score whatever the labels happen to favour.

# %%
steady = voted.assign(same=voted["support"] / voted["answered"])
steady["agrees"] = voted["vote"].map({1: 1.0, -1: 0.0})
steady.pivot_table(index="model", columns="language", values=["same", "agrees"]).round(3)

# %% [markdown]
# ## What missing answers would change
#
# `low` and `high` are a model's mean score if all of its missing runs had gone one way or the
# other. The positions with the widest gaps come first.

# %%
bounds = missing_runs.bound_means(scored, voted)
bounds.assign(gap=bounds["high"] - bounds["low"]).nlargest(5, "gap").round(2)

# %%
undecided = int(voted["vote"].isna().sum())
Markdown(
    f"**{len(cells):,} questions gave {len(voted):,} stances**, {undecided} of them undecided; "
    f"combined with the labels, they give {int(scored['score'].notna().sum()):,} scores."
)

# %%
tables = {"07_accounting": accounting, "07_votes": voted, "07_scores": scored, "07_bounds": bounds}
tables |= {"07_served": served, "07_usage": used, "07_reasons": reasons, "07_stances": stances}
written += [here.write(table, name) for name, table in tables.items()]
said = f"{len(cells):,} questions gave {voted['vote'].notna().sum():,} stances and "
said += f"{int(scored['score'].notna().sum()):,} scores; notebooks 08, 09 and 10 work with these."
page_notes.conclude(written, f"{said} {page_notes.caution(here)}")
