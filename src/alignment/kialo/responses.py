"""Kialo's interface -> debates and theses: the saved responses of its addresses, read as tables.

A folder holds `list/*.json` (the pages of the list), `graphs/<debate>.json` and
`votes/<debate>.json`. A response that the debate is private or gone is kept as
`graphs/<debate>.gone`. Where there is no list, `sitemap_discussions.xml` and
`pages/<debate>.html` take its place.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from bs4 import BeautifulSoup

from alignment.kialo.tables import DEBATES, THESES, as_table
from alignment.kialo.text import plain_text, read_page_title
from alignment.study.paths import shown
from utils.errors import Problem

SUSPICIOUS = 10  # this many debates without a single thesis are no coincidence
LISTED = {"id": "", "title": "", "language": "", "voteCount": None}
WHERE = "the answer"  # what a Problem calls a response that comes from no file


class Thesis(NamedTuple):
    """A claim at relation 0 under the root, with every id under which its votes may be listed."""

    statement_id: str
    text: str  # as Kialo keeps it, in Markdown
    vote_ids: tuple[str, ...]


def read_responses(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read debates and theses (`tables`) from saved responses; Problem for one of another shape.

    A debate that is listed but without claims has n_theses 0, and its source says why.
    """
    listed, saved = _read_list(folder), sorted((folder / "graphs").glob("*.json"))
    graphs = {path.stem: path for path in saved}
    debates, theses = [], []
    for debate in listed | graphs:
        entry = listed.get(debate, LISTED)
        debate_row, thesis_rows = _read_debate(debate, entry, graphs.get(debate), folder)
        debates.append(debate_row)
        theses += thesis_rows
    if len(saved) >= SUSPICIOUS and not theses:
        nothing = f"Not one of {len(saved)} answers in {shown(folder)} has a thesis"
        raise Problem(f"{nothing}: did the interface change?")
    return as_table(debates, DEBATES), as_table(theses, THESES)


def read_theses(graph: dict, where: str = WHERE) -> tuple[str, list[Thesis]]:
    """Return the root's text and the live theses of a debate, in the order of their claim numbers.

    A thesis is known by its relation to the root, never by its number; what is archived or deleted
    does not count.

    >>> claims = [{"id": "9.0", "text": ""}, {"id": "9.4", "text": "Cats may vote."}]
    >>> root = {"id": "9.1", "targetId": "9.0", "parentId": None, "relation": None}
    >>> thesis = {"id": "9.5", "targetId": "9.4", "parentId": "9.0", "relation": 0}
    >>> read_theses({"claims": claims, "locations": [root, thesis]})
    ('', [Thesis(statement_id='9.4', text='Cats may vote.', vote_ids=('9.5', '9.4'))])
    """
    entries = _field(graph, "claims", list, where)
    claims = {_field(claim, "id", str, where): claim for claim in entries}
    places = _field(graph, "locations", list, where)
    root = _find_root(places, where)
    locations: dict[str, list[str]] = {}
    for place in places:
        if _is_live(place) and place.get("parentId") == root and _relation(place, where) == 0:
            claim = _field(place, "targetId", str, where)
            locations.setdefault(claim, []).append(_field(place, "id", str, where))
    for claim in (root, *locations):
        if claim not in claims:
            missing = f'{where} has in its field "claims" no "{claim}"'
            raise Problem(f'{missing}, though its field "locations" names it.')
    text = {claim: _field(claims[claim], "text", str, where) for claim in (root, *locations)}
    ordered = sorted(locations, key=claim_number)
    return text[root], [Thesis(c, text[c], (*locations[c], c)) for c in ordered]


def is_private(graph: object) -> bool:
    """Return whether a graph is that of a closed debate: sent without claims and locations."""
    return isinstance(graph, dict) and not graph.get("claims") and not graph.get("locations")


def claim_number(claim: str) -> tuple[int, str]:
    """Return what claims are sorted by: the number after the debate's (`17.10` after `17.9`)."""
    number = claim.rpartition(".")[2]
    return (int(number) if re.fullmatch("[0-9]{1,18}", number) else 0, claim)


def read_votes(answer: object, where: str = WHERE) -> dict[str, int]:
    """Return how many votes each location or claim has, whatever the score.

    >>> read_votes({"votes": {"9.5": [1, 0, 0, 2, 4]}})
    {'9.5': 7}
    """
    votes = _field(answer, "votes", dict, where)
    for place, counts in votes.items():
        if not isinstance(counts, list) or not all(type(n) is int and n >= 0 for n in counts):
            value = f'no counts for "{place}", but {str(counts)[:60]!r}'
            raise Problem(f'{where} has in its field "votes" {value}.')
    return {place: sum(counts) for place, counts in votes.items()}


def read_discussions(answer: object, where: str = WHERE) -> list[dict]:
    """Return the debates on one page of the list, each with id, title, language and voteCount.

    An id arrives as a number or as text; the rest may be missing.
    """
    debates = []
    for row in _field(answer, "discussions", list, where):
        entry = LISTED | row if isinstance(row, dict) else LISTED
        if type(entry["id"]) not in (int, str) or not re.fullmatch(r"[\w-]+", str(entry["id"])):
            raise Problem(f'{where} has a debate without a usable field "id": {str(row)[:80]!r}.')
        for name, kind in (("title", str), ("language", str), ("voteCount", int)):
            if type(entry[name]) not in (kind, type(None)):
                value = f"{entry[name]!r} for debate {entry['id']}"
                raise Problem(f'{where} has no {kind.__name__} in its field "{name}", but {value}.')
        debates.append(entry | {"id": str(entry["id"])})
    return debates


