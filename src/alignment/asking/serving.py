"""What only the archive knows of the answers: who served them, and the models' reasons."""

from pathlib import Path, PureWindowsPath

import pandas as pd

from alignment.asking import archive, collection, plan
from alignment.study import table_files
from alignment.study.paths import ASKING, WORDINGS
from alignment.study.workspace import Workspace
from utils import reply_parser
from utils.cells import CELL

IDENTITY = ["model", "returned_model", "provider", "quantisation", "fingerprint"]
REASONS = ["statement_id", "model", "language", "run", "answer", "reason"]
USAGE = "model first last calls asked_again failed input_tokens output_tokens usd".split()
# beside the published answers, for whoever has no archive
COPIED = ("07_served", "07_usage", "07_reasons")


def read_servers(workspace: Workspace) -> pd.DataFrame:
    """Read who served the replies that count, by their own word: IDENTITY, and how many replies.

    Without an archive, as the copy beside the recorded answers says; empty where nobody knows, as
    with imported answers.
    """
    copy = _read_copy(workspace, "07_served", [*IDENTITY, "replies"])
    if copy is not None:
        return copy
    names = [f"{number}_answers.csv.gz" for number in ASKING.values()]
    tables = map(workspace.read, [*names, WORDINGS] if workspace.study.wordings else names)
    cells = pd.concat([table[CELL] for table in tables])
    names = [*IDENTITY[1:], "key"]  # a reply without a word on who served it still has its key
    served = pd.DataFrame(_read_last(workspace, cells, names), columns=names)
    served = served.assign(model=cells["model"].to_numpy()).dropna(subset="key").fillna("")
    served["returned_model"] = served["returned_model"].map(shorten_path)
    counts = served.groupby(IDENTITY, sort=False).size().rename("replies").reset_index()
    return workspace.in_order(counts)[[*IDENTITY, "replies"]]


def describe_mixtures(served: pd.DataFrame) -> str:
    """Say which models were served in more than one way: by several providers or versions.

    >>> rows = [("m", "m-1", "x", "fp8", "", 9), ("m", "m-1", "y", "", "", 1)]
    >>> describe_mixtures(pd.DataFrame(rows, columns=[*IDENTITY, "replies"]))
    '**m was served in 2 ways** (90 % in the most frequent): its answers are a mixture.'
    """
    if served.empty:
        return "It is unknown who served the replies: there is no archive of them."
    mixtures = []
    for model, replies in served.groupby("model", sort=False)["replies"]:
        if len(replies) > 1:
            share = f"{100 * replies.max() / replies.sum():.0f} % in the most frequent"
            mixtures.append(f"**{model} was served in {len(replies)} ways** ({share})")
    if not mixtures:
        return "Every model was served in one way throughout."
    return f"{'; '.join(mixtures)}: its answers are a mixture."


def shorten_path(name: str) -> str:
    """Return the file name of a model whose name is a path, as some local servers give it.

    >>> shorten_path("/srv/models/small.gguf"), shorten_path("maker/model-7b")
    ('small.gguf', 'maker/model-7b')
    """
    is_path = name.startswith(("/", "~", ".")) or "\\" in name or name.endswith(".gguf")
    return PureWindowsPath(name).name if is_path else name


def read_usage(workspace: Workspace) -> pd.DataFrame:
    """Read what the replies of real models took, by model: USAGE; empty where none was asked."""
    copy = _read_copy(workspace, "07_usage", USAGE)
    if copy is not None:
        return copy
    path = workspace.raw / archive.FILE
    if workspace.study.respondents != "live" or not path.exists():
        return pd.DataFrame(columns=USAGE)
    with archive.open_archive(path) as connection:
        return workspace.in_order(archive.sum_by_model(connection))[USAGE]


