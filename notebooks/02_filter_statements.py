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
# A statement that few people voted on may be noise. Statements with too few votes are left out (the
# paper's threshold is 3), and each of them is counted, with the reason. This gives the second
# number of **Appendix A** (in the paper, 776 of 1,534).
#
# *reads* `01_debates.csv`, `01_theses.csv` · *writes* `02_statements.csv`, `02_left_out.csv`,
# `votes` · *takes* the rules below

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
min_votes: int = 3  # votes that a statement needs to be kept
vote_source: str = "thesis"  # which votes count: those on the thesis, or in the whole debate
multi_thesis: str = "leave_out"  # debates with several theses: left out, or one statement each

# %%
import pandas as pd
from IPython.display import Markdown

from alignment.figures import diagnostics, style
from alignment.study import page_notes
from alignment.study.workspace import open_study
from utils import vote_filter

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The votes
#
# Every thesis comes with its number of votes. An unknown number stays empty and is not treated as
# zero.

# %%
debates, theses = here.read("01_debates"), here.read("01_theses")
theses[["statement_id", "votes", "debate_votes"]].head(3)

# %% [markdown]
# Votes are spread very unevenly: some statements have few, and some have dozens. The line marks the
# threshold.

# %%
votes = theses["votes"] if vote_source == "thesis" else theses["debate_votes"]
figure = diagnostics.vote_distribution(votes, min_votes)
style.save(
    here, figure, "votes", "Number of statements by number of votes; the line is the threshold."
)

# %% [markdown]
# *Votes on each statement. Statements to the left of the line are left out.*

# %% [markdown]
# ## The filter
#
# Each thesis that is left out gets one reason, the first that applies. A debate without a thesis,
# because it is private or the thesis was deleted, is counted as a debate only. The statements kept
# and those left out must add up to the total; if they do not, this notebook stops here.

# %%
kept, left_out = vote_filter.filter_statements(
    debates, theses, min_votes, vote_source, multi_thesis, here.study.languages[0]
)
vote_filter.account(debates, theses, kept, left_out)

# %%
Markdown(
    f"**{len(kept)} of {len(theses)} statements are kept** "
    f"({100 * len(kept) / max(len(theses), 1):.0f} %); the paper keeps 776 of 1,534 (51 %)."
)

# %% [markdown]
# ## What another threshold would keep
#
# The paper's threshold of three votes is one choice among many. The table shows how many statements
# other thresholds would keep.

# %%
rules = (vote_source, multi_thesis, here.study.languages[0])
others = pd.DataFrame({"min_votes": range(11)})
others["kept"] = [
    len(vote_filter.filter_statements(debates, theses, t, *rules)[0]) for t in others["min_votes"]
]
others.set_index("min_votes").T

# %%
most, least = others["kept"].iloc[[0, -1]]
Markdown(
    f"Raising the threshold from 0 to 10 votes reduces the statements kept "
    f"**from {most} to {least}**."
)

# %%
files = [here.write(kept, "02_statements"), here.write(left_out, "02_left_out")]
said = f"{len(kept):,} of {len(theses):,} theses have enough votes and are used from here on."
page_notes.conclude(files, said)
