"""What is to be asked, and what it costs: cells, tokens, US dollars."""

import os
from dataclasses import dataclass

import pandas as pd

from alignment.study import dimensions
from alignment.study.schema import Cap, Study
from alignment.study.workspace import Workspace
from utils import prompts
from utils.cells import CELL, STEPS, cells_of_pairs, cells_of_statements
from utils.errors import Problem

REPLY_TOKENS = {
    "relevance": 60,
    "polarity": 60,
    "stance": 450,
}  # a guess until a study or a pilot says better
OUTPUT_RANGE = (0.5, 2.0)  # how far the tokens of a reply may lie from what is expected
ENOUGH = 5  # cells before their tokens and cost are taken for those of all
SPREAD = 3.0  # standard errors of a mean cost on either side


def step_cells(workspace: Workspace, step: str, runs: int) -> pd.DataFrame:
    """The cells that a step needs, from the tables of the notebooks before it; none to label where labels are brought."""
    if workspace.study.labels and step != "stance":
        return pd.DataFrame(columns=CELL).astype({"run": "int64"})
    if step == "relevance":
        return cells_of_statements(
            step,
            workspace.read("02_statements")["statement_id"],
            workspace.dimensions,
            workspace.judges,
            workspace.study.languages,
            runs,
        )
    if step == "polarity":
        return cells_of_pairs(
            step,
            workspace.read("04_relevance").query("relevant"),
            workspace.judges,
            workspace.study.languages,
            runs,
        )
    labelled = workspace.read("05_sociocultural_statements")["statement_id"].drop_duplicates()
    return cells_of_statements(
        step, labelled, [""], list(workspace.study.models), workspace.study.languages, runs
    )


