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
# # 12 · What may be published?
#
# The statements belong to the people who wrote them, so the release contains ids, hashes and
# labels, but no texts. A data card accompanies it. Examples of scored statements make up **Table
# 4**.
#
# *reads* `01_debates.csv`, `01_theses.csv`, `02_statements.csv`, `03_translations.csv`,
# `05_polarity.csv`, `05_sociocultural_statements.csv`, `06_ratings.csv`, `data/reference` ·
# *writes* `12_release/`, `12_table4.csv` · *takes* the study only

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/

# %%
from IPython.display import Markdown

from alignment.paper import published
from alignment.release import comparison, dataset
from alignment.study import page_notes
from alignment.study.workspace import open_study

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The release
#
# One row for each statement and dimension. The hash shows later whether a text is still the one
# that was labelled.

# %%
labels, statements = here.read("05_sociocultural_statements"), here.read("02_statements")
data = dataset.build_dataset(labels, statements, here.read("05_polarity"))
data.head(3)

# %%
data.groupby("dimension")["polarity"].agg(labels="count", mean="mean").reindex(
    here.dimensions
).round(2)

# %% [markdown]
# ## Table 4
#
# One example per dimension: the statement with the most votes. Texts are shown only if the study's
# debates were written for this project.

# %%
table4 = page_notes.with_texts(here, dataset.pick_examples(data, here.dimensions))
table4

# %% [markdown]
# The paper's own examples, as printed in its Table 4:

# %%
published.read_published("paper_table4")

# %% [markdown]
# ## The files
#
# The table, and a card that says what it is, how it was made and what it must not be used for. A
# simulated release says so in its name and its card. It has no Croissant metadata for data
# catalogues, because it is test output, not a data set.

# %%
translated, ratings = here.read("03_translations"), here.read("06_ratings")
written = dataset.write_release(here, data, translated, ratings)
Markdown("In `12_release/`: " + ", ".join(f"`{name}`" for name in written) + ". The card says:")

# %%
Markdown(
    dataset.make_card(here, data, translated, ratings)
    .split("---\n", 2)[2]
    .replace("\n# ", "\n### ")
    .replace("\n## ", "\n#### ")
)

# %% [markdown]
# ## From the release back to the texts
#
# `.venv/bin/alignment rehydrate` fetches the texts of a release again, through the live client
# (with Kialo's permission) or from a folder of exports. It reports which statements are unchanged,
# changed or gone and how their votes have moved, and writes texts only to the reader's own machine.
# Here it is tried on the study's own debates, where nothing should have changed.

# %%
again = comparison.compare_release(data, here.read("01_debates"), here.read("01_theses"))
again.groupby("state", as_index=False).agg(
    statements=("statement_id", "size"), votes_moved=("moved", "median")
)

# %%
files = [here.write(dataset.pick_examples(data, here.dimensions), "12_table4")]
said = f"The release holds {len(data)} labels of {data['statement_id'].nunique()} statements and "
said += "no texts; notebook 06 says how good they are."
page_notes.conclude(files, f"{said} {page_notes.caution(here)}")
