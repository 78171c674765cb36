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
# # 11 · How did debates become scores?
#
# The pipeline from debates to scored statements, with this study's own counts. This makes **Figure 2**; the numbers of
# the paper's Appendix A stand beside ours.
#
# *reads* the tables of notebooks 01 to 07 · *writes* `11_counts.csv`, `figure2` · *takes* the study alone

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name

# %%
import pandas as pd
from IPython.display import Markdown

from alignment.figures import paper_figures, style
from alignment.paper import ledger, published
from alignment.study.workspace import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## The table
#
# Each step of the pipeline leaves a table; this is how many rows of each kind they hold, beside the count that the
# paper prints. Its requests are "roughly" as many.

# %%
ours = pd.Series(ledger.counts(here), name="here")
theirs = published.read("paper_counts").set_index("item")["value"].reindex(ours.index)
counts = ours.to_frame().assign(paper=pd.to_numeric(theirs)).rename_axis("item").reset_index()
counts

# %% [markdown]
# A statement may speak to several dimensions, so there are more pairs than statements; and not every relevant pair gets
# a label, since a median of zero is dropped. Here are the sizes that the figure shows.

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
# Boxes are steps, and the arrows carry what goes from one to the next.

# %%
collected, kept = counts["here"].iloc[:2]
boxes = [
    ("Collect", f"{collected:,} debates", "from Kialo's form of debate"),
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
# *Figure 2. The counts are this study's. Relevance and polarity are each the vote of all judges in all languages, and a
# sample of both is checked by people (notebook 06).*

# %%
file = here.write(counts, "11_counts")
became = f"{collected:,} debates became {sizes['labels']:,} labels."
Markdown(f"Written: `{file}`. {became} {here.caution}")
