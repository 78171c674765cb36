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
# # 03 · What do the statements say in the other language?
#
# Every model is asked in every language of the study, so every statement is needed in each. The paper used Google
# Translate and nobody checked the result; here each text carries who made it and a hash of the English it was made
# from, and checks that need no Chinese look for what went wrong.
#
# *reads* `02_statements.csv` · *writes* `03_translations.csv`, `03_checks.csv` · *takes* the study alone

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name

# %%
from IPython.display import Markdown

from alignment.study.workspace import open_study
from alignment.translation import checks, translations

here = open_study(study)
here.banner()

# %% [markdown]
# ## The texts
#
# A stored translation counts only while the English behind it is unchanged; a reader's correction wins over a
# machine's text. What is missing comes from the study's translator: Google Cloud Translation, a model of the study, or
# a table that somebody brought. Each text is on disk before the next is asked for, so nothing is translated twice.

# %%
statements = here.read("02_statements")
outdated = translations.outdated(here, statements)
translated = translations.translations(here, statements)
translated.drop(columns="text").head(3)

# %% [markdown]
# Who made them, and how many were corrected by a reader:

# %%
translated.groupby(["language", "translator"], as_index=False).agg(
    texts=("text", "size"), corrected=("corrected", "sum")
)

# %%
Markdown(
    f"**The text of {len(outdated)} statements has changed since it was translated**, so what was stored for it is not "
    f"used; {outdated['correction_lost'].sum()} of them had a reader's correction and need a reader again."
    if len(outdated)
    else "No statement has changed since it was translated."
)

# %%
placeholders = (translated["translator"] == "simulated").sum()
Markdown(
    f"**{placeholders} of these texts are placeholders and no translations**: they hold only 模拟译文 and the statement's id."
    if placeholders
    else f"**{len(translated)} texts** stand beside {len(statements)} statements; none of them is a placeholder."
)

# %% [markdown]
# ## Checks that need no Chinese
#
# Numbers, negations and names in Latin letters that got lost, text that was left in English, a length far from the
# usual, and a back-translation (where the table has one) that is far from the English. Each is listed for a reader to
# look at; an empty list is good news, and no proof.

# %%
findings = checks.checks(statements, translated)
findings

# %%
findings["reason"].str.replace(r"[:(].*", "", regex=True).str.strip().value_counts().rename(
    "statements"
).to_frame()

# %%
Markdown(
    f"**{findings['statement_id'].nunique()} of {len(statements)} statements** have something to look at, "
    "by the checks that need no Chinese; whether the others are well translated, only a reader can say."
)

# %% [markdown]
# ## A reader of Chinese
#
# `.venv/bin/alignment review NAME` writes a spreadsheet with every statement, its translation and what a
# check found, the doubtful ones first. `.venv/bin/alignment import translations NAME FILE` takes it back: a correction
# wins over the machine's text and is marked as corrected.

# %%
corrected = translated["corrected"].astype(bool).sum()
Markdown(f"**{corrected} of {len(translated)} texts** were corrected by a reader.")

# %%
files = [here.write(translated, "03_translations"), here.write(findings, "03_checks")]
Markdown(
    "Written: "
    + ", ".join(f"`{f}`" for f in files)
    + ". Every statement now stands in every language of the study."
)
