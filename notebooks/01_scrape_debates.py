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
# # 01 · Which debates are there?
#
# Debates are collected from where the study says: live Kialo, kept answers of its interface, a folder of exports, or a
# table of statements. From each debate come its theses and their votes. This makes the first number of **Appendix A**
# (the paper: 1,534 debates).
#
# *reads* `data/raw/<study>/debates` · *writes* `01_debates.csv`, `01_theses.csv`, `01_refused.csv` · *takes* the study
# alone

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name

# %%
import pandas as pd
from IPython.display import Markdown

from alignment.kialo import sources
from alignment.study.workspace import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## Collecting
#
# A live collection keeps every raw answer on disk as it arrives, so nothing is fetched twice and an interrupted one
# goes on where it stopped. It starts only when the study says that Kialo gave permission.

# %%
settings = here.study.debates.model_dump(include={"source", "permission", "keep_twins"})
pd.Series(settings).rename("setting").to_frame()

# %%
debates, theses, refused = sources.debates(here)
tables = {"01_debates": debates, "01_theses": theses, "01_refused": refused}
files = [here.write(table, name) for name, table in tables.items()]
Markdown(
    f"**{len(debates):,} debates** with {len(theses):,} theses; {len(refused)} files were refused."
)

# %% [markdown]
# ## The debates
#
# One row a debate. Titles belong to Kialo's users and are shown only where the debates were written for this project.

# %%
here.with_texts(debates.drop(columns=["title", "question"])).head(3)

# %% [markdown]
# Debates come in several shapes: with one thesis, with several competing ones (the title is then a question), or with
# none left, when a debate turned private or its thesis was deleted.

# %%
debates["n_theses"].value_counts().sort_index().rename("debates").to_frame()

# %%
debates["language"].replace("", "unknown").value_counts().rename("debates").to_frame()

# %%
single, foreign = (
    (debates["n_theses"] == 1).sum(),
    ~debates["language"].isin(["", here.study.languages[0]]),
)
Markdown(
    f"**{single} of {len(debates)} debates have exactly one thesis**; {foreign.sum()} are in another language than the study's first."
)

# %% [markdown]
# ## The theses
#
# A thesis is found by its place in the debate, never by a number. Its votes say how many people judged whether it is
# true; the votes of the whole debate include those on every argument below it.

# %%
here.with_texts(theses.drop(columns="text")).head(3)

# %%
known = theses["votes"].notna().sum()
Markdown(
    f"The votes of **{known} of {len(theses)} theses** are known; their median is {theses['votes'].median():.0f}."
)

# %% [markdown]
# ## What was refused
#
# A file that is no debate is named with the reason, and nothing of it is used.

# %%
refused

# %%
Markdown(
    "Written: "
    + ", ".join(f"`{f}`" for f in files)
    + ". The next notebook leaves out what too few people voted on."
)
