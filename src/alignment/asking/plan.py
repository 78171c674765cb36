"""What is to be asked: the cells of each step, how many calls they are and what these will cost."""

import pandas as pd

from alignment.asking import wording_texts
from alignment.asking.budget import cost_of_tokens
from alignment.study import dimensions
from alignment.study.schema import Study
from alignment.study.workspace import Workspace
from utils import prompts
from utils.cells import CELL, PAIR, STEPS, cells_of_pairs, cells_of_statements, is_stance
from utils.errors import Problem

# A guess of the tokens of a reply, until a study or a pilot knows better.
REPLY_TOKENS = {"relevance": 60, "polarity": 60, "stance": 450}
RANGE = (0.5, 2.0)  # how far the tokens of a reply may lie from what is expected
REASONING_RANGE = (0.3, 4.0)  # of a model that thinks: a factor of 3 has been reported
ENOUGH = 10  # cells before their tokens and cost are taken for those of all
SPREAD = 3.0  # standard errors of a mean cost on either side

COLUMNS = "step model language calls input_tokens output_tokens usd_low usd_high basis".split()


def step_cells(workspace: Workspace, step: str, runs: int) -> pd.DataFrame:
    """Return the cells that a step needs, from the tables of the notebooks before it.

    Where labels are brought there is none to label.
    """
    study = workspace.study
    if study.labels and not is_stance(step):
        return pd.DataFrame(columns=CELL).astype({"run": "int64"})
    if step == "relevance":
        ids, dims = workspace.read("02_statements")["statement_id"], workspace.dimensions
        return cells_of_statements(step, ids, dims, workspace.judges, study.languages, runs)
    if step == "polarity":
        pairs = workspace.read("04_relevance").query("relevant")
        return cells_of_pairs(step, pairs, workspace.judges, study.languages, runs)
    ids = workspace.read("05_sociocultural_statements")["statement_id"].drop_duplicates()
    return cells_of_statements(step, ids, [""], list(study.models), study.languages, runs)


def wording_cells(workspace: Workspace, runs: int) -> pd.DataFrame:
    """Return the cells of all other wordings in which the study asks for stances."""
    steps = [step for step in workspace.study.steps if step not in STEPS]
    if not steps:
        return pd.DataFrame(columns=CELL).astype({"run": "int64"})
    return pd.concat([step_cells(workspace, step, runs) for step in steps], ignore_index=True)


