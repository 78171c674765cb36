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
# # 06 · Do people agree with the labels?
#
# Annotators check a sample of the labels: first whether a statement is relevant to the dimension at
# all, then what agreeing with it implies. This gives **Table 2**, the mean absolute error (MAE)
# between annotators and between their median and the models' label, and the precision of the
# relevance labels (in the paper, 94.65 %).
#
# *reads* `04_relevance.csv`, `04_votes.csv`, `05_sociocultural_statements.csv`, `05_votes.csv`,
# `05_answers.csv.gz`, sheets in `data/raw/<study>/ratings`, `data/reference` · *writes*
# `06_sample.csv`, `06_ratings.csv`, `06_precision.csv`, `06_table2.csv`, `06_compared.csv`,
# `06_alternative_annotator.csv`, `06_independent_votes.csv`, `table2` · *takes* the size of the
# sample

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/
sample_statements: int = 56  # statements in the annotators' sample, each with all its labels
sample_irrelevant: int = 0  # further pairs in it that the models call irrelevant
resamples: int = 10000  # bootstrap resamples of the statements

# %%
import numpy as np
from IPython.display import Markdown, display

from alignment.annotation import rating_sheets as sheets
from alignment.annotation import ratings, sampling
from alignment.figures import paper_figures, style, tables
from alignment.stats import (
    agreement,
    agreement_coefficients,
    alternative_annotator,
    independent_votes,
)
from alignment.study import page_notes, stamps
from alignment.study.workspace import open_study
from utils import votes
from utils.cells import PAIR

here, rng = open_study(study), np.random.default_rng(6)
labels = here.read("05_sociocultural_statements")
relevance, sizes = here.read("04_relevance"), (sample_statements, sample_irrelevant)
seeded = np.random.default_rng(6)
whole = sampling.choose_sample(here.raw / "ratings", labels, relevance, sizes, seeded)
rated, notes = ratings.read_ratings(here, whole, labels)
sample = whole[whole["called"] == "relevant"]
ratings = rated.merge(sample[PAIR])
raters = stamps.raters_of(ratings)
page_notes.open_page(page_notes.rating_banner(here, raters))

# %% [markdown]
# ## The sample
#
# Statements are drawn by dimension with a fixed seed, so that every dimension is represented, and
# every label of a drawn statement is checked. The paper checked 56 statements with 81 labels. The
# sample may also hold pairs that the models call irrelevant, drawn at random, from which follows
# what they miss; each pair's chance of being drawn is kept. Once sheets have been handed out, the
# sample stays as it is on them.

# %%
whose = stamps.combine(here.respondents, raters) if raters else "printed"
Markdown(
    f"The sample holds **{len(sample)} pairs** of {sample['statement_id'].nunique()} statements; "
    f"{len(sample) - len(sample.merge(labels))} of them have lost their label since the sample "
    "was drawn and are left out."
)

# %% [markdown]
# Is that enough? The table gives the expected full width of the 95 % intervals, for each dimension
# and overall, if 95 % of the labels are right and the MAE is 0.5, about as in the last column of
# the paper's Table 2. The paper does not print the standard deviation of single errors; for integer
# errors from 0 to 4 with that mean it is smallest if all are 0 or 1 (`mae_least`) and largest if
# all are 0 or 4 (`mae_most`).
#
# The whole sample determines the precision to within a few points, and the MAE to within a fraction
# of a step of the scale; a single dimension says little, and a rare one almost nothing. The second
# table turns the question round: how many pairs does an interval of a given width need? The paper's
# 81 pairs give a width of about a tenth for the precision, but are far too few for the MAE of a
# single dimension: its Table 2 can be read as a whole, but hardly row by row.

# %%
pairs = sample.groupby("dimension").size().reindex(here.dimensions, fill_value=0)
pairs["all"] = len(sample)
sampling.predict_widths(pairs).set_axis(pairs.index).round(2)

# %%
sampling.count_pairs_needed([0.1, 0.2, 0.3, 0.5])

# %% [markdown]
# ## The ratings
#
# `.venv/bin/alignment sheets` writes one spreadsheet per annotator, which does not show the models'
# labels. Filled sheets are put in the ratings folder and read again at every execution; no
# execution writes to them, so ratings cannot be lost. Simulated annotators, where the study has
# them, have a stated error. Pairs left blank are not ratings.

# %%
ratings.head(3)

# %%
half = " ".join([*(sheets.describe_open_pairs(ratings) if raters else []), *notes])
Markdown(f"Annotators: **{ratings['annotator'].nunique()}** ({raters or 'not yet rated'}). {half}")

# %% [markdown]
# ## Step 1: are the positive labels right?
#
# The share of judgements that confirm a relevance label, with Wilson's interval and the number of
# judgements. Judgements of the same pair are not independent if annotators doubt the same pairs, so
# the interval counts each by its `design_effect`: how many of them are worth an independent one.

# %%
precision = agreement.precision(ratings)
shown = precision.assign(precision=tables.format_estimates(precision, "precision", "judgements"))
columns = ["dimension", "annotators", "pairs", "precision", "design_effect", "ac1", "kappa"]
page_notes.stamped(here, shown[columns].round(3), whose)

