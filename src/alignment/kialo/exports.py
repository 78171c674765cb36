"""A folder of Kialo's text exports and vote files -> debates and theses.

The older export (until 2022) starts `Discussion Title: ...` and writes `1. thesis`,
`1.1. Pro: claim` in Markdown. The newer one starts `Discussion Name:`, writes `1. Thesis:` above
an indented text, and lists what its footnotes `[3]` stand for after `Sources:`. A vote file
`<debate>.json` holds `nodes` (claim -> votes by score) and `edges` (claim -> its parent and the
relation).
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import py3langid

from alignment.kialo.responses import claim_number, read_json
from alignment.kialo.tables import DEBATES, REFUSED, THESES, Tables, as_table
from alignment.kialo.text import plain_text, remove_footnotes
from alignment.study.hashes import content_hash
from alignment.study.paths import shown
from utils.errors import Problem

OLDER, NEWER = "older export", "newer export"
FEW_WORDS = 40  # of so short a text the language is not told

OLDER_TITLE = re.compile(r"\s*Discussion Title:(.*)")
NEWER_TITLE = re.compile(r"\s*Discussion Name:[ \t]*\n(.*)")
OLDER_CLAIM = re.compile(r"^1((?:\.[0-9]+)*)\.(?: |$)(?:(?=(Pro|Con):))?", re.MULTILINE)
NEWER_CLAIM = re.compile(r"^ *1((?:\.[0-9]+)*)\. (Thesis|Question|Pro|Con):[ \t]*$", re.MULTILINE)
SOURCES = re.compile(r"^Sources:[ \t]*\n(?=\[[0-9]{1,6}\] )", re.MULTILINE)
DEBATE_ID = re.compile(r"(?:^|-)([0-9]+)(?: ?\([0-9]+\))?$")  # `slug-17`, a copy `slug-17 (1)`
LONGEST = 224  # bytes of a name; browsers cut longer ones, and what ends them may be no id
CUT = re.compile("\ufffd|%")  # left of an escape that was cut: %CE%B3 -> %CE%B, %CE%, %CE, %C, %
TWIN = re.compile(r"-(?:older|copy[0-9]+)$")


class Export(NamedTuple):
    """What one text export says, in its own Markdown but without footnote marks."""

    format: str
    title: str
    question: str  # empty with a single thesis
    theses: tuple[str, ...]
    language: str = ""  # unknown where there is little text


class File(NamedTuple):
    """An export's file, by its name within the folder, and the debate that it holds."""

    name: str
    debate: str
    export: Export
    copy_of: str = ""  # another file with the same bytes


class Votes(NamedTuple):
    """What one vote file says: its theses with their votes, and the votes of the whole debate."""

    theses: dict[str, int]
    debate: int


def read_exports(folder: Path, votes: Path | None, keep_twins: bool = False) -> Tables:
    """Read debates, theses and refused files with reasons (`tables`) from the exports in a folder.

    These end in .txt; any other file is listed as refused, and a vote file without its export.

    A thesis has votes where both the export and the vote file know exactly one. A debate counts
    once, in the newer format where both are there; with `keep_twins` the older stays as
    `17-older`, a copy of the file as `17-copy2`.
    """
    for place in (folder, votes):
        if place is not None and not place.is_dir():
            missing = f"There is no folder {shown(place)}"
            raise Problem(f"{missing} to read exports (*.txt) or votes (<debate>.json) from.")
    exports, refused = _unique(*_parse_files(folder, votes), keep_twins)
    debates, theses = [], []
    for debate, export in exports.items():
        name = TWIN.sub("", debate) + ".json"
        counts, reason = _votes_in(votes / name) if votes else (None, "")
        if reason:
            refused.append({"file": name, "reason": reason})
        debates.append(_debate_row(debate, export, counts))
        theses += _thesis_rows(debate, export, counts)
    if votes:
        used = {TWIN.sub("", debate) for debate in exports}
        unused = sorted(p.name for p in votes.glob("*.json") if p.stem not in used)
        refused += [
            {"file": name, "reason": "no export of this debate is there"} for name in unused
        ]
    return as_table(debates, DEBATES), as_table(theses, THESES), as_table(refused, REFUSED)


