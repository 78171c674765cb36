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
# # 17 · Does the position depend on the question?
#
# The paper asks for every stance in one wording: arguments for come before those against, *agree*
# before *disagree*, and there is no third answer. A model that likes to agree, or takes the side
# that is named first, then seems to have values. Here the same is asked in other wordings, and the
# results of the paper are worked out in each.
#
# *reads* `05_sociocultural_statements.csv`, `07_answers.csv.gz`, `07_votes.csv`,
# `07_wordings.csv.gz`, `07_stances.csv`, `data/raw/<study>`, `data/reference` · *writes*
# `17_accounting.csv`, `17_measures.csv`, `17_leanings.csv`, `17_positions.csv`, `17_groups.csv`,
# `17_directions.csv`, `17_changes.csv`, `17_habits.csv`, `17_controls.csv`, `leanings`,
# `asked_and_corrected` · *takes* every rule of the study

# %% tags=["parameters"]
study: str = "demo"  # name of the study, a file in studies/

# %%
import numpy as np
from IPython.display import Markdown

from alignment.asking import planted_habits, planted_recovery, wording_texts
from alignment.figures import style
from alignment.figures import wordings as figures
from alignment.paper import hofstede
from alignment.stats import language_changes, wordings
from alignment.study import page_notes
from alignment.study.workspace import open_study
from utils import prompts
from utils.cells import is_stance
from utils.rules import Rules

here = open_study(study)
page_notes.open_page(page_notes.banner(here))

# %% [markdown]
# ## The wordings
#
# What is asked in each wording, in English, without the passage that keeps the statement in its
# place. `negated` asks about the claim that the statement is wrong: agreeing with it is a stance
# against the statement. `turned` has arguments and answers in the other order, `reworded` is
# another question, and `unforced` offers a third answer. Texts that a study brings for some
# statements take their place. English and Chinese were both written for this project; no native
# speaker has compared them yet.

# %%
for step in filter(is_stance, here.study.steps):
    lines = prompts.fill(step, "en", "...")[0]["content"].split("\n")
    print(
        f"--- {step} ---", lines[0], "\n".join(lines[lines.index("</statement>") + 1 :]), sep="\n"
    )
Markdown(f"{len(wording_texts.read(here)):,} texts were brought in place of a wording.")

# %% [markdown]
# How many of the cells of each wording could be read. A cell without a readable answer has no
# stance. The other wordings may be asked fewer times than the paper's, and then a stance in them
# rests on fewer answers.

# %%
answers = {w: here.read(f"07_{w}.csv.gz") for w in ("answers", "wordings")}
runs, wording_runs = (table["run"].max() for table in answers.values())
accounting = here.in_order(wordings.account(answers["wordings"]))
if here.study.wordings:
    print(f"Runs: {runs} in the paper's wording, {wording_runs} in each other.")
accounting.groupby("wording", sort=False).sum(numeric_only=True)

# %% [markdown]
# ## What it does to each model
#
# Shares of statements, by model and language. `leaning to agree` is the share of statements with
# which a model agrees *and* also agrees that they are wrong, minus the share of those with which it
# agrees in neither case. `leaning to the first` is the same of the order of arguments and answers;
# it also shows as a leaning to agree, since *agree* comes first in both wordings compared there.
# `same in all` counts the stances that are the same in all wordings without a third answer. Chance
# alone keeps it below 100 %: beside it stands how often the paper's own wording would give the same
# if it were asked again (`same if asked again`).

# %%
stances = here.read("07_stances")
measures = wordings.measure(stances, here.read("07_votes"), wording_runs)
shown = measures.pivot(index=["model", "language"], columns="measure", values="value")
shown[measures["measure"].unique()].map("{:.0%}".format, na_action="ignore")

# %%
caption = "How far each model leans to agree, to the first answer, and to neither."
style.save(here, figures.leanings(measures), "leanings", caption)

# %% [markdown]
# *How far each model answers by habit, in each language. `Neither` is a share, and has no other
# side.*
#
# A model with much of both (it agrees with many statements and their negations, and rejects many)
# may simply have taken the question about the claim for one about the statement, or be unsure: its
# leaning is near 0 all the same. And to call a statement wrong is stronger than to disagree with
# it, so a model may well reject both.

