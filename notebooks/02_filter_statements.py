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
# # 02 · Which statements are kept?
#
# A statement that hardly anybody voted on may be noise. As in the paper, whose threshold is 3, statements with too few
# votes are left out, and what is left out is counted with its reason. This makes the second number of **Appendix A**
# (the paper: 776 of 1,534).
#
# *reads* `01_debates.csv`, `01_theses.csv` · *writes* `02_statements.csv`, `02_left_out.csv` · *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
min_votes: int = 3  # votes that a statement needs to be kept
vote_source: str = "thesis"  # which votes count: those on the thesis, or on the whole debate
multi_thesis: str = "leave_out"  # debates with several theses: left out, or one statement each

# %%
import pandas as pd
from IPython.display import Markdown

from alignment.figures import diagnostics, style
from alignment.study.workspace import open_study
from utils import vote_filter

here = open_study(study)
here.banner()

# %% [markdown]
# ## The votes
#
# Every thesis comes with its number of votes; where nobody knows it, it stays empty and is not taken for zero.

# %%
debates, theses = here.read("01_debates"), here.read("01_theses")
theses[["statement_id", "votes", "debate_votes"]].head(3)

# %% [markdown]
# Votes are spread very unevenly: many statements have a handful, a few have dozens. The line marks what is needed.

# %%
votes = theses["votes"] if vote_source == "thesis" else theses["debate_votes"]
figure = diagnostics.vote_distribution(votes, min_votes)
style.save(
    here, figure, "votes", "How many statements have how many votes; the line is the threshold."
)

# %% [markdown]
# *Votes on each statement. Bars left of the line are left out.*

# %% [markdown]
# ## The filter
#
# One reason is given for each thesis that goes: the first that applies. A debate that came without a thesis, because it
# is private or its thesis was deleted, counts as a debate alone. What is kept and what is left out add up to what came
# in; if not, this cell stops.

# %%
kept, left_out = vote_filter.filter_statements(
    debates, theses, min_votes, vote_source, multi_thesis, here.study.languages[0]
)
vote_filter.account(debates, theses, kept, left_out)

# %%
Markdown(
    f"**{len(kept)} of {len(theses)} statements are kept** ({100 * len(kept) / max(len(theses), 1):.0f} %); the paper keeps 776 of 1,534 (51 %)."
)

# %% [markdown]
# ## What another threshold would keep
#
# The paper's threshold of 3 is one choice among many. This is how many statements others would keep.

# %%
rules = (vote_source, multi_thesis, here.study.languages[0])
others = pd.DataFrame({"min_votes": range(11)})
others["kept"] = [
    len(vote_filter.filter_statements(debates, theses, t, *rules)[0]) for t in others["min_votes"]
]
others.set_index("min_votes").T

# %%
most, least = others["kept"].iloc[[0, -1]]
Markdown(f"From no votes asked for to ten, the statements kept fall **from {most} to {least}**.")

# %%
files = [here.write(kept, "02_statements"), here.write(left_out, "02_left_out")]
Markdown(
    "Written: "
    + ", ".join(f"`{f}`" for f in files)
    + ". From here on, only the kept statements are used."
)