def pilot_cells(workspace: Workspace, step: str, n: int) -> pd.DataFrame:
    """Return run 1 of about n pairs of a step, spread over all, by every model in every language.

    While it is not known yet which pairs a step needs, of statements whatever their labels will be.
    """
    try:
        cells = step_cells(workspace, step, 1)
    except Problem:
        pairs = workspace.read("02_statements")[["statement_id"]].assign(dimension="")
        models = list(workspace.study.models)
        if step == "polarity":
            dims, models = workspace.dimensions, workspace.judges
            pairs["dimension"] = [dims[i % len(dims)] for i in range(len(pairs))]
        cells = cells_of_pairs(step, pairs, models, workspace.study.languages, 1)
    pairs = cells[PAIR].drop_duplicates()
    n = min(n, len(pairs))
    return pairs.iloc[[i * len(pairs) // n for i in range(n)]].merge(cells)[CELL]


def read_texts(workspace: Workspace) -> dict[tuple[str, ...], str]:
    """Read the text of every statement in every language: (statement_id, language) -> text.

    With what is asked about in its place in another wording: (statement_id, language, step).
    """
    original = workspace.read("02_statements").assign(language=workspace.study.languages[0])
    texts = {}
    for frame in (original, workspace.read("03_translations")):
        for row in frame.itertuples(index=False):
            texts[row.statement_id, row.language] = row.text
    return texts | wording_texts.read(workspace)


def expected_sizes(study: Study) -> dict[str, int]:
    """Return how many statements (polarity: pairs) each step asks about, as the study expects."""
    if study.expected is None:
        how = "say in the study file under `expected:` how many statements, pairs and labelled "
        how += "statements there will be (the first notebooks, --until 03, show the statements)."
        raise Problem(f"The calls of the study {study.name} cannot be counted yet: {how}")
    sizes = (study.expected.statements, study.expected.pairs, study.expected.labelled)
    by_step = dict(zip(STEPS, sizes, strict=True))
    return {step: by_step.get(step, by_step["stance"]) for step in study.steps}


def runs_by_step(study: Study, parameters: dict) -> dict[str, int]:
    """Return the runs of each step that asks, among the parameters of the notebooks."""
    return {step: int(parameters[runs_parameter(step)]) for step in study.steps}


def runs_parameter(step: str) -> str:
    """Return the name of the notebooks' parameter that holds the runs of a step."""
    return f"{step}_runs" if step in STEPS else "wording_runs"


def plan_calls(
    study: Study, sizes: dict[str, int], runs: dict[str, int], usage: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the calls of each step, model and language, with their tokens and range of US dollars.

    `sizes`: by step, the statements after the filter, the pairs relevant to a dimension, and the
    statements with a label, once for each wording; `runs` by step. Where `usage`
    (`archive.average_usage`) holds enough cells, tokens and cost are as these were; `basis` says
    which, or "a guess". For the paper's study (776, 378, 281; five runs) the calls add up to
    212,600.
    """
    usage = {} if usage is None else {row[:3]: row[3:] for row in usage.itertuples(index=False)}
    rows = []
    for step in study.steps:
        if study.labels and not is_stance(step):
            continue
        models = study.models if is_stance(step) else study.judges or study.models
        calls = sizes[step] * runs[step] * (len(study.dimensions) if step == "relevance" else 1)
        for model in models:
            for language in study.languages:
                averages = usage.get((step, model, language))
                if averages and averages[0] >= ENOUGH:
                    cost = _measured_cost(calls, *averages)
                else:
                    cost = _guessed_cost(study, step, model, language, calls)
                rows.append((step, model, language, calls, *cost))
    return pd.DataFrame(rows, columns=COLUMNS)


def plan_expected_calls(study: Study, runs: dict[str, int]) -> pd.DataFrame:
    """Return the plan of calls for the sizes that the study file expects, all costs guessed.

    Empty where it expects none.
    """
    sizes = dict.fromkeys(study.steps, 0) if study.expected is None else expected_sizes(study)
    calls = plan_calls(study, sizes, runs).drop(columns="basis")
    return calls[calls["calls"] > 0] if study.expected is None else calls


def _measured_cost(
    calls: int, cells: int, input_tokens: float, output_tokens: float, usd: float, error: float
) -> tuple:
    low, high = (calls * max(usd + spread * error, 0.0) for spread in (-SPREAD, SPREAD))
    return round(calls * input_tokens), round(calls * output_tokens), low, high, f"{cells:,} cells"


def _guessed_cost(study: Study, step: str, model: str, language: str, calls: int) -> tuple:
    input_tokens = estimate_tokens(_typical_prompt(step, language))
    kind = "stance" if is_stance(step) else step
    output_tokens = study.models[model].reply_tokens.get(kind, REPLY_TOKENS[kind])
    spread = REASONING_RANGE if study.models[model].reasoning else RANGE
    costs = [calls * cost_of_tokens(study, model, input_tokens, n * output_tokens) for n in spread]
    return calls * input_tokens, calls * output_tokens, *costs, "a guess"


def _typical_prompt(step: str, language: str) -> str:
    """Return a prompt with a statement of usual length in it."""
    texts = {} if is_stance(step) else dimensions.read_dimensions(language)
    statement = "词" * 30 if language == "zh" else "word " * 16
    messages = prompts.fill(step, language, statement, next(iter(texts.values()), None))
    return "".join(message["content"] for message in messages)


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has: 4 letters each, 0.7 for each Chinese character.

    >>> estimate_tokens("four letters"), estimate_tokens("权力距离")
    (3, 3)
    """
    wide = sum(ord(character) > 0x2E7F for character in text)
    return round((len(text) - wide) / 4 + wide * 0.7)
