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
# # 17 · Is it the model, or the question?
#
# The paper asks for every stance in one wording: arguments for come before those against, *agree*
# before *disagree*, and there is no third answer. A model that likes to agree, or takes whichever
# answer comes first, then seems to have values. Here the same is asked in other wordings, and the
# results of the paper are worked out in each.
#
# *reads* `05_sociocultural_statements.csv`, `07_answers.csv.gz`, `07_wordings.csv.gz`,
# `07_stances.csv`, `data/reference` · *writes* `17_measures.csv`, `17_positions.csv`,
# `17_groups.csv`, `17_directions.csv`, `17_changes.csv`, `17_habits.csv`, `17_controls.csv`,
# `leanings`, `asked_and_corrected` · *takes* every rule of the study

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
page_notes.banner(here)

# %% [markdown]
# ## The wordings
#
# How each wording ends, in English. `negated` asks about the claim that the statement is wrong:
# agreeing with it is a stance against the statement. `turned` has everything in the other order,
# `reworded` is another question of the same meaning, and `unforced` offers a third answer. The
# Chinese wordings were written for this project, like the English ones; no native speaker has
# compared them yet. Texts that a study brings for some statements take their place.

# %%
for step in filter(is_stance, here.study.steps):
    (question,) = prompts.fill(step, "en", "...")
    print(f"--- {step} ---{question['content'].rpartition('</statement>')[2]}\n")
Markdown(f"{len(wording_texts.read(here)):,} texts were brought in place of a wording.")

# %% [markdown]
# ## What it does to each model
#
# Shares of statements, by model and language. `leaning to agree` is the share of statements with
# which a model agrees *and* with whose negation it agrees, minus the share of those with which it
# agrees in neither case. `leaning to the first` is the same of the order of the answers. `same in
# all` counts the stances that are the same in all wordings without a third answer.

# %%
stances = here.read("07_stances")
measures = here.in_order(wordings.measure(stances))
shown = measures.pivot(index=["model", "language"], columns="measure", values="value")
shown.reindex(columns=[name for name in wordings.NEEDS if name in shown]).map("{:.0%}".format)

# %%
caption = "How far each model leans to agree, to the first answer, and to neither."
style.save(here, figures.leanings(measures), "leanings", caption)

# %% [markdown]
# *How far each model answers by habit, in each language. A leaning to agree that differs between
# languages looks like a change of values in Table 3.*

# %%
Markdown(f"{wordings.describe_leanings(measures)} {page_notes.caution(here)}")

# %% [markdown]
# ## What becomes of the positions
#
# Figure 3 in each wording. *Corrected* is the mean of the stance as asked and of the stance towards
# the negation: whoever agrees with both has none. A dotted line shows the position that always
# agreeing would give; a model near it says little.

# %%
labels = here.read("05_sociocultural_statements")
scored = wordings.score_wordings(labels, stances, here.models)
positions = here.in_order(wordings.place_models(scored))
native = positions.merge(here.models[["model", "language"]])
here.in_order(wordings.spread(native, "mean", "dimension", "model")).round(2)

# %%
caption = "Each model's position as asked, and corrected for a leaning to agree."
always = wordings.always_agreeing(labels)
style.save(here, figures.asked_and_corrected(native, always), "asked_and_corrected", caption)

# %% [markdown]
# *Each model's position as asked (hollow) and corrected (filled). Where the two lie far apart, the
# position is the question's.*

# %%
Markdown(f"{wordings.describe_positions(native)} {page_notes.caution(here)}")

# %% [markdown]
# ## What becomes of the paper's claims
#
# Figure 1 in each wording, on the statements that divide the groups in it: does each direction
# agree with people? Then Table 3: how far does each model change with the language?

# %%
rules = Rules.from_parameters(here.parameters)
version = here.parameters.get("human_values", "current")
people = hofstede.read_human_values(version, here.study.countries)
people = people.query("dimension in @here.dimensions")
groups = wordings.place_groups(scored, here.models, rules.differ)
directions = wordings.compare_directions(groups, people)
here.in_order(wordings.spread(directions, "agrees", "dimension", "first", "second"))

# %%
pairs = language_changes.pair_answers(here.study.models, here.study.languages)
changes = wordings.compare_languages(scored, pairs)
here.in_order(wordings.spread(changes, "difference", "dimension", "model", "a", "b")).round(2)

# %%
said = [wordings.describe_directions(directions), wordings.describe_changes(changes)]
Markdown(f"{' '.join(filter(None, said))} {page_notes.caution(here)}")

# %% [markdown]
# ## Was what was planted found?
#
# Simulated respondents have known habits: some agree with a share of the statements whatever is
# asked, take the first answer, or say neither where they can. `planted` is what these make of the
# statements of this study. A leaning to the first answer also shows as one to agree, since *agree*
# comes first in both wordings that are compared. Each control spoils the stances in one way, and
# has to fail.

# %%
recovery = planted_habits.assess(here, stances, np.random.default_rng(17))
planted = recovery.habits.query("planted != 0").round(3)
planted if len(planted) else Markdown("No habit was planted in this study.")

# %%
controls = planted_recovery.show_controls(recovery)
controls if len(controls) else Markdown("")

# %%
tables = {"17_measures": measures, "17_positions": positions, "17_groups": groups}
tables |= {"17_directions": directions, "17_changes": changes}
tables |= {"17_habits": recovery.habits, "17_controls": recovery.controls}
files = ", ".join(f"`{here.write(frame, name)}`" for name, frame in tables.items())
Markdown(f"Written: {files}. {page_notes.caution(here)}")
