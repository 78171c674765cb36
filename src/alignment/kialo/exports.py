"""A folder of Kialo's text exports and vote files -> debates and theses, for people whom Kialo let export.

The older export (until 2022) starts `Discussion Title: ...` and writes `1. thesis`, `1.1. Pro: claim` in Markdown.
The newer one starts `Discussion Name:`, writes `1. Thesis:` above an indented text, and lists what its footnotes `[3]`
stand for after `Sources:`. A vote file `<debate>.json` holds `nodes` (claim -> votes by score) and `edges` (claim ->
its parent and the relation).
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pandas as pd

from alignment.kialo.responses import DEBATES, THESES, claim_number, read_json, table
from alignment.kialo.text import plain_text, without_footnotes
from alignment.study.hashes import content_hash
from alignment.study.paths import shown
from utils.errors import Problem

REFUSED = ["file", "reason"]
OLDER, NEWER = "older export", "newer export"

OLDER_TITLE = re.compile(r"\s*Discussion Title:(.*)")
NEWER_TITLE = re.compile(r"\s*Discussion Name:[ \t]*\n(.*)")
OLDER_CLAIM = re.compile(r"^1((?:\.[0-9]+)*)\.(?: |$)(?:(?=(Pro|Con):))?", re.MULTILINE)
NEWER_CLAIM = re.compile(r"^ *1((?:\.[0-9]+)*)\. (Thesis|Question|Pro|Con):[ \t]*$", re.MULTILINE)
SOURCES = re.compile(r"^Sources:[ \t]*\n(?=\[[0-9]{1,6}\] )", re.MULTILINE)
DEBATE_ID = re.compile(
    r"(?:^|-)([0-9]+)(?: ?\([0-9]+\))?$"
)  # `slug-17`; `slug-17 (1)` is a browser's copy
TWIN = re.compile(r"-(?:older|copy[0-9]+)$")


class Export(NamedTuple):
    """What one text export says, in its own Markdown but without footnote marks."""

    format: str
    title: str
    question: str  # empty with a single thesis
    theses: tuple[str, ...]


class File(NamedTuple):
    """An export's file, by its name within the folder, and the debate that it is of."""

    name: str
    debate: str
    export: Export
    copy_of: str = ""  # another file with the same bytes


class Votes(NamedTuple):
    """What one vote file says: its theses with their votes, and the votes of the whole debate."""

    theses: dict[str, int]
    debate: int


Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def read_exports(folder: Path, votes: Path | None, keep_twins: bool = False) -> Tables:
    """Debates, theses, and the files that were left out with the reason, from all *.txt under a folder.

    A thesis has votes where both the export and the vote file know exactly one. A debate counts once, in the newer
    format where both are there; with `keep_twins` the older stays as `17-older`, a copy of the file as `17-copy2`.
    """
    for place in (folder, votes):
        if place is not None and not place.is_dir():
            raise Problem(
                f"There is no folder {shown(place)} to read exports (*.txt) or votes (<debate>.json) from."
            )
    found, refused = _unique(*_parsed(folder), keep_twins)
    debates, theses = [], []
    for debate, export in found.items():
        name = TWIN.sub("", debate) + ".json"
        counted, reason = _votes_in(votes / name) if votes else (None, "")
        refused += [{"file": name, "reason": reason}] if reason else []
        debates.append(_debate_row(debate, export, counted))
        theses += _thesis_rows(debate, export, counted)
    return table(debates, DEBATES), table(theses, THESES), table(refused, REFUSED)


