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
# Models from two countries read debate statements, and their replies are placed on Hofstede's six cultural
# dimensions. This page sets out the design: the dimensions (**Table 1** of the paper), the models, the languages, and
# how many questions have to be asked.
#
# *reads* the study file · *writes* `00_dimensions.csv`, `00_models.csv`, `00_calls.csv` · *takes* the number of runs

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
relevance_runs: int = 5  # runs of each model in each language on whether a statement is relevant
polarity_runs: int = 5  # runs of each model in each language on what agreeing says
stance_runs: int = 5  # runs of each model in each language on whether it agrees

# %%
import pandas as pd
from IPython.display import Markdown

from alignment.asking import plan
from alignment.paper import published
from alignment.study.workspace import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## The dimensions
#
# Each dimension runs between two poles. A statement speaks to a dimension when agreeing with it says something about
# where one stands between them; agreeing with it then scores from -2 (strongly the negative pole) to +2.

# %%
dimensions = pd.DataFrame(here.describe("en")).T.rename_axis("dimension").reset_index()
dimensions

# %% [markdown]
# The paper's Table 1 prints the two poles of LTO the other way round: immediate gratification as positive. Its
# introduction, its Table 4 and Hofstede's own index have long-term orientation as positive, and so have we. Here is
# that row of Table 1.

# %%
published.table(1).query("dimension == 'LTO'")[
    ["dimension", "positive_pole", "negative_pole", "note"]
]

# %% [markdown]
# ## The models
#
# A group of models stands for a country: the one in which they were developed. Its native language is the one in
# which the groups are compared; every model is asked in every language.

# %%
here.models

# %% [markdown]
# Who judges is a choice of its own. In the paper, the models that label the statements (the judges) are also the ones
# that are asked for their stance.

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
# Three steps ask: is the statement **relevant** to the dimension, what **polarity** has agreeing with it, and what is
# the model's own **stance**. Every question is put several times (the paper: five times at temperature 1), and the most
# frequent answer counts.

# %%
runs = {"relevance": relevance_runs, "polarity": polarity_runs, "stance": stance_runs}
pd.DataFrame(
    {"step": runs.keys(), "runs": runs.values(), "temperature": here.study.sampling.temperature}
)

# %% [markdown]
# The relevance step is by far the largest, for it asks every statement about every dimension. The sizes are those that
# the study file expects, since nothing has been collected yet when one plans.

# %%
calls = plan.expected_calls(here.study, runs)
calls.groupby("step", sort=False)[
    ["calls", "input_tokens", "output_tokens", "usd_low", "usd_high"]
].sum().round(2)

# %%
money = (
    f"between ${calls['usd_low'].sum():,.0f} and ${calls['usd_high'].sum():,.0f}"
    if calls["usd_high"].sum()
    else "nothing"
)
Markdown(
    f"**{calls['calls'].sum():,} questions** in all, which cost {money} at the study's prices."
)

# %% [markdown]
# The same sum for the paper's own sizes, under three readings of its first step. The paper speaks of "roughly 100,000
# requests": the first reading fits, and the last is what five runs of every question over the kept statements take.
# "Roughly" may be meant loosely.

# %%
published.request_readings()

# %%
files = [
    here.write(dimensions, "00_dimensions"),
    here.write(here.models, "00_models"),
    here.write(calls, "00_calls"),
]
Markdown(
    "Written: "
    + ", ".join(f"`{f}`" for f in files)
    + f". {len(here.models)} models answer {calls['calls'].sum():,} questions if the sizes are as expected."
)
