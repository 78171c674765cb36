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
# # 11 · How do debates become scores?
#
# The pipeline from debates to scored statements, with this study's own counts. This gives **Figure
# 2**, and sets the numbers of the paper's Appendix A beside those of this study.
#
# *reads* `01_debates.csv`, `02_statements.csv`, `04_relevance.csv`, `04_accounting.csv`,
# `05_sociocultural_statements.csv`, `05_accounting.csv`, `07_accounting.csv`, `data/reference` ·
# *writes* `11_counts.csv`, `figure2` · *takes* the study only

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/

# %%
import pandas as pd

from alignment.figures import paper_figures, style
from alignment.paper import published, study_values
from alignment.study import page_notes
from alignment.study.workspace import open_study

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The table
#
# Each step of the pipeline writes a table. This is how many items each holds, beside the count that
# the paper prints; its number of requests is approximate ("roughly").

# %%
ours = pd.Series(study_values.count_pipeline(here), name="here")
theirs = published.read_published("paper_counts").set_index("item")["value"].reindex(ours.index)
counts = ours.to_frame().assign(paper=pd.to_numeric(theirs)).rename_axis("item").reset_index()
counts

# %% [markdown]
# A statement may be relevant to several dimensions, so there are more pairs than statements. Not
# every relevant pair gets a label, since pairs with a median of zero are dropped. The figure shows
# these sizes.

# %%
sizes = {
    "pairs": int(here.read("04_relevance")["relevant"].sum()),
    "labels": len(here.read("05_sociocultural_statements")),
    "labelled": here.read("05_sociocultural_statements")["statement_id"].nunique(),
}
asked = {n: int(here.read(f"{n}_accounting")["planned"].sum()) for n in ("04", "05", "07")}
pd.DataFrame([sizes | {f"questions in {n}": k for n, k in asked.items()}])

# %% [markdown]
# ## The figure
#
# Boxes are steps; arrows show what passes from one to the next.

# %%
collected, kept = counts["here"].iloc[:2]
boxes = [
    ("Collect", f"{collected:,} debates", "in Kialo's format"),
    ("Filter", f"{kept:,} statements", "enough votes, one thesis"),
    ("Relevance", f"{sizes['pairs']:,} pairs", f"{asked['04']:,} questions: relevant?"),
    ("Polarity", f"{sizes['labels']:,} labels", f"{asked['05']:,} questions: −2 to +2"),
    ("Stance", f"{sizes['labelled']:,} statements", f"{asked['07']:,} questions: agree?"),
]
figure = paper_figures.pipeline_counts(boxes)

# %%
caption = "Figure 2: the pipeline from debates to scored statements, with this study's counts."
style.save(here, figure, "figure2", caption)

# %% [markdown]
# *Figure 2. The counts are this study's. Relevance and polarity are each decided by the votes of
# all judges in all languages, and people check a sample of both (notebook 06).*

# %%
file = here.write(counts, "11_counts")
became = f"{collected:,} debates became {sizes['labels']:,} labels."
page_notes.conclude([file], f"{became} {page_notes.caution(here)}")
