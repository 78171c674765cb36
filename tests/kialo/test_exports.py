"""Text exports in both formats, with vote files, become debates and theses as the interface's do."""

import csv
import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.kialo.exports import (
    NEWER,
    OLDER,
    Export,
    find_debate_id,
    parse,
    parse_votes,
    read_exports,
)
from alignment.kialo.text import plain_text
from utils.errors import Problem

OLD_CATS = (
    "Discussion Title: Should cats vote?\r\n\r\n"
    "1. Cats \\(all of them\\) may [vote](https://a.org/\\(x\\)).\r\nAlways.\r\n"
    "1.1. Pro: They care.\r\n1.1.1. Con: -> See 1.2.\r\n1.2. Con: They sleep.\r\n"
)
NEW_CATS = (
    "Discussion Name:\r\nShould cats vote?\r\n\r\n1. Thesis:\r\nCats may vote [1].\r\nAlways.\r\n\r\n"
    "  1.1. Con:\r\n  They sleep [2].\r\n\r\nSources:\r\n[1] https://a.org\r\n[2] https://b.org\r\n"
)
OLD_PETS = "Discussion Title: Which pet?\r\n\r\n1. Which pet is best?\r\n1.1. Cats\r\n1.1.1. Pro: Soft.\r\n1.2. Dogs\r\n"
NEW_PETS = (
    "Discussion Name:\r\nWhich pet?\r\n\r\n1. Question:\r\nWhich pet is best?\r\n\r\n"
    "  1.1. Thesis:\r\n  Cats\r\n\r\n    1.1.1. Pro:\r\n    Soft.\r\n\r\n  1.2. Thesis:\r\n  Dogs\r\n"
)
CAT_VOTES = {
    "nodes": {
        "17.0": {"votes": {}},
        "17.4": {"votes": {"4": 3, "0": 1, "-2": 1}},
        "17.5": {"votes": {"2": 2}},
    },
    "edges": {
        "17.4": {"successor_id": "17.0", "relation": 0.0},
        "17.5": {"successor_id": "17.4", "relation": 1.0},
    },
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "exports").mkdir()
    (tmp_path / "votes").mkdir()
    return tmp_path


