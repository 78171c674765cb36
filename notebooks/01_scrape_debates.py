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
# # 01 · Which debates were collected?
#
# Debates come from the source that the study names: live Kialo, saved responses of its interface, a
# folder of exports, or a table of statements. Each debate yields its theses and their votes. This
# gives the first number of **Appendix A** (in the paper, 1,534 debates).
#
# *reads* `data/raw/<study>/debates` or `data/raw/<study>/statements.csv` · *writes*
# `01_debates.csv`, `01_theses.csv`, `01_refused.csv` · *takes* the study only

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/

# %%
import pandas as pd
from IPython.display import Markdown

from alignment.kialo import sources
from alignment.study import page_notes
from alignment.study.workspace import open_study

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## Collecting
#
# A live collection saves every raw response as it arrives, so nothing is fetched twice and an
# interrupted collection resumes where it stopped. It starts only if the study states that Kialo has
# given permission.

# %%
settings = here.study.debates.model_dump(include={"source", "permission", "keep_twins"})
pd.Series(settings).rename("setting").to_frame()

# %%
debates, theses, refused = sources.read_debates(here)
tables = {"01_debates": debates, "01_theses": theses, "01_refused": refused}
files = [here.write(table, name) for name, table in tables.items()]
Markdown(
    f"**{len(debates):,} debates** with {len(theses):,} theses; {len(refused)} files were rejected."
)

# %% [markdown]
# ## The debates
#
# One row per debate. Titles belong to Kialo's users and are shown only if the debates were written
# for this project.

# %%
page_notes.with_texts(here, debates.drop(columns=["title", "question"])).head(3)

# %% [markdown]
# Debates come in several shapes: with one thesis, with several competing theses (the title is then
# a question), or with none, if the debate has become private or its thesis was deleted.

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
    f"**{single} of {len(debates)} debates have exactly one thesis**; "
    f"{foreign.sum()} are in a language other than the study's first."
)

# %% [markdown]
# ## The theses
#
# A thesis is identified by its place in the debate, not by a claim number. Its votes count the
# people who judged whether it is true; the votes of the whole debate include those on every
# argument below it.

# %%
page_notes.with_texts(here, theses.drop(columns="text")).head(3)

# %%
known = theses["votes"].notna().sum()
Markdown(
    f"The number of votes is known for **{known} of {len(theses)} theses**; "
    f"the median is {theses['votes'].median():.0f}."
)

# %% [markdown]
# ## Rejected files
#
# A file that is not a debate is listed with the reason, and nothing in it is used.

# %%
refused

# %%
said = f"{len(debates):,} debates with {len(theses):,} theses; votes are known of {known:,}."
page_notes.conclude(files, f"{said} Notebook 02 leaves out those with too few.")
