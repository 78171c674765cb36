"""Kialo's interface -> debates and theses: the saved answers of its three addresses, read as tables.

A folder holds `list/*.json` (the pages of the list), `graphs/<debate>.json` and `votes/<debate>.json`. An answer that
the debate is private or gone is kept as `graphs/<debate>.gone`. Where the list was not to be had,
`sitemap_discussions.xml` and `pages/<debate>.html` take its place.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from bs4 import BeautifulSoup

from alignment.kialo.text import page_title, plain_text
from alignment.study.paths import shown
from utils.errors import Problem

DEBATES = ["debate_id", "title", "language", "question", "n_theses", "debate_votes", "source"]
THESES = ["statement_id", "debate_id", "thesis_no", "text", "votes", "debate_votes"]
SUSPICIOUS = 10  # so many debates without a thesis, and not one with: that is no chance
LISTED = {"id": "", "title": "", "language": "", "voteCount": None}


class Thesis(NamedTuple):
    """A claim at relation 0 under the root, with every id under which its votes may be listed."""

    statement_id: str
    text: str  # as Kialo keeps it, in Markdown
    vote_ids: tuple[str, ...]


def read_responses(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Debates and theses from the saved answers of Kialo's interface; an answer of another shape is a Problem.

    A debate that is listed but without claims has n_theses 0, and its source says why.
    """
    listed, saved = _listed(folder), sorted((folder / "graphs").glob("*.json"))
    graphs = {path.stem: path for path in saved}
    read = [
        _debate(debate, listed.get(debate, LISTED), graphs, folder) for debate in listed | graphs
    ]
    theses = [thesis for _, found in read for thesis in found]
    if len(saved) >= SUSPICIOUS and not theses:
        raise Problem(
            f"Not one of {len(saved)} answers in {shown(folder)} has a thesis: did the interface change?"
        )
    return table([debate for debate, _ in read], DEBATES), table(theses, THESES)


def table(rows: list[dict], columns: list[str]) -> pd.DataFrame:
    """Rows as a table of these columns; numbers that nobody knows are NA."""
    frame = pd.DataFrame(rows, columns=columns)
    numbers = {
        c: "Int64" for c in columns if c in ("votes", "debate_votes", "n_theses", "thesis_no")
    }
    return frame.astype({c: numbers.get(c, "str") for c in columns})


def theses_of(graph: dict, where: str = "the answer") -> tuple[str, list[Thesis]]:
    """The root's text and the live theses of one debate, in the order of their claim numbers.

    A thesis is known by its relation to the root, never by its number; what is archived or deleted does not count.

    >>> claims = [{"id": "9.0", "text": ""}, {"id": "9.4", "text": "Cats may vote."}]
    >>> root = {"id": "9.1", "targetId": "9.0", "parentId": None, "relation": None}
    >>> thesis = {"id": "9.5", "targetId": "9.4", "parentId": "9.0", "relation": 0}
    >>> theses_of({"claims": claims, "locations": [root, thesis]})
    ('', [Thesis(statement_id='9.4', text='Cats may vote.', vote_ids=('9.5', '9.4'))])
    """
    claims = {
        _field(claim, "id", str, where): claim for claim in _field(graph, "claims", list, where)
    }
    places = _field(graph, "locations", list, where)
    root = _root(places, where)
    locations: dict[str, list[str]] = {}
    for place in places:
        if _is_live(place) and place.get("parentId") == root and _relation(place, where) == 0:
            locations.setdefault(_field(place, "targetId", str, where), []).append(
                _field(place, "id", str, where)
            )
    for claim in (root, *locations):
        if claim not in claims:
            raise Problem(
                f'{where} has in its field "claims" no "{claim}", though its field "locations" names it.'
            )
    text = {claim: _field(claims[claim], "text", str, where) for claim in (root, *locations)}
    return text[root], [
        Thesis(c, text[c], (*locations[c], c)) for c in sorted(locations, key=claim_number)
    ]


def is_private(graph: object) -> bool:
    """Whether an answer is that of a debate that is not open to us: sent without claims and without locations."""
    return isinstance(graph, dict) and not graph.get("claims") and not graph.get("locations")


def claim_number(claim: str) -> tuple[int, str]:
    """What claims are sorted by: the number after the debate's (`17.10` comes after `17.9`)."""
    number = claim.rpartition(".")[2]
    return (int(number) if re.fullmatch("[0-9]{1,18}", number) else 0, claim)


def votes_in(answer: object, where: str = "the answer") -> dict[str, int]:
    """How many votes each location or claim has, whatever the score.

    >>> votes_in({"votes": {"9.5": [1, 0, 0, 2, 4]}})
    {'9.5': 7}
    """
    votes = _field(answer, "votes", dict, where)
    for place, counts in votes.items():
        if not isinstance(counts, list) or not all(type(n) is int and n >= 0 for n in counts):
            raise Problem(
                f'{where} has in its field "votes" no counts for "{place}", but {str(counts)[:60]!r}.'
            )
    return {place: sum(counts) for place, counts in votes.items()}


def discussions_in(answer: object, where: str = "the answer") -> list[dict]:
    """The debates on one page of the list, as id, title, language and voteCount."""
    return [_listed_row(row, where) for row in _field(answer, "discussions", list, where)]


def ids_in_sitemap(xml: str) -> dict[str, str]:
    """Debate -> path of its page, from the sitemap.

    >>> ids_in_sitemap("<urlset><url><loc>https://a.org/should-cats-vote-in-2030-17?x=1</loc></url></urlset>")
    {'17': 'should-cats-vote-in-2030-17'}
    """
    found = re.findall(r"/([^/?#\s]*?(\d+))/?(?:[?#]|\s|$)", _addresses(xml))
    return {debate: path for path, debate in found}


