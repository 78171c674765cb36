"""What is to be asked, and what it costs: cells, tokens, US dollars."""

import os

import pandas as pd

from utils import prompts
from utils.errors import Problem
from utils.execution import Execution
from utils.study import Study

COLUMNS = ["step", "statement_id", "dimension", "model", "language", "run"]
REPLY_TOKENS = {"relevance": 60, "polarity": 60, "stance": 450}  # a guess until a study or a pilot says better
OUTPUT_RANGE = (0.5, 2.0)  # how far the tokens of a reply may lie from what is expected


def cells(step: str, pairs: pd.DataFrame, models: list[str], languages: list[str], runs: int) -> pd.DataFrame:
    """Every cell of a step: pairs (statement_id, dimension) x models x languages x runs, in that order.

    >>> pairs = pd.DataFrame({"statement_id": ["7.1"], "dimension": ["PDI"]})
    >>> len(cells("relevance", pairs, ["a", "b", "c", "d"], ["en", "zh"], runs=5))
    40
    """
    others = pd.MultiIndex.from_product([models, languages, range(1, runs + 1)], names=["model", "language", "run"])
    crossed = pairs[["statement_id", "dimension"]].merge(others.to_frame(index=False), how="cross")
    return crossed.assign(step=step)[COLUMNS]


def statement_cells(step: str, statements, dimensions: list[str], models, languages, runs: int) -> pd.DataFrame:
    """The cells of a step that asks every statement on every dimension (stances: the one dimension "")."""
    pairs = pd.MultiIndex.from_product([list(statements), dimensions], names=["statement_id", "dimension"])
    return cells(step, pairs.to_frame(index=False), models, languages, runs)


def step_cells(here: Execution, step: str, runs: int) -> pd.DataFrame:
    """The cells that a step needs, from the tables of the notebooks before it; none to label where labels are brought."""
    if here.study.labels and step != "stance":
        return pd.DataFrame(columns=COLUMNS).astype({"run": "int64"})
    if step == "relevance":
        return statement_cells(step, here.read("02_statements")["statement_id"], here.dimensions, here.judges, here.study.languages, runs)
    if step == "polarity":
        return cells(step, here.read("04_relevance").query("relevant"), here.judges, here.study.languages, runs)
    labelled = here.read("05_sociocultural_statements")["statement_id"].drop_duplicates()
    return statement_cells(step, labelled, [""], list(here.study.models), here.study.languages, runs)


def texts(here: Execution) -> dict[tuple[str, str], str]:
    """The text of every statement in every language: (statement_id, language) -> text."""
    first = here.study.languages[0]
    out = {(row.statement_id, first): row.text for row in here.read("02_statements").itertuples(index=False)}
    translated = here.read("03_translations")
    return out | {(row.statement_id, row.language): row.text for row in translated.itertuples(index=False)}


def sizes(here: Execution) -> tuple[int, int, int]:
    """Statements, relevant pairs and labelled statements: counted where the tables are there, else as the study expects."""
    try:
        statements = len(here.read("02_statements"))
        pairs = int(here.read("04_relevance")["relevant"].sum())
        return statements, pairs, here.read("05_sociocultural_statements")["statement_id"].nunique()
    except Problem:
        if here.study.expected is None:
            raise Problem(
                f"The calls of the study {here.study.name} cannot be counted yet: run its first notebooks (--until 03), "
                "or say under `expected:` how many statements, pairs and labelled statements there will be."
            ) from None
        expected = here.study.expected
        return expected.statements, expected.pairs, expected.labelled


def calls(study: Study, statements: int, pairs: int, labelled: int, runs: dict[str, int]) -> pd.DataFrame:
    """Planned calls of each step, model and language, with tokens and cost as a range.

    `statements` after the filter, `pairs` relevant to a dimension, `labelled` statements with a label; `runs` by step.
    For the paper's study (776, 378, 281; five runs) the calls add up to 212,600.
    """
    judges = study.judges or list(study.models)
    sizes = {"relevance": statements * len(study.dimensions), "polarity": pairs, "stance": labelled}
    rows = [
        _calls(study, step, model, language, sizes[step] * runs[step])
        for step in prompts.STEPS
        for model in (study.models if step == "stance" else judges)
        for language in study.languages
        if not (study.labels and step != "stance")
    ]
    names = ["step", "model", "language", "calls", "input_tokens", "output_tokens", "usd_low", "usd_high"]
    return pd.DataFrame(rows, columns=names)


def expected_calls(study: Study, runs: dict[str, int]) -> pd.DataFrame:
    """The plan of calls for the sizes that the study file expects."""
    if study.expected is None:
        raise Problem(f"The study {study.name} does not say under `expected:` how many statements, pairs and labelled statements it has.")
    return calls(study, study.expected.statements, study.expected.pairs, study.expected.labelled, runs)


def _calls(study: Study, step: str, model: str, language: str, count: int) -> tuple:
    asked = tokens(_typical(step, language), language)
    replied = study.models[model].reply_tokens.get(step, REPLY_TOKENS[step])
    price = study.models[model].price
    low, high = (
        (count * (asked * price.input + share * replied * price.output) / 1e6 if price else 0.0) for share in OUTPUT_RANGE
    )
    return step, model, language, count, count * asked, count * replied, low, high


def _typical(step: str, language: str) -> str:
    """A prompt with a statement of usual length in it."""
    described = None if step == "stance" else next(iter(prompts.dimensions(language).values()))
    statement = "词" * 30 if language == "zh" else "word " * 16
    return "".join(m["content"] for m in prompts.fill(step, language, statement, described))


def tokens(text: str, language: str) -> int:
    """Tokens of a text, about: four letters each in English, three Chinese characters in two tokens' place.

    >>> tokens("four letters", "en"), tokens("权力距离", "zh")
    (3, 3)
    """
    wide = sum(ord(c) > 0x2E7F for c in text)
    return round((len(text) - wide) / 4 + wide * 0.7)


def most(study: Study, model: str, messages: list[dict]) -> float:
    """The most that one request can cost: a token a character asked, and all the tokens that it may answer with."""
    price = study.models[model].price
    if price is None:
        return 0.0
    asked = sum(len(m["content"]) for m in messages)
    return (asked * price.input + study.limit(model) * price.output) / 1e6


def cost(study: Study, model: str, usage: dict) -> float:
    """What a reply cost: as the broker states it, else tokens times the study's price."""
    if isinstance(usage.get("cost"), int | float):
        return float(usage["cost"])
    price = study.models[model].price
    if price is None:
        return 0.0
    return ((usage.get("prompt_tokens") or 0) * price.input + (usage.get("completion_tokens") or 0) * price.output) / 1e6


def key_of(study: Study, endpoint: str) -> str:
    """An endpoint's key, from the environment and nowhere else."""
    variable = study.endpoints[endpoint].key
    if not variable:
        return "none"
    if not os.environ.get(variable):
        raise Problem(f'The endpoint "{endpoint}" needs its key in the environment variable {variable}; set it and run again.')
    return os.environ[variable]
