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
# # 13 · Does it agree with what the paper prints?
#
# Every number that the paper prints stands here beside the one computed in this study, with a verdict. Apart from that,
# the printed tables are checked against each other, by arithmetic alone; and in a simulated study, what was found is
# held against what was planted.
#
# *reads* the tables of notebooks 01 to 10, `data/reference` · *writes* `13_ledger.csv`, `13_consistency.csv`,
# `13_claims.csv`, `13_recovery.csv`, `recovery` · *takes* the number of resamples

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
human_values: str = "current"  # whose values of people: The Culture Factor's current tool, or the 2015 matrix
resamples: int = 10000  # bootstrap resamples of the statements

# %%
import numpy as np
import pandas as pd
from IPython.display import Markdown

from utils import consistency, ledger, plots, published, recovery
from utils.execution import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## Planted and found
#
# Simulated respondents have known leanings, so the pipeline can be tested: each row compares what was planted with what
# the pipeline found without knowing it. Only this table reads the plan.

# %%
recovered = recovery.table(here, np.random.default_rng(13), resamples)
recovered.head(3).round(2)

# %%
figure = plots.recovery(recovered)
here.save(figure, "recovery", "Planted against found mean scores of the simulated respondents, with 95 % intervals.")

# %% [markdown]
# *Each point is a model in a language on a dimension. On the line, what was found is what was planted. In a study that
# is not simulated nothing was planted, and there is no picture.*

# %%
Markdown(recovery.sentence(recovered))

# %% [markdown]
# The labels are found again, too: which pairs were planted as relevant, and with which polarity.

# %%
recovery.labels(here)

# %% [markdown]
# ## The ledger
#
# Each printed number and claim: *paper, here, difference, verdict*. A simulated study cannot reproduce a finding; for
# whatever rests on answers its only verdict is that it cannot be checked.

# %%
entries = published.ledger(ledger.values(here), here.respondents, ledger.same_debates(here), human_values)
entries.groupby("verdict").size().rename("items").to_frame()

# %%
entries[entries["here"] != ""].head(12)

# %% [markdown]
# ## What the printed numbers alone say
#
# From here on nothing of this study is used: the numbers are the paper's, read from one copy of it. First its claims,
# as far as print decides them.

# %%
claims = published.claims_from_print()
claims[["claim", "finding", "verdict"]]

# %% [markdown]
# ## Which numbers of statements are possible?
#
# With whole labels and two-valued stances, a mean of n statements is a whole number over n; and since a changed stance
# moves a sum by twice the label, all eight sums of a row of Table 3 are odd together or even together. For each row:
# which n up to the stated one allow all eight printed means?

# %%
table3 = published.table3_long()
rows = consistency.check_rows(table3, published.stated_n())
rows.query("labels == 'integer labels, one parity'")[["dimension", "stated", "stated_fits", "up_to_stated"]]

# %% [markdown]
# The other readings of the labels: without the parity, and with half labels. A reading that allows nearly every n
# decides nothing.

# %%
rows.query("labels != 'integer labels, one parity'").pivot(index="dimension", columns="labels", values="up_to_stated")

# %% [markdown]
# How much is such a fit worth? Moved at random by a few hundredths, a row of eight means fits some n up to the stated
# one this often:

# %%
chance = {d: consistency.chance_of_fit(r["mean"], range(10, published.stated_n()[d] + 1), np.random.default_rng(13)) for d, r in table3.groupby("dimension", sort=False)}
pd.Series(chance).rename("chance of a fit").to_frame().T

# %% [markdown]
# ## Which changes could be significant?
#
# A printed difference comes from a number of changed statements. For the cells that the paper names as significant:
# how many can have changed at most, and the best exact paired p that so many can reach.

# %%
best = consistency.best_exact_p(table3, consistency.n_by_row(table3, published.stated_n()))
named = best.set_index(["dimension", "model"]).loc[published.NAMED]
named[["n", "mean_a", "mean_b", "most_changed", "best_p"]]

# %% [markdown]
# Cells that the text does not name and that could reach p < 0.05 at such an n:

# %%
best[best["can_reach"] & ~best.set_index(["dimension", "model"]).index.isin(published.NAMED)].head(20)

# %% [markdown]
# ## Two more sums
#
# 94.65 % as a share of what four, or three, annotators could have judged; and the number of requests under three
# readings of the method, against "roughly 100,000".

# %%
consistency.possible_share(94.65, 2, {"4 annotators x 81 pairs": 324, "3 annotators x 81 pairs": 243})

# %%
consistency.request_readings()

# %% [markdown]
# All of this with two caveats: one copy of the paper was read, and another rule than those tried here may have been
# used. A mean over dimensions, or skipped ratings, would explain 94.65 as well.

# %%
tables = {"13_ledger": entries, "13_consistency": rows.assign(respondents="printed"), "13_claims": claims.assign(respondents="printed"), "13_recovery": recovered}
files = [here.write(table, name) for name, table in tables.items()]
Markdown("Written: " + ", ".join(f"`{f}`" for f in files) + f". {here.caution}")
