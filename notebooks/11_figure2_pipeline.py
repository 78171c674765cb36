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
# the paper stand beside ours.
#
# *reads* `01_debates.csv` to `07_accounting.csv` · *writes* `11_counts.csv`, `figure2` · *takes* the study alone

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name

# %%
import pandas as pd
from IPython.display import Markdown

from utils import figures
from utils.execution import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## The counts
#
# Each step of the pipeline leaves a table; this is how many rows of each kind they hold, with the paper's count where
# it prints one.

# %%
relevance, labels = here.read("04_relevance"), here.read("05_sociocultural_statements")
asked = [int(here.read(f"{n}_accounting")["planned"].sum()) for n in ("04", "05", "07")]
counts = pd.DataFrame(
    [
        ("Collect", "debates", len(here.read("01_debates")), 1534),
        ("Filter", "statements kept", len(here.read("02_statements")), 776),
        ("Relevance", "relevant pairs", int(relevance["relevant"].sum()), 378),
        ("Polarity", "labelled statements", labels["statement_id"].nunique(), 281),
        ("Polarity", "labels", len(labels), None),
        ("Stance", "questions in all", sum(asked), 100000),
    ],
    columns=["step", "what", "here", "paper"],
).astype({"paper": "Int64"})
counts

# %% [markdown]
# The paper's 378 pairs are the sum of its six counts in Appendix A, and its 100,000 requests are "roughly".

# %% [markdown]
# ## Figure 2
#
# Boxes are steps, and the arrows carry what goes from one to the next.

# %%
boxes = [
    ("Collect", f"{counts['here'][0]:,} debates", "from Kialo's form of debate"),
    ("Filter", f"{counts['here'][1]:,} statements", "enough votes, one thesis"),
    ("Relevance", f"{counts['here'][2]:,} pairs", f"{asked[0]:,} questions: relevant?"),
    ("Polarity", f"{counts['here'][4]:,} labels", f"{asked[1]:,} questions: -2 to +2"),
    ("Stance", f"{counts['here'][3]:,} statements", f"{asked[2]:,} questions: agree?"),
]
here.save(figures.pipeline_counts(boxes), "figure2", "The pipeline from debates to scored statements, with this study's counts.")

# %% [markdown]
# *Figure 2. The counts are this study's. Relevance and polarity are each the vote of all judges in all languages, and a
# sample of both is checked by people (notebook 06).*

# %%
files = [here.write(counts, "11_counts")]
Markdown("Written: " + ", ".join(f"`{f}`" for f in files) + f". {counts['here'][0]:,} debates became {counts['here'][4]:,} labels.")