# %% [markdown]
# Why not kappa alone? Take two annotators who are each right in 95 of 100 cases. They agree equally
# often whatever the share of relevant pairs; but as that share grows, kappa attributes nearly all
# of the agreement to chance, and if all pairs are relevant it is zero. Only pairs that the models
# call relevant are checked here, so the last row is the case at hand. Gwet's AC1 expects less
# chance agreement where one answer prevails.

# %%
agreement_coefficients.at_prevalence(0.95, [0.5, 0.8, 0.95, 1.0]).round(3)

# %%
overall = precision.set_index("dimension").loc["all"]
right = overall["precision"] * relevance["relevant"].sum()
others = rated.merge(whole.loc[whole["called"] != "relevant", PAIR])
missed = agreement.estimate_misses(others, (~relevance["relevant"]).sum(), right)
Markdown(
    f"Here **{100 * overall['precision']:.1f} %** of {overall['judgements']:.0f} judgements say "
    f"yes: kappa is {overall['kappa']:.2f}, AC1 {overall['ac1']:.2f}. "
    "Notebook 16 asks what the paper's 94.65 % can be a share of. "
    f"{agreement.describe_misses(missed)} {page_notes.caution(here, whose)}"
    if raters
    else "**Not yet rated.**"
)

# %% [markdown]
# ## Step 2: are the polarities right?
#
# Table 2: the mean MAE over all pairs of annotators, and the MAE between the annotators' median and
# the label, each with its number of pairs and the value that the paper prints. Alpha is
# Krippendorff's, ordinal. The intervals allow for correlated errors in labels of the same
# statement, and do not shrink to zero when a small sample contains no error.

# %%
table2 = agreement.table2(ratings, labels, rng, resamples)
page_notes.stamped(here, tables.show_table2(table2), whose, "this study, not the paper")

# %%
caption = "MAE between annotators, and between annotators and models, with the paper's values."
style.save(here, paper_figures.mae_bars(tables.join_printed(table2)), "table2", caption, whose)

# %% [markdown]
# *Table 2 as a figure; hollow marks are the values that the paper prints. The median of four
# annotators varies less than a single annotator, so part of the gap between the two measures is
# expected for any labels.*
#
# ## Do models differ as people do?
#
# The same two measures on the same pairs, with others in place of the annotators: models within a
# language, languages within a model, and runs within a model and language. n counts the
# comparisons: a pair is counted once in each model or language in which it is compared. Alpha is in
# the last row. Single runs show how consistent a model is; a vote of several runs is more stable.
# People who differ more than models do are not worse annotators: models may share their errors.

# %%
voted, asked = (here.read(name).merge(sample) for name in ("05_votes", "05_answers.csv.gz"))
kinds = {"annotators": ratings}
kinds |= {f"{who}s": agreement.as_ratings(voted, who) for who in ("model", "language")}
kinds["runs"] = agreement.as_ratings(votes.score_answers(asked), "run")
compared = agreement.side_by_side(kinds, rng, min(resamples, 2000))
compared["respondents"] = np.where(compared["who"] == "annotators", raters, here.respondents)

# %%
cells = {
    name: tables.format_estimates(compared, name, "n_between") for name in ("between", "alpha")
}
wide = compared.assign(**cells).pivot(index="dimension", columns="who")
by_dimension = wide["between"].reindex([*here.dimensions, "all"])
by_dimension.loc["alpha (all)"] = wide.loc["all", "alpha"]
page_notes.stamped(here, by_dimension[list(kinds)].fillna("–"), whose)

# %% [markdown]
# ## May the labels stand in for a person?
#
# The alternative annotator test leaves out each annotator in turn: are the labels as near to the
# remaining ones as that annotator is, in all but a small share of the pairs more? They pass if they
# beat at least half of the annotators. Then the judges: how many independent votes those on a pair
# are worth, since judges who err on the same pairs repeat each other, and how many relevance labels
# would differ if judges were weighed by how often they are right (Dawid and Skene), in place of the
# quorum. Labels that were brought have no votes. Simulated annotators are drawn around the labels,
# so before them the labels pass by construction.

# %%
by_annotator = agreement.wide(ratings).droplevel("context")
tested = alternative_annotator.compare_with_each(by_annotator, labels.set_index(PAIR)["polarity"])
cast = here.read("04_votes")
judged = independent_votes.weigh_judges(cast)
worth = independent_votes.count_independent(cast, judged)
display(tables.show_annotators(tested), worth.round(2))
differ = independent_votes.count_differing(judged, relevance)
said = f"{alternative_annotator.describe(tested)} {differ}"
Markdown(f"{said} {page_notes.caution(here)}")

# %%
both = {"respondents": whose if raters else here.respondents, "raters": raters}
results = {"06_sample": whole, "06_ratings": rated, "06_compared": compared}
results |= {"06_alternative_annotator": tested, "06_independent_votes": worth}
results |= {"06_precision": precision.assign(**both), "06_table2": table2.assign(**both)}
files = [here.write(table, name) for name, table in results.items()]
said = "No annotator has rated the labels yet."
if raters:
    error = table2.set_index("dimension").loc["all", "to_models"]
    said = f"Of {overall['judgements']:.0f} judgements, {100 * overall['precision']:.1f} % confirm "
    said += f"that a statement is relevant; polarities are {error:.2f} from the annotators' median "
    said += f"on average (MAE). {page_notes.caution(here, whose)}"
page_notes.conclude(files, said)