def read_json(path: Path) -> Any:
    """A saved answer; one that is no JSON is a Problem that names the file."""
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise Problem(f"{shown(path)} is not JSON; delete it, and it is asked for again.") from None


def _debate(
    debate: str, known: dict, graphs: dict[str, Path], folder: Path
) -> tuple[dict, list[dict]]:
    """One debate's row, and the rows of its theses."""
    path = graphs.get(debate)
    graph = read_json(path) if path else None
    row = {
        "debate_id": debate,
        "title": _title(debate, known, folder),
        "language": known["language"] or "",
    }
    row |= {
        "question": "",
        "n_theses": 0,
        "debate_votes": known["voteCount"],
        "source": "interface",
    }
    if path is None or is_private(graph):
        return row | {"source": f"interface: {_absence(debate, path, folder)}"}, []
    root, found = theses_of(graph, f"Debate {debate}, saved as graphs/{path.name},")
    votes = _votes(debate, folder)
    if votes is not None and row["debate_votes"] is None:
        row["debate_votes"] = sum(votes.values())
    row |= {"n_theses": len(found), "question": plain_text(root) if len(found) > 1 else ""}
    shared = {"debate_id": debate, "debate_votes": row["debate_votes"]}
    return row, [
        shared | _thesis(number, thesis, votes) for number, thesis in enumerate(found, start=1)
    ]


def _thesis(number: int, thesis: Thesis, votes: dict[str, int] | None) -> dict:
    counts = None if votes is None else next((votes[i] for i in thesis.vote_ids if i in votes), 0)
    return {
        "statement_id": thesis.statement_id,
        "thesis_no": number,
        "text": plain_text(thesis.text),
        "votes": counts,
    }


def _absence(debate: str, path: Path | None, folder: Path) -> str:
    """Why a debate has no theses here."""
    if path is not None:
        return "private"
    return "private or gone" if (folder / "graphs" / f"{debate}.gone").exists() else "not asked yet"


def _title(debate: str, known: dict, folder: Path) -> str:
    page = folder / "pages" / f"{debate}.html"
    if known["title"] or not page.exists():
        return " ".join((known["title"] or "").split())
    return page_title(page.read_text(encoding="utf-8", errors="replace"))


def _votes(debate: str, folder: Path) -> dict[str, int] | None:
    """The votes of a debate, None where nobody asked; ids of another kind would silently make every count 0."""
    path = folder / "votes" / f"{debate}.json"
    if not path.exists():
        return None
    votes = votes_in(read_json(path), f"Debate {debate}, saved as votes/{path.name},")
    if votes and not any(place.startswith(f"{debate}.") for place in votes):
        raise Problem(
            f'Debate {debate}, saved as votes/{path.name}, has in its field "votes" none of its own ids.'
        )
    return votes


def _listed(folder: Path) -> dict[str, dict]:
    """Debate -> what the list (or else the sitemap) says of it; the first of two rows of one debate counts."""
    listed: dict[str, dict] = {}
    for path in sorted((folder / "list").glob("*.json")):
        for row in discussions_in(
            read_json(path), f"The list of debates, saved as list/{path.name},"
        ):
            listed.setdefault(row["id"], row)
    sitemap = folder / "sitemap_discussions.xml"
    named = (
        ids_in_sitemap(sitemap.read_text(encoding="utf-8", errors="replace"))
        if sitemap.exists()
        else {}
    )
    return {debate: LISTED | {"id": debate} for debate in named} | listed


def _addresses(xml: str) -> str:
    page = BeautifulSoup(
        re.sub(r"<\?xml.*?\?>", "", xml), "html.parser"
    )  # as XML it would need lxml
    return "\n".join(place.get_text(strip=True) for place in page.find_all("loc"))


def _listed_row(row: object, where: str) -> dict:
    """One debate of the list; its id arrives as a number or as text, the rest may be missing."""
    listed = LISTED | row if isinstance(row, dict) else LISTED
    if type(listed["id"]) not in (int, str) or not re.fullmatch(r"[\w-]+", str(listed["id"])):
        raise Problem(f'{where} has a debate without a usable field "id": {str(row)[:80]!r}.')
    for name, kind in (("title", str), ("language", str), ("voteCount", int)):
        if type(listed[name]) not in (kind, type(None)):
            found = f"{listed[name]!r} for debate {listed['id']}"
            raise Problem(f'{where} has no {kind.__name__} in its field "{name}", but {found}.')
    return listed | {"id": str(listed["id"])}


def _root(places: list[dict], where: str) -> str:
    """The claim that everything hangs under."""
    for place in places:
        _field(place, "id", str, where)
    roots = [
        place for place in places if place.get("relation") is None and place.get("parentId") is None
    ]
    if not roots:
        raise Problem(
            f'{where} has no root: no entry of its field "locations" is without parentId and relation.'
        )
    return _field(roots[0], "targetId", str, where)


def _relation(place: dict, where: str) -> float:
    relation = place.get("relation")
    if isinstance(relation, bool) or not isinstance(relation, int | float):
        raise Problem(
            f'{where} has no number in the field "relation" of location "{place["id"]}", but {relation!r}.'
        )
    return relation


def _is_live(place: dict) -> bool:
    return not (place.get("isDeleted") or place.get("isNonSuggestionArchived"))


def _field(answer: object, name: str, kind: type, where: str) -> Any:
    """A field of an answer, or the Problem that names it."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, kind):
        found = (
            f"{str(value)[:60]!r}"
            if isinstance(answer, dict) and name in answer
            else "nothing of that name"
        )
        raise Problem(
            f'{where} has no {kind.__name__} in its field "{name}", but {found}: did the interface change?'
        )
    return value
