"""Negations and paraphrases of statements that people bring: they win over a wording's template.

A brought negation is asked about as any statement is, and agreeing with it is a stance against the
statement that it negates.
"""

from pathlib import Path

from alignment.study import brought_tables
from alignment.study.brought_tables import Brought
from alignment.study.workspace import Workspace

FILE = "wordings.csv"
COLUMNS = ["statement_id", "language", "wording", "text"]
KINDS = ("negated", "reworded")  # the wordings of which a text can be brought


def check(workspace: Workspace, path: Path) -> Brought:
    """Read a table of negations and paraphrases and check it whole."""
    table = brought_tables.read(path, COLUMNS)
    brought_tables.check_ids(table)
    brought_tables.check_values(table, "language", workspace.study.languages)
    brought_tables.check_values(table, "wording", KINDS)
    table.refuse(table.frame["text"] == "", "the text is empty")
    twice = table.frame.duplicated(COLUMNS[:3])
    table.refuse(twice, "{statement_id} has two texts for {wording} in {language}")
    same = table.frame["text"].str.casefold().duplicated(keep=False)
    table.refuse(same, "the text of {statement_id} ({wording}) stands in another row, too")
    return table._replace(frame=table.frame[COLUMNS])


def read(workspace: Workspace) -> dict[tuple[str, str, str], str]:
    """Read what a study brings, or else the one whose debates it uses; empty without a file.

    (statement_id, language, step) -> text.
    """
    for folder in dict.fromkeys((workspace.raw, workspace.material)):
        if (folder / FILE).exists():
            rows = check(workspace, folder / FILE).frame.itertuples(index=False)
            return {(r.statement_id, r.language, f"stance_{r.wording}"): r.text for r in rows}
    return {}
