"""What only the archive knows of the answers: who served them, and the reasons that they gave."""

from pathlib import Path

import pandas as pd

from alignment.asking import collection, plan
from alignment.study import table_files
from alignment.study.workspace import Workspace
from utils import reply_parser
from utils.cells import CELL

SERVED = ["model", "returned_model", "provider", "quantisation", "fingerprint"]
REASONS = ["statement_id", "model", "language", "run", "answer", "reason"]
KEPT = (
    "07_served",
    "07_reasons",
)  # copied beside the published answers, for whoever has no archive


def served(workspace: Workspace) -> pd.DataFrame:
    """Who served the replies that count, by their own word: model, what returned them, and how many replies.

    Without an archive, as the copy beside the recorded answers says; empty where nobody knows, as with imported answers.
    """
    if (known := _copy(workspace, "07_served", [*SERVED, "replies"])) is not None:
        return known
    cells = pd.concat(
        [workspace.read(f"{number}_answers.csv.gz")[CELL] for number in ("04", "05", "07")]
    )
    names = [*SERVED[1:], "key"]  # a reply without a word on who served it still has its key
    found = pd.DataFrame(_last(workspace, cells, names), columns=names).assign(
        model=cells["model"].to_numpy()
    )
    found = found.dropna(subset="key").fillna("")
    return workspace.in_order(
        found.groupby(SERVED, sort=False).size().rename("replies").reset_index()
    )[[*SERVED, "replies"]]


def mixtures(found: pd.DataFrame) -> str:
    """Which models more than one server, quantisation or version answered for, in a sentence.

    >>> rows = [("m", "m-1", "x", "fp8", "", 9), ("m", "m-1", "y", "", "", 1)]
    >>> mixtures(pd.DataFrame(rows, columns=[*SERVED, "replies"]))
    '**m was served in 2 ways** (90 % in the most frequent): its answers are a mixture.'
    """
    if found.empty:
        return "Who served the answers is not known: there is no archive of their replies."
    mixed = {m: rows["replies"] for m, rows in found.groupby("model", sort=False) if len(rows) > 1}
    said = [
        f"**{m} was served in {len(n)} ways** ({n.max() / n.sum():.0%} in the most frequent)".replace(
            "%", " %"
        )
        for m, n in mixed.items()
    ]
    return (
        f"{'; '.join(said)}: its answers are a mixture."
        if said
        else "Every model was served in one way throughout."
    )


def reasons(workspace: Workspace, answered: pd.DataFrame, voted: pd.DataFrame) -> pd.DataFrame:
    """For each stance of a model in a language the first reply that gave it, without the model's thinking.

    Only where the study's texts may be shown; else empty, as without an archive or a copy of it.
    """
    if not workspace.study.show_texts:
        return pd.DataFrame(columns=REASONS)
    if (known := _copy(workspace, "07_reasons", REASONS)) is not None:
        return known[known["statement_id"].isin(voted["statement_id"])]
    votes = voted.dropna(subset="vote")[["statement_id", "model", "language", "vote"]]
    wanted = answered.assign(vote=answered["answer"].map({"agree": 1.0, "disagree": -1.0})).merge(
        votes
    )
    wanted = (
        wanted.sort_values("run")
        .drop_duplicates(["statement_id", "model", "language"])
        .sort_index()
        .reset_index(drop=True)
    )
    texts = [
        reply_parser.visible(text or "").strip() for (text,) in _last(workspace, wanted, ["text"])
    ]
    return wanted.assign(reason=texts)[REASONS]


def _last(workspace: Workspace, cells: pd.DataFrame, names: list[str]) -> list[tuple]:
    """Some fields of the last reply of each cell, in the order of the cells; None where there was none."""
    keys = collection.keys_of(workspace, cells, plan.texts(workspace))
    found = collection.last(workspace, names)
    return [found.get(key, (None,) * len(names)) for key in keys]


def _copy(workspace: Workspace, name: str, columns: list[str]) -> pd.DataFrame | None:
    """What is to be used in place of an archive that is not there; None when it is there."""
    if collection.archives(workspace) and workspace.study.respondents != "imported":
        return None
    path = copy_of(workspace, name)
    return table_files.read(path)[columns] if path.exists() else pd.DataFrame(columns=columns)


def copy_of(workspace: Workspace, name: str) -> Path:
    """Where a table's copy lies beside the published answers: data/raw/<study>/served.csv."""
    return workspace.raw / f"{name.partition('_')[2]}.csv"