def parse(text: str) -> Export:
    """Read one export of either format; text of another kind is a Problem.

    >>> parse("Discussion Title: Cats\\n\\n1. Cats may vote.\\n1.1. Pro: They care.")
    Export(format='older export', title='Cats', question='', theses=('Cats may vote.',))
    >>> parse("Discussion Name:\\nCats\\n\\n1. Question:\\nMay cats vote?\\n\\n  1.1. Thesis:\\n  Yes [1].").theses
    ('Yes [1].',)
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if title := OLDER_TITLE.match(text):
        claims = _claims(text[title.end() :], OLDER_CLAIM)
        several = any(level == 2 and mark is None for level, mark, _ in claims)
        return _export(OLDER, title[1], claims, several)
    if title := NEWER_TITLE.match(text):
        body, sources = _without_sources(text[title.end() :])
        claims = _claims(body, NEWER_CLAIM)
        claims = [
            (level, mark, without_footnotes(claim, sources))
            for level, mark, claim in claims
            if level < 3
        ]
        return _export(NEWER, title[1], claims, several=claims[0][1] == "Question")
    raise Problem(
        'it is no export of a debate: it starts with neither "Discussion Title:" nor "Discussion Name:"'
    )


def debate_id(stem: str, export: Export) -> str:
    """The debate's id at the end of its file's name; where the name was cut before it, `x-` and a hash of what it asks.

    >>> cats = Export(OLDER, "Cats", "", ("Cats may vote.",))
    >>> debate_id("will-cats-vote-by-2030-17", cats), debate_id("%CE%B3%CE%AC%CF-1", cats)
    ('17', 'x-cd2e71df7ab70d53')
    """
    named = DEBATE_ID.search(stem)
    if named and _is_whole(stem[: named.start()]):
        return named[1]
    return "x-" + content_hash(f"{export.title}\n{export.question or ''.join(export.theses)}")


def votes_of(answer: object) -> Votes:
    """Read a vote file: theses by their relation to the root, votes whatever their score (also the odd -2).

    >>> nodes = {"9.0": {"votes": {}}, "9.4": {"votes": {"4": 3, "-2": 1}}, "9.5": {"votes": {"0": 2}}}
    >>> edges = {"9.4": {"successor_id": "9.0", "relation": 0}, "9.5": {"successor_id": "9.4", "relation": 1}}
    >>> votes_of({"nodes": nodes, "edges": edges})
    Votes(theses={'9.4': 4}, debate=6)
    """
    try:
        counts = {claim: sum(node["votes"].values()) for claim, node in answer["nodes"].items()}
        under = {
            claim: edge["successor_id"]
            for claim, edge in answer["edges"].items()
            if edge["relation"] == 0
        }
        theses = sorted(
            (c for c, above in under.items() if above not in answer["edges"]), key=claim_number
        )
        if not all(type(n) is int and n >= 0 for n in counts.values()):
            raise ValueError
        return Votes({claim: counts[claim] for claim in theses}, sum(counts.values()))
    except (TypeError, KeyError, AttributeError, ValueError):
        raise Problem(
            'it is no vote file: it lacks "nodes" with counts by score or "edges" with relations'
        ) from None


def _parsed(folder: Path) -> tuple[list[File], list[dict]]:
    """Every export under a folder, shorter names first (a copy's is longer), and what was refused."""
    read, refused, seen = [], [], {}
    for path in sorted(
        folder.rglob("*.txt"), key=lambda p: (len(p.name), p.relative_to(folder).as_posix())
    ):
        name = path.relative_to(folder).as_posix()
        try:
            content = path.read_bytes()
            export = parse(content.decode("utf-8"))
        except (Problem, OSError, UnicodeDecodeError) as error:
            reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            refused.append({"file": name, "reason": reason})
            continue
        first = seen.setdefault(content, File(name, debate_id(path.stem, export), export))
        read.append(
            first if first.name == name else File(name, first.debate, export, copy_of=first.name)
        )
    return read, refused


def _unique(
    read: list[File], refused: list[dict], keep_twins: bool
) -> tuple[dict[str, Export], list[dict]]:
    """One export for each debate, the newer format before the older."""
    kept: dict[str, File] = {}
    for file in sorted(read, key=lambda f: f.export.format != NEWER):
        other = kept.get(file.debate)
        name = file.debate if other is None else _twin(file, other, kept) if keep_twins else ""
        if name:
            kept[name] = file
        else:
            refused = [*refused, {"file": file.name, "reason": f"it is {_relation(file, other)}"}]
    found = {debate: kept[debate].export for debate in sorted(kept, key=_order)}
    return found, sorted(refused, key=lambda row: row["file"])


def _twin(file: File, other: File, kept: dict[str, File]) -> str:
    """The id under which a twin is kept; none for a second export in the same format."""
    if file.copy_of:
        return f"{file.debate}-copy{2 + sum(1 for f in kept.values() if f.copy_of == file.copy_of)}"
    older = f"{file.debate}-older"
    return older if file.export.format != other.export.format and older not in kept else ""


def _relation(file: File, other: File) -> str:
    if file.copy_of:
        return f"a copy of {file.copy_of}"
    older = file.export.format != other.export.format
    return f"{'the older twin' if older else 'another export of the debate'} of {other.name}"


def _order(debate: str) -> tuple[int, str]:
    number = TWIN.sub("", debate)
    return (int(number) if number.isdecimal() else 10**12, debate)


def _claims(body: str, head: re.Pattern) -> list[tuple[int, str | None, str]]:
    """The claims of an export's body as level (1 is the root), mark and text; only the first level-1 head is one."""
    heads = list(_in_order(head.finditer(body)))
    if not heads:
        raise Problem('it holds no claim "1."')
    ends = [h.start() for h in heads[1:]] + [len(body)]
    return [
        (1 + h[1].count("."), h[2], body[h.end() : end].strip())
        for h, end in zip(heads, ends, strict=True)
    ]


def _in_order(heads: Iterable[re.Match]) -> Iterator[re.Match]:
    """The heads whose number is the next of its parent: claims are numbered without gaps, so any other is text."""
    children: dict[str, int] = {}
    for head in heads:
        above, _, number = head[1].rpartition(".")
        if (number == str(children.get(above, -1) + 1)) if head[1] else not children:
            children |= {above: children.get(above, -1) + 1, head[1]: 0}
            yield head


def _export(format: str, title: str, claims: list, several: bool) -> Export:
    root = claims[0][2]
    theses = [text for level, _, text in claims if level == 2] if several else [root]
    return Export(format, " ".join(title.split()), root if several else "", tuple(theses))


def _without_sources(body: str) -> tuple[str, int]:
    """An export's body, and the number of sources that were listed after it."""
    parts = list(SOURCES.finditer(body))
    if not parts:
        return body, 0
    marks = re.findall(r"^\[([0-9]{1,6})\] ", body[parts[-1].end() :], re.MULTILINE)
    return body[: parts[-1].start()], max(map(int, marks))


def _is_whole(name: str) -> bool:
    """Whether a percent-encoded name was not cut within a character."""
    return "\ufffd" not in unquote(name)


def _votes_in(path: Path) -> tuple[Votes | None, str]:
    """The votes of a debate, or why they cannot be read; neither when there is no file."""
    if not path.exists():
        return None, ""
    try:
        return votes_of(read_json(path)), ""
    except Problem as problem:
        return None, str(problem)


def _debate_row(debate: str, export: Export, counted: Votes | None) -> dict:
    row = {
        "debate_id": debate,
        "title": export.title,
        "language": "",
        "question": plain_text(export.question),
    }
    total = counted.debate if counted else None
    return row | {"n_theses": len(export.theses), "debate_votes": total, "source": export.format}


def _thesis_rows(debate: str, export: Export, counted: Votes | None) -> list[dict]:
    """Exports know no claim numbers: `17.4` only where both sides have one thesis, else `17#k` for the k-th."""
    exact = counted is not None and not export.question and len(counted.theses) == 1
    node, votes = next(iter(counted.theses.items())) if exact else ("", None)
    shared = {
        "debate_id": debate,
        "votes": votes,
        "debate_votes": counted.debate if counted else None,
    }
    ids = [
        f"{debate}.{node.rpartition('.')[2]}" if exact else f"{debate}#{k + 1}"
        for k in range(len(export.theses))
    ]
    texts = map(plain_text, export.theses)
    rows = enumerate(zip(ids, texts, strict=True), start=1)
    return [shared | {"statement_id": i, "thesis_no": k, "text": text} for k, (i, text) in rows]
