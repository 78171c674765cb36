"""A study's tables without its pages: the calls of notebooks 04 to 10, on answers in memory."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd

from alignment.asking import collection, histories
from alignment.asking.simulation import Respondents
from alignment.paper import hofstede
from alignment.stats import gaps, language_changes, positions
from alignment.study.workspace import Workspace
from utils import labels, reply_parser, scores, votes
from utils.cells import cells_of_pairs, cells_of_statements

RUNS = 5
ASKED = {"04": "relevance", "05": "polarity", "07": "stance"}


def tables_of(workspace: Workspace, answers: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables that page 13 reads, as notebooks 04 to 10 make them of their answers.

    `answers`: by step.
    """
    planned, models = len(workspace.judges) * len(workspace.study.languages), workspace.models
    of = {step: votes.cast_votes(rows, RUNS) for step, rows in answers.items()}
    tables = {f"{number}_answers.csv.gz": answers[step] for number, step in ASKED.items()}
    tables["04_relevance"] = labels.label_relevance(of["relevance"], planned)
    scored_set = labels.scored_set(labels.label_polarity(of["polarity"], planned))
    tables["05_sociocultural_statements"] = scored_set
    tables["07_votes"] = of["stance"]
    scored = tables["07_scores"] = scores.label_scores(scored_set, of["stance"], models)
    groups = scores.group_scores(scored, models)
    countries = {name: culture.people for name, culture in workspace.study.cultures.items()}
    version = workspace.parameters.get("human_values", "current")
    people = hofstede.read_human_values(version, countries)
    tables["08_figure1"] = positions.figure1(groups).assign(kind="models")
    tables["08_directions"] = gaps.decide_directions(groups, people)
    pairs = language_changes.pair_answers(workspace.study.models, workspace.study.languages)
    counts = np.ones((2, scored["statement_id"].nunique()))
    tables["10_table3"] = language_changes.compare_languages(scored, pairs, counts)
    return tables


class InMemory(Workspace):
    """A workspace whose tables are given, not read from files."""

    def read(self, name: str) -> pd.DataFrame:
        return self.tables[name]


def with_tables(workspace: Workspace, tables: dict[str, pd.DataFrame]) -> InMemory:
    """Return a workspace that reads these tables."""
    fields = {name: getattr(workspace, name) for name in workspace.__dataclass_fields__}
    own = InMemory(**fields)
    object.__setattr__(own, "tables", tables)
    return own


def with_seed(workspace: Workspace, seed: int) -> Workspace:
    """Return the study with another seed: other stances of the same leanings, other noise."""
    simulation = workspace.study.simulation.model_copy(update={"seed": seed})
    return replace(workspace, study=workspace.study.model_copy(update={"simulation": simulation}))


def ask_all(workspace: Workspace, statements: list[str]) -> dict[str, pd.DataFrame]:
    """Return the answers of a study's simulated respondents to each step, their replies read.

    Every statement's text is its id. What could not be read is asked again, as the pages do.
    """
    study, dims = workspace.study, workspace.dimensions
    respondents = Respondents(workspace, {name: name for name in statements})
    models, languages = list(study.models), study.languages
    cells = cells_of_statements("relevance", statements, dims, models, languages, RUNS)
    answers = {"relevance": _ask(workspace, respondents, cells)}
    planned = len(models) * len(languages)
    yes = labels.label_relevance(votes.cast_votes(answers["relevance"], RUNS), planned)
    pairs = labels.relevant_pairs(yes)
    cells = cells_of_pairs("polarity", pairs, models, languages, RUNS)
    answers["polarity"] = _ask(workspace, respondents, cells)
    kept = labels.scored_set(
        labels.label_polarity(votes.cast_votes(answers["polarity"], RUNS), planned)
    )
    ids = kept["statement_id"].drop_duplicates()
    cells = cells_of_statements("stance", ids, [""], models, languages, RUNS)
    answers["stance"] = _ask(workspace, respondents, cells)
    return answers


def _ask(workspace: Workspace, respondents: Respondents, cells: pd.DataFrame) -> pd.DataFrame:
    names, rows = cells["statement_id"].unique(), []
    texts = {(name, language): name for name in names for language in workspace.study.languages}
    write, read = collection.message_writer(workspace, texts), lru_cache(reply_parser.read)
    for cell in cells.itertuples():
        messages = write(cell.step, cell.statement_id, cell.dimension, cell.language)
        for attempt in range(workspace.study.attempts):
            body = {"model": cell.model, "messages": messages, "seed": 100 * cell.run + attempt + 1}
            choice = respondents.reply(body)["choices"][0]
            said = choice["message"]["content"], choice["finish_reason"]
            state, answer = read(cell.step, cell.language, *said)[:2]
            if state not in histories.ASKED_AGAIN:
                break
        rows.append((state, answer))
    read = pd.DataFrame(rows, columns=["state", "answer"], index=cells.index)
    return cells.assign(state=read["state"], answer=read["answer"])
