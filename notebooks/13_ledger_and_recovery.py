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
# # 13 · Are the paper's numbers reproduced, and what was planted recovered?
#
# The ledger sets each printed number beside the one computed in this study, with a verdict. In a
# simulated study, the estimates are then compared with the simulated ground truth. What the printed
# numbers say by themselves stands in notebook 16.
#
# *reads* the tables of notebooks 01 to 10, `data/raw/<study>`, `data/reference` · *writes*
# `13_ledger.csv`, `13_recovery.csv`, `13_controls.csv`, `recovery` · *takes* every rule of the
# study

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
human_values: str = "current"  # human values: The Culture Factor's current tool, or the 2015 matrix

# %%
import numpy as np
from IPython.display import Markdown, display

from alignment.asking import planted_recovery
from alignment.figures import diagnostics, style
from alignment.paper import hofstede, ledger, study_values
from alignment.stats import wordings
from alignment.study import page_notes
from alignment.study.workspace import open_study
from utils.rules import Rules

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The ledger
#
# `13_ledger.csv` sets each printed number and claim beside this study's: *paper, here, difference,
# verdict*, and the reason. A simulated study cannot reproduce a finding, so its only verdict is
# that the item cannot be checked, whatever the numbers are, and it does not say whether a claim
# holds. First, the number of items by verdict and reason.

# %%
found, same = (
    study_values.compute_study_values(here, human_values),
    study_values.has_papers_debates(here),
)
entries = ledger.build_ledger(found, here.respondents, same, human_values)
entries.groupby(["verdict", "reason"], sort=False).size().rename("items").reset_index()

# %% [markdown]
# The items that this study has a number of. *claimed* means that the paper says so; what its
# printed numbers imply stands in notebook 16.

# %%
display(page_notes.stamped(here, ledger.show_entries(entries), scope="here, not paper"))
people = hofstede.read_human_values(human_values, here.study.countries)
people = people.query("dimension in @here.dimensions")
labels, stances = here.read("05_sociocultural_statements"), here.read("07_stances")
rules = Rules.from_parameters(here.parameters)
also = wordings.describe_claims(labels, stances, here.models, people, rules)
also = f"Other wordings of the question (notebook 17). {also}" if also else ""
Markdown(f"{ledger.count_hidden(entries)} {also}")

# %% [markdown]
# The entries of Table 3 in its own layout, *paper | here*, if this study asked the paper's models.

# %%
ledger.show_table3(entries)

# %% [markdown]
# ## Recovery of the simulated ground truth
#
# Simulated respondents have known stances, so the pipeline can be tested: each row compares an
# estimate, made without knowledge of the ground truth, with the planted value, which other code
# works out. `planted` is the mean of the stances drawn for these statements. `leaning` is what the
# study file sets; the two differ where a statement belongs to several dimensions, whose leanings it
# shares, where labels of 1 or -1 cap a mean, by habits (notebook 17), and by chance. What is
# recovered is `planted`. What separates it from the estimate is noise whose size the study file
# states: judges that deviate, runs that differ, lost replies. It was drawn anew for many studies
# with this ground truth; `tolerance` is how far an estimate lies from the planted mean in 99 of 100
# of them.

# %%
recovery = planted_recovery.assess(here, np.random.default_rng(13))
recovered = recovery.positions
columns = ["dimension", "model", "language", "leaning", "planted", "estimate", "tolerance", "n"]
recovered[[*columns, "verdict"]].head(3).round(2)

# %%
caption = "Estimated mean scores against the simulated ground truth, with the tolerance for noise."
shown = Markdown("Nothing was planted in this study: there is no figure and no control.")
if len(recovered):
    shown = style.save(here, diagnostics.recovery(recovered), "recovery", caption)
shown

# %% [markdown]
# *Each point is a model in a language on a dimension; points on the line are estimated exactly.*
#
# First the labels by dimension: which pairs are relevant in the ground truth, which were labelled
# so, and for what share of those in both the polarity is the same. Then the checks, with their
# controls, since a check is worth something only if it can fail: how much of this study passes, and
# how much has to (`needed`: as much as in 99 of 100 of the simulated studies); to the right, the
# same check of estimates that were spoilt on purpose, which have to stay below it. What the checks
# cannot see: a few labels or means that are wrong without the others; small gaps between groups,
# whose tolerance is wide; and false changes, which so little noise hardly ever makes (notebook 10
# says how often the tests themselves err). The last row needs no ground truth: stances, means,
# changes, tests and gaps are worked out a second time from answers and labels, by other code, and
# have to be the same.

# %%
display(planted_recovery.compare_labels(here).round(2))
planted_recovery.show_controls(recovery)

# %%
tables = {"13_ledger": entries, "13_recovery": recovered, "13_controls": recovery.controls}
files = [here.write(frame, name) for name, frame in sorted(tables.items())]
said = f"{planted_recovery.describe(recovery)} Notebook 16 checks the printed numbers alone."
page_notes.conclude(files, f"{said} {page_notes.caution(here)}")