def parse(text: str) -> Export:
    """Read one export of either format; Problem for any other text.

    >>> parse("Discussion Title: Cats\\n\\n1. Cats may vote.\\n1.1. Pro: They care.")[:2]
    ('older export', 'Cats')
    >>> newer = "Discussion Name:\\nCats\\n\\n1. Question:\\nMay they?\\n\\n 1.1. Thesis:\\n Yes"
    >>> parse(newer).theses
    ('Yes',)
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if title := OLDER_TITLE.match(text):
        claims = _claims(text[title.end() :], OLDER_CLAIM)
        several = any(level == 2 and mark is None for level, mark, _ in claims)
        return _export(OLDER, title[1], claims, several)
    if title := NEWER_TITLE.match(text):
        body, sources = _split_sources(text[title.end() :])
        claims = _claims(body, NEWER_CLAIM)
        claims = [(level, mark, remove_footnotes(c, sources)) for level, mark, c in claims]
        return _export(NEWER, title[1], claims, several=claims[0][1] == "Question")
    raise Problem(
        'it is not an export of a debate: it starts with neither "Discussion Title:" '
        'nor "Discussion Name:"'
    )


def find_debate_id(stem: str, export: Export) -> str:
    """Return the debate's id at the end of its file's name.

    Where the name was cut before it, `x-` and a hash of what the debate asks.

    >>> cats = Export(OLDER, "Cats", "", ("Cats may vote.",))
    >>> find_debate_id("will-cats-vote-by-2030-17", cats), find_debate_id("%CE%B3%CE%AC%C-1", cats)
    ('17', 'x-cd2e71df7ab70d53')
    """
    number = DEBATE_ID.search(stem)
    if number and len(stem.encode()) <= LONGEST and not CUT.search(unquote(stem[: number.start()])):
        return number[1]
    return "x-" + content_hash(f"{export.title}\n{export.question or ''.join(export.theses)}")


def find_language(text: str) -> str:
    """Return the language of a whole export (en, de, ...), empty where it has few words.

    >>> find_language("Katzen dürfen wählen, weil sie hier wohnen und Steuern zahlen. " * 5)
    'de'
    """
    text = re.sub(r"https?://\S+", " ", text)
    return py3langid.classify(text[:4000])[0] if len(text.split()) >= FEW_WORDS else ""


def parse_votes(answer: object) -> Votes:
    """Read a vote file: theses by their relation to the root, votes whatever their score (even -2).

    >>> nodes = {"9.0": {"votes": {}}, "9.4": {"votes": {"4": 3, "-2": 1}}}
    >>> parse_votes({"nodes": nodes, "edges": {"9.4": {"successor_id": "9.0", "relation": 0}}})
    Votes(theses={'9.4': 4}, debate=4)
    """
    try:
        counts = {claim: sum(node["votes"].values()) for claim, node in answer["nodes"].items()}
        edges, theses = answer["edges"], []
        for claim, edge in edges.items():
            if edge["relation"] == 0 and edge["successor_id"] not in edges:
                theses.append(claim)
        theses.sort(key=claim_number)
        if not all(type(n) is int and n >= 0 for n in counts.values()):
            raise ValueError
        return Votes({claim: counts[claim] for claim in theses}, sum(counts.values()))
    except (TypeError, KeyError, AttributeError, ValueError):
        raise Problem(
            'it is not a vote file: it lacks "nodes" with counts by score or "edges" with relations'
        ) from None


def _parse_files(folder: Path, votes: Path | None) -> tuple[list[File], list[dict]]:
    """Read every export in a folder, shorter names first (a copy's is longer); list the refused."""
    names = [p.relative_to(folder).as_posix() for p in _files(folder, votes) if _is_text(p)]
    files, refused, originals = [], [], {}
    for name in sorted(names, key=lambda name: (len(Path(name).name), name)):
        try:
            content = (folder / name).read_bytes()
            text = content.decode("utf-8")
            export = parse(text)._replace(language=find_language(text))
        except (Problem, OSError, UnicodeDecodeError) as error:
            reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            refused.append({"file": name, "reason": reason})
            continue
        if original := originals.get(content):
            files.append(File(name, original.debate, export, copy_of=original.name))
        else:
            originals[content] = File(name, find_debate_id(Path(name).stem, export), export)
            files.append(originals[content])
    others = [p.relative_to(folder).as_posix() for p in _files(folder, votes) if not _is_text(p)]
    reason = "it is not read: exports end in .txt"
    return files, refused + [{"file": name, "reason": reason} for name in others]


def _files(folder: Path, votes: Path | None) -> list[Path]:
    """Return the files in a folder of exports but for vote files and the hidden ones."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return [p for p in paths if not (votes and p.parent == votes and p.suffix == ".json")]


def _is_text(path: Path) -> bool:
    return path.suffix.casefold() == ".txt"


def _unique(
    files: list[File], refused: list[dict], keep_twins: bool
) -> tuple[dict[str, Export], list[dict]]:
    """Return one export for each debate, the newer format before the older, and the refused."""
    unique: dict[str, File] = {}
    for file in sorted(files, key=lambda f: f.export.format != NEWER):
        other, name = unique.get(file.debate), file.debate
        if other is not None:
            name = _twin(file, other, unique) if keep_twins else ""
        if name:
            unique[name] = file
        else:
            refused = [*refused, {"file": file.name, "reason": f"it is {_relation(file, other)}"}]
    exports = {debate: unique[debate].export for debate in sorted(unique, key=_order)}
    return exports, sorted(refused, key=lambda row: row["file"])


def _twin(file: File, other: File, unique: dict[str, File]) -> str:
    """Return the id under which a twin is kept; none for a second export in the same format."""
    if file.copy_of:
        copies = sum(1 for f in unique.values() if f.copy_of == file.copy_of)
        return f"{file.debate}-copy{2 + copies}"
    older = f"{file.debate}-older"
    return older if file.export.format != other.export.format and older not in unique else ""


def _relation(file: File, other: File) -> str:
    if file.copy_of:
        return f"a copy of {file.copy_of}"
    older = file.export.format != other.export.format
    return f"{'the older twin' if older else 'another export of the debate'} of {other.name}"


def _order(debate: str) -> tuple[int, str]:
    number = TWIN.sub("", debate)
    return (int(number) if number.isdecimal() else 10**12, debate)


def _claims(body: str, head: re.Pattern) -> list[tuple[int, str | None, str]]:
    """Return the claims of an export's body as level (1 is the root), mark and text."""
    heads = list(_in_order(head.finditer(body)))
    if not heads:
        raise Problem('it holds no claim "1."')
    ends = [h.start() for h in heads[1:]] + [len(body)]
    claims = []
    for h, end in zip(heads, ends, strict=True):
        claims.append((1 + h[1].count("."), h[2], body[h.end() : end].strip()))
    return claims


def _in_order(heads: Iterable[re.Match]) -> Iterator[re.Match]:
    """Yield the heads whose number is the next of its parent, the first of level 1 first.

    Claims are numbered without gaps, so any other is text.
    """
    children: dict[str, int] = {}
    for head in heads:
        above, _, number = head[1].rpartition(".")
        expected = str(children.get(above, -1) + 1)
        if (number == expected) if head[1] else not children:
            children |= {above: children.get(above, -1) + 1, head[1]: 0}
            yield head


def _export(format: str, title: str, claims: list, several: bool) -> Export:
    root = claims[0][2]
    theses = [text for level, _, text in claims if level == 2] if several else [root]
    return Export(format, " ".join(title.split()), root if several else "", tuple(theses))


def _split_sources(body: str) -> tuple[str, int]:
    """Return an export's body without its list of sources, and their number."""
    parts = list(SOURCES.finditer(body))
    if not parts:
        return body, 0
    marks = re.findall(r"^\[([0-9]{1,6})\] ", body[parts[-1].end() :], re.MULTILINE)
    return body[: parts[-1].start()], max(map(int, marks))


def _votes_in(path: Path) -> tuple[Votes | None, str]:
    """Return the votes of a debate, or why they cannot be read; neither when there is no file."""
    if not path.exists():
        return None, ""
    try:
        return parse_votes(read_json(path)), ""
    except Problem as problem:
        return None, str(problem)


def _debate_row(debate: str, export: Export, counts: Votes | None) -> dict:
    row = {"debate_id": debate, "title": export.title, "source": export.format}
    row["language"] = export.language
    row |= {"question": plain_text(export.question), "n_theses": len(export.theses)}
    return row | {"debate_votes": counts.debate if counts else None}


def _thesis_rows(debate: str, export: Export, counts: Votes | None) -> list[dict]:
    """Return the rows of an export's theses, which it does not number as the interface does.

    The id is `17.4` only where both sides have one thesis, else `17#k` for the k-th.
    """
    known_id, votes = "", None
    if counts is not None and not export.question and len(counts.theses) == 1:
        [(claim, votes)] = counts.theses.items()
        known_id = f"{debate}.{claim.rpartition('.')[2]}"
    row = {"debate_id": debate, "votes": votes, "debate_votes": counts.debate if counts else None}
    rows = []
    for k, text in enumerate(export.theses, start=1):
        thesis = {"statement_id": known_id or f"{debate}#{k}", "thesis_no": k}
        rows.append(row | thesis | {"text": plain_text(text)})
    return rows
