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

from utils import translation
from utils.execution import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## The texts
#
# A stored translation counts only while the English behind it is unchanged; a reader's correction wins over a
# machine's text. What is missing comes from the study's translator.

# %%
statements = here.read("02_statements")
translated = translation.translations(here, statements)
translated.drop(columns="text").head(3)

# %% [markdown]
# Who made them, and how many were corrected by a reader:

# %%
translated.groupby(["language", "translator"], as_index=False).agg(texts=("text", "size"), corrected=("corrected", "sum"))

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
# A number that got lost, a text that was left in English, a length far from the usual: each is listed for a reader
# to look at. An empty list is good news, and no proof.

# %%
checks = translation.checks(statements, translated)
checks

# %%
Markdown(f"**{checks['statement_id'].nunique()} of {len(statements)} statements** have something to look at.")

# %%
files = [here.write(translated, "03_translations"), here.write(checks, "03_checks")]
Markdown("Written: " + ", ".join(f"`{f}`" for f in files) + ". Every statement now stands in every language of the study.")
