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
# # 03 · Do the statements say the same in each language?
#
# Every model is asked in every language of the study, so every statement is needed in each. The
# paper used Google Translate and did not check the result. Here each text records who made it and a
# hash of the English original, and checks that require no Chinese flag what may have gone wrong.
#
# *reads* `02_statements.csv`, `data/raw/<study>/translations.csv` · *writes*
# `03_translations.csv`, `03_checks.csv` · *takes* the study only

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/

# %%
from IPython.display import Markdown, display

from alignment.study import page_notes
from alignment.study.workspace import open_study
from alignment.translation import checks, translations

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The texts
#
# A stored translation is valid only while the English original is unchanged, and a reviewer's
# correction takes precedence over the machine's text. Missing texts come from the study's
# translator: Google Cloud Translation, a model of the study, or a table that was supplied. Each
# text is saved before the next is requested, so nothing is translated twice.

# %%
statements = here.read("02_statements")
outdated = translations.find_outdated(here, statements)
translated = translations.translate(here, statements)
translated.drop(columns="text").head(3)

# %% [markdown]
# The translators, and how many of their texts a reviewer corrected:

# %%
translated.groupby(["language", "translator"], as_index=False).agg(
    texts=("text", "size"), corrected=("corrected", "sum")
)

# %%
Markdown(
    f"**The text of {len(outdated)} statements has changed since it was translated**, so the "
    f"stored translations are not used; {outdated['correction_lost'].sum()} of them had been "
    "corrected by a reviewer and need another review."
    if len(outdated)
    else "No statement has changed since it was translated."
)

# %%
placeholders = (translated["translator"] == "simulated").sum()
Markdown(
    f"**{placeholders} of these texts are placeholders, not translations**: "
    "they contain only 模拟译文 and the statement's id."
    if placeholders
    else f"**{len(translated)} translated texts** for {len(statements)} statements; "
    "none of them is a placeholder."
)

# %% [markdown]
# ## Checks that require no Chinese
#
# These flag missing numbers and names in Latin letters, a negation or a demand (*should*) that is
# missing or was added, text left in English, an unusual length, and a back-translation (where the
# table has one) far from the English. Each flag is for a reviewer to look at.

# %%
findings = checks.check_translations(statements, translated)
findings

# %%
findings["reason"].str.replace(r"[:(].*", "", regex=True).str.strip().value_counts().rename(
    "statements"
).to_frame()

# %%
Markdown(
    f"**{findings['statement_id'].nunique()} of {len(statements)} statements** are flagged. "
    "Only a reader of Chinese can say whether the others are well translated."
)

# %% [markdown]
# What the checks cannot see: the Chinese texts are spoilt on purpose, and the flagged ones counted.
# What is not flagged here would not be flagged in a real table either; a text that says something
# else at the right length passes. A table whose rows have slipped betrays itself as a whole, since
# longer statements have longer translations: below, how far lengths go together, over all texts, if
# each stood beside the next statement, and at least in any 20 in a row.

# %%
checks.measure_sight(statements, translated)

# %%
order = checks.measure_order(statements, translated)
slipped = order.loc[order["least"] < checks.TOGETHER, "language"]
display(order.round(2))
Markdown(
    f"**Some texts in {', '.join(slipped)} may stand beside the wrong statements.**"
    if len(slipped)
    else "No texts seem to stand beside the wrong statements."
)

# %% [markdown]
# ## Review by a reader of Chinese
#
# `.venv/bin/alignment review NAME` writes a spreadsheet with every statement, its translation and
# what the checks found, doubtful ones first. `.venv/bin/alignment import translations NAME FILE`
# reads it back: corrections take precedence over the machine's text and are marked as such.

# %%
corrected = translated["corrected"].astype(bool).sum()
Markdown(f"**{corrected} of {len(translated)} texts** were corrected by a reviewer.")

# %%
files = [here.write(translated, "03_translations"), here.write(findings, "03_checks")]
flagged = findings["statement_id"].nunique()
said = f"{len(translated):,} translated texts, of which {placeholders:,} are placeholders, "
page_notes.conclude(files, f"{said}{flagged:,} look odd and {corrected:,} were corrected.")