def read_sitemap(xml: str) -> dict[str, str]:
    """Return debate -> path of its page, from the sitemap.

    >>> read_sitemap("<urlset><url><loc>https://a.org/may-cats-vote-in-2030-17?x=1</loc></url>")
    {'17': 'may-cats-vote-in-2030-17'}
    """
    xml = re.sub(r"<\?xml.*?\?>", "", xml)  # read as XML it would need lxml
    page = BeautifulSoup(xml, "html.parser")
    addresses = "\n".join(place.get_text(strip=True) for place in page.find_all("loc"))
    paths = re.findall(r"/([^/?#\s]*?(\d+))/?(?:[?#]|\s|$)", addresses)
    return {debate: path for path, debate in paths}


def read_json(path: Path) -> Any:
    """Read a saved response; one that is not JSON is a Problem that names the file."""
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise Problem(f"{shown(path)} is not JSON; delete it, and it is asked for again.") from None


def _read_debate(debate: str, entry: dict, path: Path | None, folder: Path) -> tuple[dict, list]:
    """Return a debate's row and the rows of its theses, from its list entry and its graph."""
    graph = read_json(path) if path else None
    row = {"debate_id": debate, "title": _title(debate, entry, folder), "question": ""}
    row |= {"language": entry["language"] or "", "debate_votes": entry["voteCount"], "n_theses": 0}
    if path is None or is_private(graph):
        return row | {"source": f"interface: {_absence(debate, path, folder)}"}, []
    root, theses = read_theses(graph, f"Debate {debate}, saved as graphs/{path.name},")
    votes = _debate_votes(debate, folder)
    if votes is not None and row["debate_votes"] is None:
        row["debate_votes"] = sum(votes.values())
    question = plain_text(root) if len(theses) > 1 else ""
    row |= {"n_theses": len(theses), "question": question, "source": "interface"}
    rows = []
    for number, thesis in enumerate(theses, start=1):
        counts = [votes[i] for i in thesis.vote_ids if i in votes] if votes is not None else [None]
        thesis_row = {"statement_id": thesis.statement_id, "thesis_no": number}
        thesis_row |= {"text": plain_text(thesis.text), "votes": counts[0] if counts else 0}
        rows.append(thesis_row | {"debate_id": debate, "debate_votes": row["debate_votes"]})
    return row, rows


def _absence(debate: str, path: Path | None, folder: Path) -> str:
    """Say why a debate has no theses here."""
    if path is not None:
        return "private"
    return "private or gone" if (folder / "graphs" / f"{debate}.gone").exists() else "not asked yet"


def _title(debate: str, entry: dict, folder: Path) -> str:
    page = folder / "pages" / f"{debate}.html"
    if entry["title"] or not page.exists():
        return " ".join((entry["title"] or "").split())
    return read_page_title(page.read_text(encoding="utf-8", errors="replace"))


def _debate_votes(debate: str, folder: Path) -> dict[str, int] | None:
    """Return a debate's votes by location or claim, None where no file is there.

    Problem for ids of another kind, which would silently make every count 0.
    """
    path = folder / "votes" / f"{debate}.json"
    if not path.exists():
        return None
    where = f"Debate {debate}, saved as votes/{path.name},"
    votes = read_votes(read_json(path), where)
    if votes and not any(place.startswith(f"{debate}.") for place in votes):
        raise Problem(f'{where} has in its field "votes" none of its own ids.')
    return votes


def _read_list(folder: Path) -> dict[str, dict]:
    """Return debate -> its (first) entry in the list; one of the sitemap alone is empty."""
    entries: dict[str, dict] = {}
    sitemap = folder / "sitemap_discussions.xml"
    if sitemap.exists():
        xml = sitemap.read_text(encoding="utf-8", errors="replace")
        entries = {debate: LISTED | {"id": debate} for debate in read_sitemap(xml)}
    listed: dict[str, dict] = {}
    for path in sorted((folder / "list").glob("*.json")):
        where = f"The list of debates, saved as list/{path.name},"
        for entry in read_discussions(read_json(path), where):
            listed.setdefault(entry["id"], entry)
    return entries | listed


def _find_root(places: list[dict], where: str) -> str:
    """Return the id of the claim that all others hang under."""
    for place in places:
        _field(place, "id", str, where)
    for place in places:
        if place.get("relation") is None and place.get("parentId") is None:
            return _field(place, "targetId", str, where)
    raise Problem(
        f'{where} has no root: no entry of its field "locations" is without parentId and relation.'
    )


def _relation(place: dict, where: str) -> float:
    relation = place.get("relation")
    if isinstance(relation, bool) or not isinstance(relation, int | float):
        location = f'location "{place["id"]}", but {relation!r}'
        raise Problem(f'{where} has no number in the field "relation" of {location}.')
    return relation


def _is_live(place: dict) -> bool:
    return not (place.get("isDeleted") or place.get("isNonSuggestionArchived"))


def _field(answer: object, name: str, kind: type, where: str) -> Any:
    """Return a field of a response, or raise the Problem that names it."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, kind):
        is_there = isinstance(answer, dict) and name in answer
        value = f"{str(value)[:60]!r}" if is_there else "nothing of that name"
        field = f'no {kind.__name__} in its field "{name}"'
        raise Problem(f"{where} has {field}, but {value}: did the interface change?")
    return value