def pilot_cells(workspace: Workspace, step: str, n: int) -> pd.DataFrame:
    """Run 1 of about n pairs of a step, spread over all of them, by every model in every language.

    While it is not known yet which pairs a step needs, of statements whatever their labels will be.
    """
    try:
        known = step_cells(workspace, step, 1)
    except Problem:
        statements = workspace.read("02_statements")["statement_id"]
        turns = [
            workspace.dimensions[i % len(workspace.dimensions)] if step == "polarity" else ""
            for i in range(len(statements))
        ]
        pairs = pd.DataFrame({"statement_id": statements, "dimension": turns})
        known = cells_of_pairs(
            step,
            pairs,
            workspace.judges if step == "polarity" else list(workspace.study.models),
            workspace.study.languages,
            1,
        )
    pairs = known[["statement_id", "dimension"]].drop_duplicates()
    few = min(n, len(pairs))
    chosen = pairs.iloc[[i * len(pairs) // few for i in range(few)]]
    return chosen.merge(known)[CELL]


def texts(workspace: Workspace) -> dict[tuple[str, str], str]:
    """The text of every statement in every language: (statement_id, language) -> text."""
    first = workspace.study.languages[0]
    out = {
        (row.statement_id, first): row.text
        for row in workspace.read("02_statements").itertuples(index=False)
    }
    translated = workspace.read("03_translations")
    return out | {
        (row.statement_id, row.language): row.text for row in translated.itertuples(index=False)
    }


def expected(study: Study, step: str) -> int:
    """How many statements (of the polarity step: pairs) a step will ask about, as the study expects while no table says it."""
    if study.expected is None:
        raise Problem(
            f"The calls of the study {study.name} cannot be counted yet: run its first notebooks (--until 03), "
            "or say under `expected:` how many statements, pairs and labelled statements there will be."
        )
    return {
        "relevance": study.expected.statements,
        "polarity": study.expected.pairs,
        "stance": study.expected.labelled,
    }[step]


def calls(
    study: Study,
    statements: int,
    pairs: int,
    labelled: int,
    runs: dict[str, int],
    real: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Planned calls of each step, model and language, with tokens and cost as a range.

    `statements` after the filter, `pairs` relevant to a dimension, `labelled` statements with a label; `runs` by step.
    Where `real` (`used`) holds enough cells, tokens and cost are as these were; `basis` says which, or "a guess".
    For the paper's study (776, 378, 281; five runs) the calls add up to 212,600.
    """
    judges = study.judges or list(study.models)
    sizes = {"relevance": statements * len(study.dimensions), "polarity": pairs, "stance": labelled}
    known = (
        {}
        if real is None
        else {row[:3]: row[3:] for row in real.itertuples(index=False, name=None)}
    )
    rows = [
        _calls(
            study,
            (step, model, language),
            sizes[step] * runs[step],
            known.get((step, model, language)),
        )
        for step in STEPS
        for model in (study.models if step == "stance" else judges)
        for language in study.languages
        if not (study.labels and step != "stance")
    ]
    names = [
        "step",
        "model",
        "language",
        "calls",
        "input_tokens",
        "output_tokens",
        "usd_low",
        "usd_high",
        "basis",
    ]
    return pd.DataFrame(rows, columns=names)


def used(connection) -> pd.DataFrame:
    """What a cell has really taken, all its attempts together: means by step, model and language over the archive.

    Lost tries count with the most that they can have cost, as they do under the cap. Columns: step, model, language, cells
    (whose tokens are known), input_tokens, output_tokens, usd, usd_error (standard error of the mean).
    """
    whole = """select step, model, language, sum(prompt_tokens) i, sum(completion_tokens) o, sum(coalesce(cost, 0) + coalesce(lost_cost, 0)) c
        from replies group by key having (i is not null and o is not null) or sum(lost) > 0"""
    rows = connection.execute(
        f"select step, model, language, count(i), avg(i), avg(o), avg(c), avg(c * c) from ({whole}) group by step, model, language"
    )
    out = pd.DataFrame(
        rows.fetchall(),
        columns=[
            "step",
            "model",
            "language",
            "cells",
            "input_tokens",
            "output_tokens",
            "usd",
            "squares",
        ],
    )
    variance = (out["squares"] - out["usd"] ** 2).clip(lower=0) / (out["cells"] - 1).clip(lower=1)
    return out.drop(columns="squares").assign(usd_error=variance**0.5)


def expected_calls(study: Study, runs: dict[str, int]) -> pd.DataFrame:
    """The plan of calls for the sizes that the study file expects, without any reply to go by."""
    return calls(study, *(expected(study, step) for step in STEPS), runs).drop(columns="basis")


def _calls(study: Study, what: tuple[str, str, str], count: int, real: tuple | None) -> tuple:
    step, model, language = what
    price = study.models[model].price
    if real and real[0] >= ENOUGH:
        cells, asked, replied, usd, error = real
        low, high = (count * max(usd + spread * error, 0.0) for spread in (-SPREAD, SPREAD))
        return (
            *what,
            count,
            round(count * asked),
            round(count * replied),
            low,
            high,
            f"{cells:,} cells",
        )
    asked = tokens(_typical(step, language), language)
    replied = study.models[model].reply_tokens.get(step, REPLY_TOKENS[step])
    low, high = (
        (count * (asked * price.input + share * replied * price.output) / 1e6 if price else 0.0)
        for share in OUTPUT_RANGE
    )
    return *what, count, count * asked, count * replied, low, high, "a guess"


def _typical(step: str, language: str) -> str:
    """A prompt with a statement of usual length in it."""
    described = (
        None if step == "stance" else next(iter(dimensions.read_dimensions(language).values()))
    )
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
    return (
        (usage.get("prompt_tokens") or 0) * price.input
        + (usage.get("completion_tokens") or 0) * price.output
    ) / 1e6


@dataclass
class Budget:
    """What was asked and spent over the whole study, and the most that requests under way can still cost.

    >>> budget = Budget(Cap(usd=1.0), calls=0, usd=0.0)
    >>> budget.reserve(0.6), budget.reserve(0.6)
    (True, False)
    >>> budget.settle(0.6, cost=0.1)
    >>> budget.reserve(0.6), budget.calls
    (True, 2)
    """

    cap: Cap | None
    calls: int
    usd: float
    reserved: float = 0.0

    def reserve(self, most: float) -> bool:
        """Set aside the most that a request can cost; False when the cap might not hold."""
        if not self._holds(most):
            return False
        self.calls += 1
        self.reserved += most
        return True

    def again(self, most: float) -> bool:
        """Count a try without a reply as paid for, and try again with as much set aside; False as above."""
        self.usd += most
        holds = self._holds(0.0)
        self.calls += holds
        return holds

    def settle(self, most: float, cost: float) -> None:
        """A request has ended: what it did cost in place of what was set aside."""
        self.reserved -= most
        self.usd += cost

    def _holds(self, usd: float) -> bool:
        """Whether the cap allows one more call of at most so many US dollars."""
        cap = self.cap
        if cap is None:
            return True
        of_calls = cap.calls is None or self.calls < cap.calls
        return of_calls and (cap.usd is None or self.usd + self.reserved + usd <= cap.usd + 1e-9)


def key_of(study: Study, endpoint: str) -> str:
    """An endpoint's key, from the environment and nowhere else."""
    variable = study.endpoints[endpoint].key
    if not variable:
        return "none"
    if not os.environ.get(variable):
        raise Problem(
            f'The endpoint "{endpoint}" needs its key in the environment variable {variable}; set it and run again.'
        )
    return os.environ[variable]