# %%
leanings = wordings.compare_leanings(stances, here.study.languages)
said = wordings.describe_changed_leanings(leanings)
Markdown(f"{wordings.describe_leanings(measures)} {said} {page_notes.caution(here)}")

# %% [markdown]
# ## What becomes of the positions
#
# Figure 3 in each wording. *Corrected* is the mean of the stance as asked and of the stance towards
# the negation. Whoever agrees with both gets 0; but a view that shows on some statements only is
# drawn towards 0, too. *Consistent* keeps the statements on which both say the same, and leaves out
# the others. A dotted line shows the position that always agreeing would give; a position near it
# may be agreement alone.

# %%
labels = here.read("05_sociocultural_statements")
scored = wordings.score_wordings(labels, stances, here.models)
positions = here.in_order(wordings.place_models(scored))
native = positions.merge(here.models[["model", "language"]])
here.in_order(wordings.spread(native, "mean", "dimension", "model")).round(2)

# %%
caption = "Each model's position as asked, and corrected for a leaning to agree."
compared = wordings.place_models(wordings.on_the_same(scored)).merge(
    here.models[["model", "language"]]
)
compared, always = here.in_order(compared), wordings.always_agreeing(labels)
style.save(here, figures.asked_and_corrected(compared, always), "asked_and_corrected", caption)

# %% [markdown]
# *Each model's position as asked (hollow) and corrected (filled), on the statements that have a
# stance in both. Where the two lie far apart, the position depends on the question.*

# %%
said = f"{wordings.describe_positions(native)} {wordings.describe_sides(compared)}"
Markdown(f"{said} {page_notes.caution(here)}")

# %% [markdown]
# ## What becomes of the paper's claims
#
# Figure 1 in each wording, on the statements that divide the groups in it: does each direction
# agree with people? Then Table 3: how far does each model change with the language? A leaning that
# changes with the language makes a change of scores in every wording but *consistent*.

# %%
rules = Rules.from_parameters(here.parameters)
version = here.parameters.get("human_values", "current")
people = hofstede.read_human_values(version, here.study.countries)
people = people.query("dimension in @here.dimensions")
groups = wordings.place_groups(scored, here.models, rules.differ)
directions = wordings.compare_directions(groups, people)
here.in_order(wordings.spread(directions, "agrees", "dimension", "group", "other_group"))

# %%
pairs = language_changes.pair_answers(here.study.models, here.study.languages)
changes = wordings.compare_languages(scored, pairs)
keys = ["dimension", "model", "base", "other"]
here.in_order(wordings.spread(changes, "difference", *keys)).round(2)

# %%
said = [wordings.describe_directions(scored, here.models, people, rules)]
said += [wordings.describe_changes(changes)]
Markdown(f"{' '.join(filter(None, said))} {page_notes.caution(here)}")

# %% [markdown]
# ## Was what was planted found?
#
# Simulated respondents have known habits: some agree with a share of the statements whatever is
# asked, take the first side, or say neither where they can. `planted` is what these make of the
# statements of this study. Each control spoils the stances in one way, and has to fail.

# %%
recovery = planted_habits.assess(here, stances, np.random.default_rng(17))
planted = recovery.habits.query("planted != 0").round(3)
planted if len(planted) else Markdown("No habit was planted in this study.")

# %%
controls = planted_recovery.show_controls(recovery)
controls if len(controls) else Markdown("")

# %%
tables = {"17_accounting": accounting, "17_measures": measures, "17_positions": positions}
tables |= {
    "17_leanings": leanings,
    "17_groups": groups,
    "17_directions": directions,
    "17_changes": changes,
}
tables |= {"17_habits": recovery.habits, "17_controls": recovery.controls}
files = [here.write(frame, name) for name, frame in tables.items()]
said = f"{wordings.describe_leanings(measures)} {wordings.describe_sides(compared)}"
said += " As the paper asks, they stand in notebook 09."
page_notes.conclude(files, f"{said} {page_notes.caution(here)}")