def save(folder, name, text):
    (folder / "exports" / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def read(folder, **more):
    return read_exports(folder / "exports", folder / "votes", **more)


def save_votes(folder, answer):
    (folder / "votes" / "17.json").write_text(json.dumps(answer))


@pytest.mark.parametrize(("text", "format"), [(OLD_CATS, OLDER), (NEW_CATS, NEWER)])
def test_a_single_thesis_is_read_whole_in_both_formats(text, format):
    export = parse(text)
    assert (export.format, export.title, export.question) == (format, "Should cats vote?", "")
    [thesis] = export.theses
    assert plain_text(thesis) in ("Cats (all of them) may vote. Always.", "Cats may vote. Always.")


@pytest.mark.parametrize("text", [OLD_PETS, NEW_PETS])
def test_several_theses_stand_under_a_question_in_both_formats(text):
    assert parse(text)[1:4] == ("Which pet?", "Which pet is best?", ("Cats", "Dogs"))


def test_a_thesis_has_the_votes_of_its_node_whatever_the_score(folder):
    save(folder, "should-cats-vote-by-2030-17.txt", NEW_CATS)
    save_votes(folder, CAT_VOTES)
    debates, theses, refused = read(folder)
    assert theses.to_dict("records") == [{
        "statement_id": "17.4", "debate_id": "17", "thesis_no": 1, "text": "Cats may vote. Always.", "votes": 5,
        "debate_votes": 7,
    }]  # fmt: skip
    assert debates.loc[0, ["language", "n_theses", "debate_votes", "source"]].tolist() == [
        "",
        1,
        7,
        "newer export",
    ]
    assert refused.empty


def test_without_a_vote_file_votes_are_unknown_and_the_id_counts_theses(folder):
    save(folder, "cats-17.txt", OLD_CATS)
    save(folder, "pets-18.txt", OLD_PETS)
    debates, theses, _ = read(folder)
    assert theses["statement_id"].tolist() == ["17#1", "18#1", "18#2"]
    assert theses["votes"].isna().all() and debates["debate_votes"].isna().all()
    assert read_exports(folder / "exports", None)[1].equals(theses)


def test_votes_are_given_to_no_thesis_when_the_two_sides_disagree_on_how_many_there_are(folder):
    save(folder, "cats-17.txt", OLD_CATS)
    edges = {
        "17.4": {"successor_id": "17.0", "relation": 0.0},
        "17.5": {"successor_id": "17.0", "relation": 0.0},
    }
    save_votes(folder, CAT_VOTES | {"edges": edges})
    theses = read(folder)[1]
    assert theses["votes"].isna().tolist() == [True] and theses["debate_votes"].tolist() == [7]
    assert theses["statement_id"].tolist() == ["17#1"]


def test_a_debate_in_both_formats_counts_once_in_the_newer(folder):
    save(folder, "cats-17.txt", OLD_CATS)
    save(folder, "should-cats-vote-17.txt", NEW_CATS)
    save_votes(folder, CAT_VOTES)
    debates, theses, refused = read(folder)
    assert debates["source"].tolist() == ["newer export"]
    twin = "it is the older twin of should-cats-vote-17.txt"
    assert refused.values.tolist() == [["cats-17.txt", twin]]
    debates, theses, refused = read(folder, keep_twins=True)
    assert debates["debate_id"].tolist() == ["17", "17-older"] and refused.empty
    assert theses[["statement_id", "votes"]].values.tolist() == [["17.4", 5], ["17-older.4", 5]]


def test_a_browsers_copy_is_no_other_debate(folder):
    cut = "%CE%B3%CE%AC%CF%84%CE%B5%CF"
    for name in (f"{cut}.txt", f"{cut}-1.txt", "cats-17.txt", "cats-17 (1).txt", "cats-17-1.txt"):
        save(folder, name, NEW_CATS if name.startswith("cats") else OLD_PETS)
    debates, _, refused = read(folder)
    assert [debate[:2] for debate in debates["debate_id"]] == ["17", "x-"]
    assert sorted(refused["file"]) == sorted([f"{cut}-1.txt", "cats-17 (1).txt", "cats-17-1.txt"])
    assert refused["reason"].str.startswith("it is a copy of").all()
    assert len(read(folder, keep_twins=True)[0]) == 5


def test_two_exports_of_a_debate_in_one_format_are_one_debate(folder):
    save(folder, "cats-17.txt", OLD_CATS)
    save(folder, "later-cats-17.txt", OLD_CATS + "1.3. Pro: More.\r\n")
    for twins in (False, True):
        debates, _, refused = read(folder, keep_twins=twins)
        assert len(debates) == 1 and refused["file"].tolist() == ["later-cats-17.txt"]


@pytest.mark.parametrize(
    ("stem", "debate"),
    [
        ("cats-17", "17"),
        ("in-2030-17", "17"),
        ("17", "17"),
        ("cats-17 (2)", "17"),
        ("p-%3D-np--17", "17"),
    ],
)
def test_the_debates_id_is_the_last_number_of_the_name(stem, debate):
    assert find_debate_id(stem, parse(OLD_CATS)) == debate


GREEK = "%CE%B3%CE%AC%CF%84%CE%B5%CF%82"
WITHIN = [n for n in range(1, len(GREEK)) if n % 6]  # six bytes a letter: within one of them
CUTS = [GREEK[:n] + tail for n in WITHIN for tail in ("", "-1", "-17", "-17 (2)")]


@pytest.mark.parametrize("stem", ["cats", "", "a-" * 120 + "by-20"])
def test_a_name_without_an_id_gets_the_same_hash_every_time(stem):
    assert find_debate_id(stem, parse(OLD_PETS)) == find_debate_id("another", parse(NEW_PETS))
    assert re.fullmatch(r"x-[0-9a-f]{16}", find_debate_id(stem, parse(OLD_PETS)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not an export"),
        (b"17\ten\n", "not an export"),
        (b"Discussion Title: Caf\xe9\n\n1. Yes.", "not UTF-8"),
        (b"Discussion Title: Cats\n\nno claims", 'no claim "1."'),
        (b"Discussion Name:\nCats\n\n1. Cats may vote.", 'no claim "1."'),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_the_reason(folder, content, reason):
    save(folder, "odd-5.txt", content)
    debates, theses, refused = read(folder)
    assert debates.empty and theses.empty
    assert refused["file"].tolist() == ["odd-5.txt"] and reason in refused["reason"][0]


@pytest.mark.parametrize(
    "answer",
    [[], {}, {"nodes": {}}, {"nodes": {"17.4": 5}, "edges": {}}, CAT_VOTES | {"nodes": {}}, CAT_VOTES | {"edges": []},
     CAT_VOTES | {"nodes": {"17.4": {"votes": {"4": "3"}}}}, CAT_VOTES | {"nodes": {"17.4": {"votes": {"4": 0.5}}}}],
)  # fmt: skip
def test_a_vote_file_of_another_shape_is_told_and_its_votes_are_unknown(folder, answer):
    save(folder, "cats-17.txt", OLD_CATS)
    save_votes(folder, answer)
    _, theses, refused = read(folder)
    assert theses["votes"].isna().all() and refused["file"].tolist() == ["17.json"]


def test_no_file_of_the_folder_vanishes_whatever_its_ending(folder):
    save(folder, "cats-17.TXT", OLD_CATS)
    save(folder, "cats-18.csv", "id")
    save(folder, "cats-19.txt.crdownload", OLD_CATS)
    save_votes(folder, CAT_VOTES)
    (folder / "votes" / "99.json").write_text(json.dumps(CAT_VOTES))
    debates, _, refused = read(folder)
    assert debates["debate_id"].tolist() == ["17"]
    assert refused.set_index("file")["reason"].to_dict() == {
        "cats-18.csv": "it is not read: exports end in .txt",
        "cats-19.txt.crdownload": "it is not read: exports end in .txt",
        "99.json": "no export of this debate is there",
    }


def test_a_debate_in_another_language_is_known_to_be(folder):
    german = "Katzen sollten wählen dürfen, weil sie hier wohnen. "
    save(folder, "katzen-5.txt", f"Discussion Title: Katzen\n\n1. {german * 6}")
    save(
        folder, "cats-17.txt", f"Discussion Title: Cats\n\n1. {'Cats should be able to vote. ' * 9}"
    )
    save(folder, "few-18.txt", OLD_CATS)
    debates, _, _ = read(folder)
    assert debates.set_index("debate_id")["language"].to_dict() == {"5": "de", "17": "en", "18": ""}


def test_a_folder_that_is_not_there_is_a_problem(folder):
    with pytest.raises(Problem, match="no folder missing"):
        read_exports(folder / "missing", None)
    with pytest.raises(Problem, match="no folder missing"):
        read_exports(folder / "exports", folder / "missing")


def test_a_numbered_line_within_a_thesis_is_no_claim():
    thesis = "Cats may:\n1. vote\n1.5. times\n1.2. Cats"
    assert parse(
        f"Discussion Title: Cats\n\n1. {thesis}\n1.1. Pro: Yes.\n1.3. So\n1.2. Con: No."
    ).theses == (thesis,)
    assert parse("Discussion Title: Cats\n\n1. Cats.").theses == ("Cats.",)


def test_sources_within_a_text_are_no_list_of_sources():
    text = "Discussion Name:\nCats\n\n1. Thesis:\nTwo\nSources:\nnone [1].\n"
    assert parse(text).theses == ("Two\nSources:\nnone [1].",)


WORDS = "cats vote [sic] (so) Pro: Con: 3. 1984 {x} <script> Σ".split()
LINE = st.lists(st.sampled_from(WORDS), min_size=1).map(" ".join)
TEXT = st.lists(LINE, min_size=1, max_size=3).map("\n".join)


def render_older(title, root, theses):
    several = "" if theses else " Pro:"
    claims = theses or ["They care.", "They sleep."]
    lines = [
        f"1.{k}.{several} {text}\n1.{k}.1. Con: -> See 1.1."
        for k, text in enumerate(claims, start=1)
    ]
    return "\n".join([f"Discussion Title: {title}\n\n1. {root}", *lines])


def render_newer(title, root, theses):
    head, mark = ("Question", "Thesis") if theses else ("Thesis", "Pro")
    claims = theses or ["They care.", "They sleep."]
    linked = "    1.{}.1. Con:\n    -> See 1.1.\n"
    lines = [
        f"  1.{k}. {mark}:\n  {text}\n\n{linked.format(k)}"
        for k, text in enumerate(claims, start=1)
    ]
    return "\n".join(
        [
            f"Discussion Name:\n{title}\n\n1. {head}:\n{root}\n",
            *lines,
            "Sources:\n[1] https://a.org",
        ]
    )


def marked(theses):
    """Whether every thesis looks like a pro or con, which the older format cannot tell apart."""
    return bool(theses) and all(thesis.startswith(("Pro:", "Con:")) for thesis in theses)


@given(
    LINE, TEXT, st.lists(TEXT, max_size=4).filter(lambda theses: not marked(theses)), st.booleans()
)
def test_what_an_export_says_is_read_back_without_a_word_lost(title, root, theses, windows):
    for render in (render_older, render_newer):
        text = render(title, root, theses)
        export = parse(text.replace("\n", "\r\n") if windows else text)
        assert export[1:4] == (title, root if theses else "", tuple(theses) or (root,))


PIECES = ["Discussion Title:", "Discussion Name:", "\n", "\r\n", "1.", "1. ", "1.1. Pro: ", "  1.1. Thesis:",
          "1. Thesis:\n", "1. Question:\n", "Sources:\n", "[1] x", "[99999999999] ", "cats", "\ufeff",
          "1.1. cats", "\x00"]  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_whatever_a_file_holds_it_is_read_or_refused_with_a_reason(text):
    try:
        export = parse(text)
    except Problem as problem:
        assert "it " in str(problem)
    else:
        assert isinstance(export, Export) and (
            export.question or export.theses or export.title is not None
        )
        assert all(word in text for thesis in export.theses for word in thesis.split())


def test_the_votes_of_a_file_do_not_depend_on_the_number_of_the_thesis():
    renamed = json.loads(json.dumps(CAT_VOTES).replace("17.4", "17.9"))
    assert parse_votes(CAT_VOTES).theses == {"17.4": 5} and parse_votes(renamed).theses == {
        "17.9": 5
    }


def figures(debates, theses):
    single = theses["debate_id"].isin(debates.loc[debates["question"] == "", "debate_id"])
    return (
        len(theses),
        int(single.sum()),
        int(theses["votes"].notna().sum()),
        int((theses["votes"] >= 3).sum()),
    )


FOREIGN = {"de": 8, "it": 3, "cs": 2, "bg": 1, "el": 1, "es": 1, "fr": 1, "da": 1}


def test_the_real_exports_give_the_figures_that_were_counted_elsewhere(shared):
    folder = shared / "kialo"
    start = time.process_time()
    debates, theses, refused = read_exports(folder, folder / "votes_json", keep_twins=True)
    assert time.process_time() - start < 3
    assert figures(debates, theses) == (750, 512, 483, 282)
    debates, theses, refused = read_exports(folder, folder / "votes_json")
    assert figures(debates, theses) == (726, 503, 479, 278)
    assert debates["debate_id"].is_unique and theses["statement_id"].is_unique
    files = [
        path for path in folder.rglob("*") if path.is_file() and path.parent.name != "votes_json"
    ]
    unused = refused["reason"] == "no export of this debate is there"
    assert len(debates) + (~unused).sum() == len(files)
    others = debates["language"][~debates["language"].isin(["en", ""])]
    assert others.value_counts().to_dict() == FOREIGN


def test_every_real_thesis_agrees_with_the_table_made_elsewhere(shared):
    folder = shared / "kialo"
    with open(folder / "derived" / "theses_with_votes.csv", encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if "not saved" not in row["source"]]
    _, theses, _ = read_exports(folder, folder / "votes_json", keep_twins=True)
    votes = theses[theses["votes"].notna()].set_index("statement_id")["votes"].to_dict()
    exports = {
        (p.stem, p.parent.name): parse(p.read_text(encoding="utf-8"))
        for p in folder.glob("exports_v*/*.txt")
    }
    for row in rows:
        export = exports[
            row["slug"], "exports_v2" if row["source"] == "export_v2" else "exports_v1"
        ]
        raw = (
            re.sub(r"\s*\[\d+\]", "", row["thesis_text_raw"])
            if export.format == NEWER
            else row["thesis_text_raw"]
        )
        assert export.theses[int(row["thesis_no"] or 1) - 1].split() == raw.split()
        assert len(export.theses) == int(row["n_theses"] or 1)
        if row["join"] == "exact":
            assert votes[row["vote_node_id"]] == int(row["votes_total"])
