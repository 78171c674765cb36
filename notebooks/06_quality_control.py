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
# # 06 · Would people have labelled the statements so?
#
# Annotators check a sample of the labels: first whether a statement is relevant to the dimension at all, then what
# agreeing with it says. This makes **Table 2**, the mean absolute error (MAE) between annotators and between their
# median and the models' label, and the precision of the relevance labels (the paper: 94.65 %).
#
# *reads* `05_sociocultural_statements.csv`, sheets in `data/raw/<study>/ratings` · *writes* `06_sample.csv`,
# `06_ratings.csv`, `06_precision.csv`, `06_table2.csv`, `table2` · *takes* the size of the sample

# %% tags=["parameters"]
study: str = "demo"  # the study: a file in studies/, by name
sample_statements: int = 56  # statements that annotators check, with all their labels
resamples: int = 10000  # bootstrap resamples of the statements

# %%
import numpy as np
import pandas as pd
from IPython.display import Markdown

from utils import agreement, consistency, figures, imported, published, rating, styled
from utils.execution import open_study

here = open_study(study)
here.banner()

# %% [markdown]
# ## The sample
#
# Statements are drawn by dimension with a fixed seed; every label of a drawn statement is checked. The paper checked 56
# statements with 81 labels.

# %%
labels = here.read("05_sociocultural_statements")
sample = rating.draw_sample(labels, sample_statements, np.random.default_rng(6))
sample.groupby("dimension").size().reindex(here.dimensions, fill_value=0).rename("pairs").to_frame().T

# %% [markdown]
# Is that enough? This many pairs are needed for a 95 % interval of a given width: on a precision of 95 %, and on an MAE
# with errors that vary as the paper's suggest.

# %%
rating.plan_sample([0.1, 0.2, 0.3])

# %% [markdown]
# ## The ratings
#
# Annotators fill in spreadsheets that do not show the models' labels. Where the study names simulated annotators, their
# error is known and stated, and nothing below is about people.

# %%
ratings = imported.ratings(here, sample, labels)
raters = ", ".join(f"{n} {kind}" for kind, n in ratings.groupby("respondents")["annotator"].nunique().items())
Markdown(f"Annotators: **{raters or 'none; the sample is not yet rated'}**.")

# %%
ratings.head(3)

# %% [markdown]
# Pairs that somebody left open are said here; they are no rating.

# %%
rating.half_filled(ratings)

# %% [markdown]
# ## Step 1: are the positive labels right?
#
# The share of judgements that confirm a relevance label, with Wilson's interval. Nearly everybody says yes to nearly
# everything, so Cohen's kappa is near zero however well people agree; Gwet's AC1 does not suffer from this.

# %%
precision = agreement.precision(ratings)
precision.round(3)

# %% [markdown]
# ## Step 2: are the polarities right?
#
# Table 2: `between` is the mean over pairs of annotators of their MAE, `to_models` the MAE between the annotators' median
# and the label. Alpha is Krippendorff's, ordinal. The intervals are bootstrapped over statements.

# %%
table2 = agreement.table2(ratings, labels, np.random.default_rng(6), resamples)
table2[["dimension", "n_between", "between", "between_low", "between_high", "to_models", "to_models_low", "to_models_high", "alpha"]].round(2)

# %% [markdown]
# The paper's Table 2, for comparison:

# %%
published.table(2)

# %%
figure = figures.mae_bars(styled.table2(table2))
here.save(figure, "table2", "Mean absolute error between annotators, and between annotators and models, with the paper's values.")

# %% [markdown]
# *Table 2 as a picture, with the paper's printed values as hollow marks. The median of four annotators varies less than
# one annotator does, so some of the gap between the two is to be expected of any labels.*

# %% [markdown]
# ## Do models differ as people do?
#
# The same measure between the judges' votes on the same pairs, between annotators' counterparts: models, languages.

# %%
votes = here.read("05_votes").merge(sample, on=["statement_id", "dimension"])
kinds = {"models": "model", "languages": "language"}
apart = {what: agreement.pairwise_mae(agreement.as_ratings(votes, who)) for what, who in kinds.items()}
pd.DataFrame([{"between": "annotators", "MAE": agreement.pairwise_mae(ratings)}] + [{"between": k, "MAE": v} for k, v in apart.items()]).round(3)

# %% [markdown]
# ## 94.65 %
#
# As a share of what four annotators could have judged (4 x 81) the printed precision cannot occur; of 3 x 81 it is 230.
# A mean over dimensions or skipped ratings would explain it as well.

# %%
consistency.possible_share(94.65, 2, {"4 annotators x 81 pairs": 324, "3 annotators x 81 pairs": 243})

# %%
tables = {"06_sample": sample, "06_ratings": ratings, "06_precision": precision, "06_table2": table2}
files = [here.write(table, name) for name, table in tables.items()]
Markdown("Written: " + ", ".join(f"`{f}`" for f in files) + f". {here.caution}")
