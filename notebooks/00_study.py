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
# # 00 · What is studied, and what will it cost?
#
# Models developed in different countries are asked about debate statements, and their answers are
# placed on Hofstede's six cultural dimensions. This page sets out the design: the dimensions
# (**Table 1** of the paper), the models, the languages, and the number of questions.
#
# *reads* the study file, `data/reference` · *writes* `00_dimensions.csv`, `00_models.csv`,
# `00_calls.csv` · *takes* the number of runs

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
relevance_runs: int = 5  # runs of each judge in each language on whether a statement is relevant
polarity_runs: int = 5  # runs of each judge in each language on what agreeing implies
stance_runs: int = 5  # runs of each model in each language on whether it agrees
wording_runs: int = 3  # runs of the same in each other wording that the study names

# %%
import pandas as pd
from IPython.display import Markdown

from alignment.asking import plan
from alignment.paper import published
from alignment.study import page_notes
from alignment.study.workspace import open_study

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The dimensions
#
# Each dimension runs between two poles. A statement is relevant to a dimension if agreeing with it
# says something about where one stands between them; agreeing then scores from -2 (strongly towards
# the negative pole) to +2.

# %%
dimensions = pd.DataFrame(here.describe("en")).T.rename_axis("dimension").reset_index()
dimensions

# %% [markdown]
# The paper's Table 1 prints the two poles of LTO the other way round, with immediate gratification
# as the positive one. Its introduction, its Table 4 and Hofstede's own index take long-term
# orientation as positive, and so does this study. This is the row of Table 1.

# %%
published.read_published("paper_table1").query("dimension == 'LTO'")[
    ["dimension", "positive_pole", "negative_pole", "note"]
]

# %% [markdown]
# ## The models
#
# Each model belongs to a culture: the country in which it was developed. Groups are compared in the
# native language of their culture, but every model is asked in every language.

# %%
here.models

# %% [markdown]
# The judges, which label the statements, can be chosen separately from the models that are asked
# for their stance. In the paper they are the same.

# %%
pd.DataFrame(
    {
        "asked for a stance": list(here.study.models),
        "judge": [m in here.judges for m in here.study.models],
    }
)

# %% [markdown]
# ## The questions
#
# Three steps ask questions: is a statement **relevant** to a dimension, what is the **polarity** of
# agreeing with it, and what is the model's own **stance**? Every question is repeated (in the
# paper, five times at temperature 1), and the most frequent answer counts.

# %%
runs = {"relevance": relevance_runs, "polarity": polarity_runs, "stance": stance_runs}
runs |= {step: wording_runs for step in here.study.steps if step not in runs}
pd.DataFrame(
    {"step": runs.keys(), "runs": runs.values(), "temperature": here.study.sampling.temperature}
)

# %% [markdown]
# The relevance step is by far the largest, because it asks about every statement on every
# dimension. Before anything has been collected, the plan uses the sizes that the study file
# expects.

# %%
known = here.study.expected is not None
calls = plan.plan_expected_calls(here.study, runs)
calls.groupby("step", sort=False)[
    ["calls", "input_tokens", "output_tokens", "usd_low", "usd_high"]
].sum().round(2)

# %%
money = (
    f"between ${calls['usd_low'].sum():,.0f} and ${calls['usd_high'].sum():,.0f}"
    if calls["usd_high"].sum()
    else "$0"
)
count = f"{calls['calls'].sum():,} questions"
Markdown(
    f"**{count}** in all, at a cost of {money} at the study's prices."
    if known
    else "How many questions there will be is not known yet: the study file expects no sizes."
)

# %% [markdown]
# The same count for the paper's own sizes, under three readings of its first step. The paper
# reports "roughly 100,000 requests". The first reading matches that number; the last is what five
# runs of every question on the statements kept would take. "Roughly" may have been meant loosely.

# %%
published.count_requests()

# %%
files = [
    here.write(dimensions, "00_dimensions"),
    here.write(here.models, "00_models"),
    here.write(calls, "00_calls"),
]
asked = f": {count}, {money} at the study's prices" if known else ""
size = f"{len(here.study.models)} models in {len(here.study.languages)} languages"
said = f"The study asks {size}{asked}."
page_notes.conclude(files, said)
