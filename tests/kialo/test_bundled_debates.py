"""The bundled debates are what the default study and its simulated respondents rely on."""

import csv
import json
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "data" / "raw" / "demo"
PAIRS = {
    "PDI": (18, 22),
    "IDV": (31, 37),
    "MAS": (16, 20),
    "UAI": (16, 20),
    "LTO": (8, 10),
    "IND": (12, 16),
}
LINK = re.compile(r"\[([^\]]*)\]\((?:[^()]|\([^()]*\))*\)")


def load(name):
    return json.loads((DEMO / "debates" / name).read_text(encoding="utf-8"))


def rows(name):
    with open(DEMO / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def plain(markdown):
    """Enough Markdown for these files: links, stars, escaped brackets."""
    return re.sub(r"\\([()\[\]])", r"\1", re.sub(r"\*([^*]+)\*", r"\1", LINK.sub(r"\1", markdown)))


LISTED = load("list/0000.json")["discussions"]
DEBATES = {entry["id"]: entry for entry in LISTED}
GRAPHS = {debate: load(f"graphs/{debate}.json") for debate in DEBATES}
VOTES = {debate: load(f"votes/{debate}.json")["votes"] for debate in DEBATES}
TRANSLATED = {row["statement_id"]: row for row in rows("translations.csv")}
PLANTED = rows("planted.csv")
RELEVANT = {
    (r["statement_id"], r["dimension"]): int(r["value"])
    for r in PLANTED
    if r["step"] == "relevance"
}
POLARITY = {
    (r["statement_id"], r["dimension"]): int(r["value"]) for r in PLANTED if r["step"] == "polarity"
}


def thesis_places(debate):
    """The locations of a debate's living theses."""
    gone = ("isDeleted", "isNonSuggestionArchived")
    return [
        p
        for p in GRAPHS[debate]["locations"]
        if p["relation"] == 0 and not any(p.get(g) for g in gone)
    ]


def texts(debate):
    return {claim["id"]: claim["text"] for claim in GRAPHS[debate]["claims"]}


def theses():
    """statement_id -> (debate, plain text, votes)."""
    out = {}
    for debate, votes in VOTES.items():
        for place in thesis_places(debate):
            statement = place["targetId"]
            count = sum(votes.get(statement, [])) + sum(votes.get(place["id"], []))
            out[statement] = (debate, plain(texts(debate)[statement]), count)
    return out


def left_out(debate, text, votes):
    if not text:
        return "empty"
    if DEBATES[debate]["language"] != "en":
        return "language"
    if len(thesis_places(debate)) > 1:
        return "several theses"
    return "few votes" if votes < 3 else ""


def kept():
    """The statements that the default filter keeps; of equal texts the first."""
    by_text = {}
    for statement, (debate, text, votes) in theses().items():
        if not left_out(debate, text, votes):
            by_text.setdefault(text.casefold(), statement)
    return set(by_text.values())


def test_every_listed_debate_has_a_graph_and_votes_and_one_is_listed_twice():
    assert {path.stem for path in (DEMO / "debates" / "graphs").iterdir()} == set(DEBATES)
    assert {path.stem for path in (DEMO / "debates" / "votes").iterdir()} == set(DEBATES)
    assert len(LISTED) == len(DEBATES) + 1


@pytest.mark.parametrize("debate", DEBATES)
def test_claims_and_locations_have_the_shape_of_the_interface(debate):
    graph = GRAPHS[debate]
    claims, places = graph["claims"], graph["locations"]
    ids = [item["id"] for item in claims + places]
    assert len(ids) == len(set(ids)) and set(ids) == set(graph["touchedClaimOrLocationIds"])
    assert sorted(int(i.removeprefix(f"{debate}.")) for i in ids) == list(range(len(ids)))
    assert all(set(claim) == {"id", "created", "version", "text"} for claim in claims)
    known, flags = {claim["id"] for claim in claims}, {"isDeleted", "isNonSuggestionArchived"}
    for place in places:
        assert place["targetId"] in known and place["relation"] in (None, 0, 1, -1)
        assert (
            (place["parentId"] is None)
            == (place["relation"] is None)
            == (place["targetId"] == f"{debate}.0")
        )
        assert place["parentId"] in known | {None} and all(
            place[flag] is True for flag in flags & set(place)
        )


@pytest.mark.parametrize("debate", DEBATES)
def test_votes_belong_to_the_debate_and_add_up_to_its_count(debate):
    votes, graph = VOTES[debate], GRAPHS[debate]
    assert set(votes) <= {item["id"] for item in graph["claims"] + graph["locations"]}
    assert all(len(counts) == 5 and min(counts) >= 0 for counts in votes.values())
    assert sum(map(sum, votes.values())) == DEBATES[debate]["voteCount"]
    assert not [p for p in graph["locations"] if p["id"] in votes and p["targetId"] in votes]


def test_the_root_is_empty_for_one_thesis_and_the_question_for_several():
    for debate in DEBATES:
        several = len(thesis_places(debate)) > 1
        assert texts(debate)[f"{debate}.0"] == (DEBATES[debate]["title"] if several else "")


def test_every_way_of_leaving_a_thesis_out_occurs():
    reasons = Counter(left_out(*thesis) for thesis in theses().values())
    assert {r: reasons[r] for r in ("empty", "language", "several theses", "few votes")} == {
        "empty": 1, "language": 2, "several theses": 11, "few votes": 12
    }  # fmt: skip
    assert reasons[""] - len(kept()) == 1  # the thesis that stands in two debates
    assert 80 <= len(kept()) <= 85


def test_the_traps_of_the_interface_occur():
    places = [place for graph in GRAPHS.values() for place in graph["locations"]]
    assert (
        sum("isDeleted" in p for p in places)
        == sum("isNonSuggestionArchived" in p for p in places)
        == 1
    )
    assert sum(not p["isOrigin"] and p["relation"] != 0 for p in places) == 2
    thesis = {p["id"]: p["targetId"] for debate in DEBATES for p in thesis_places(debate)}
    voted = {key for votes in VOTES.values() for key in votes}
    assert voted & set(thesis) and len(voted & set(thesis.values())) > len(voted & set(thesis))
    assert sum(not voted & {place, claim} for place, claim in thesis.items()) >= 3
    assert {"1", "3"} < {statement.rsplit(".", 1)[1] for statement in kept()}
    raw = [
        texts(debate)[claim] for debate in DEBATES for claim in texts(debate) if claim in TRANSLATED
    ]
    assert sum(text != plain(text) for text in raw) == 3


def test_every_thesis_has_a_chinese_text_made_from_its_present_wording():
    found = theses()
    assert set(TRANSLATED) == set(found)
    for statement, (_, text, _) in found.items():
        row = TRANSLATED[statement]
        assert row["source_hash"] == sha256(text.encode("utf-8")).hexdigest()[:16]
        assert row["language"] == "zh" and bool(re.search(r"[\u4e00-\u9fff]", row["text"])) == bool(
            text
        )


def test_only_equal_theses_share_a_chinese_text():
    assert len({row["text"] for row in TRANSLATED.values()}) == len(
        {text for _, text, _ in theses().values()}
    )


def test_the_plan_covers_every_thesis_and_dimension_once():
    assert set(RELEVANT) == {
        (statement, dimension) for statement in theses() for dimension in PAIRS
    }
    assert sum(row["step"] == "relevance" for row in PLANTED) == len(RELEVANT)
    assert sum(row["step"] == "polarity" for row in PLANTED) == len(POLARITY)
    assert set(RELEVANT.values()) == {0, 1}


def test_just_the_relevant_pairs_have_a_polarity_and_it_is_never_zero():
    assert set(POLARITY) == {pair for pair, relevant in RELEVANT.items() if relevant}
    assert set(POLARITY.values()) == {-2, -1, 1, 2}


@pytest.mark.parametrize("dimension", PAIRS)
def test_the_kept_statements_have_the_papers_proportions_and_both_signs(dimension):
    values = [POLARITY[s, dimension] for s in kept() if (s, dimension) in POLARITY]
    low, high = PAIRS[dimension]
    assert low <= len(values) <= high
    assert 0.35 <= sum(v > 0 for v in values) / len(values) <= 0.65
    assert {abs(v) for v in values} == {1, 2}


def test_no_platform_address_and_no_author_stands_in_the_files():
    for path in (DEMO / "debates").rglob("*.json"):
        content = path.read_text(encoding="utf-8")
        assert "kialo" not in content.lower() and "author" not in content.lower()
        assert set(re.findall(r"https?://([^/\s)]+)", content)) <= {"example.org"}