def describe_failures(workspace: Workspace, cells: pd.DataFrame) -> str:
    """Say why cells failed, the commonest reasons first; nothing where none did."""
    failed = cells[cells["state"] == "failed"]
    if failed.empty or not collection.archive_paths(workspace):
        return ""
    keys = set(collection.cell_keys(workspace, failed, plan.read_texts(workspace)))
    counts = pd.concat(
        [_count_failures(path, keys) for path in collection.archive_paths(workspace)]
    )
    return f"**{len(failed):,} failed**: {_list_reasons(counts)}."


def summarise(workspace: Workspace) -> str:
    """Return what the study's asking has come to so far, by model, as lines of text."""
    path, lines = workspace.raw / archive.FILE, []
    usage = read_usage(workspace) if path.exists() else pd.DataFrame()
    if usage.empty:
        return ""
    failures = _count_failures(path)
    for row in usage.itertuples():
        tokens = f"{row.input_tokens:,} tokens asked and {row.output_tokens:,} replied"
        line = f"{row.model}: {row.calls:,} calls ({row.asked_again:,} made again), {tokens}"
        reasons = failures[failures["model"] == row.model]
        failed = f"; {row.failed:,} without a reply: {_list_reasons(reasons)}" if row.failed else ""
        lines.append(f"{line}, ${row.usd:,.2f}{failed}")
    return "\n".join(["Asked so far, over all executions of this study:", *lines])


def _count_failures(path: Path, keys: set[str] | None = None) -> pd.DataFrame:
    with archive.open_archive(path) as connection:
        return archive.count_failures(connection, keys)


def _list_reasons(counts: pd.DataFrame, most: int = 3) -> str:
    sums = counts.groupby("reason")["n"].sum().nlargest(most)
    return "; ".join(f'{n:,} with "{reason[:160]}"' for reason, n in sums.items())


def read_reasons(workspace: Workspace, answers: pd.DataFrame, votes: pd.DataFrame) -> pd.DataFrame:
    """Read, for each stance of a model in a language, the first reply that gave it: REASONS.

    The model's thinking is left out. Empty where the study's texts may not be shown, and without
    an archive or a copy of it.
    """
    if not workspace.study.show_texts:
        return pd.DataFrame(columns=REASONS)
    copy = _read_copy(workspace, "07_reasons", REASONS)
    if copy is not None:
        return copy[copy["statement_id"].isin(votes["statement_id"])]
    by = ["statement_id", "model", "language"]
    stances = answers.assign(vote=answers["answer"].map({"agree": 1.0, "disagree": -1.0}))
    stances = stances.merge(votes.dropna(subset="vote")[[*by, "vote"]])
    first = stances.sort_values("run").drop_duplicates(by).sort_index().reset_index(drop=True)
    texts = [text or "" for (text,) in _read_last(workspace, first, ["text"])]
    return first.assign(reason=[reply_parser.visible(text).strip() for text in texts])[REASONS]


def _read_last(workspace: Workspace, cells: pd.DataFrame, names: list[str]) -> list[tuple]:
    """Read some fields of the last reply of each cell, in their order; None where there is none."""
    keys = collection.cell_keys(workspace, cells, plan.read_texts(workspace))
    replies = collection.read_last_replies(workspace, names)
    return [replies.get(key, (None,) * len(names)) for key in keys]


def _read_copy(workspace: Workspace, name: str, columns: list[str]) -> pd.DataFrame | None:
    """Read what takes the place of an archive; None when the archive is to be read.

    With `--recorded` the copy goes before an archive, which may hold less: asking may have been
    tried without a server.
    """
    path = path_of_copy(workspace, name)
    is_recorded = workspace.recorded and path.exists()
    is_imported = workspace.study.respondents == "imported"
    if collection.archive_paths(workspace) and not (is_recorded or is_imported):
        return None
    return table_files.read(path)[columns] if path.exists() else pd.DataFrame(columns=columns)


def path_of_copy(workspace: Workspace, name: str) -> Path:
    """Return where a table's copy is, beside the published answers: data/raw/<study>/served.csv."""
    return workspace.raw / f"{name.partition('_')[2]}.csv"
