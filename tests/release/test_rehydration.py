"""From a release back to texts: unchanged, changed or gone, and how votes moved."""

import json

import pandas as pd
import pytest

from alignment import cli
from alignment.kialo import sources, tables
from alignment.release import dataset
from alignment.release.comparison import COLUMNS, STATES, compare_release, summarise
from alignment.release.rehydration import read_release
from alignment.study import table_files
from alignment.study.hashes import content_hash
from alignment.study.loader import load
from alignment.study.workspace import Workspace
from kialo_server import Kialo
from utils import vote_filter
from utils.errors import Problem


def released(*rows):
    """A release of (statement_id, text, votes)."""
    frame = pd.DataFrame(rows, columns=["statement_id", "text", "votes"]).astype({"votes": "Int64"})
    return frame.assign(
        content_hash=frame["text"].map(content_hash), dimension="PDI", polarity=1
    ).drop(columns="text")


def now(*rows):
    """Debates and theses of (debate_id, statement_id, text, votes); a debate alone has no thesis."""
    found = {
        r[0]: {
            "debate_id": r[0],
            "title": "",
            "language": "en",
            "question": "",
            "n_theses": 1,
            "source": "interface",
        }
        for r in rows
    }
    found |= {r[0]: found[r[0]] | {"source": "interface: private"} for r in rows if len(r) == 1}
    theses = [
        dict(zip(("debate_id", "statement_id", "text", "votes"), r, strict=True)) | {"thesis_no": 1}
        for r in rows
        if len(r) > 1
    ]
    return tables.as_table(list(found.values()), tables.DEBATES), tables.as_table(
        theses, tables.THESES
    )


@pytest.mark.parametrize(
    ("before", "after", "state", "why", "moved"),
    [
        (("9.3", "Cats.", 5), [("9", "9.3", "Cats.", 8)], "unchanged", "", 3),
        (("9.3", "Cats.", 5), [("9", "9.3", "Cats!", 2)], "changed", "", -3),
        (("9.3", "Cats.", 5), [("8", "8.3", "Cats.", 8)], "gone", "the debate is not there", None),
        (
            ("9.3", "Cats.", 5),
            [("9",)],
            "gone",
            "the debate has no thesis now (interface: private)",
            None,
        ),
        (
            ("9.3", "Cats.", 5),
            [("9", "9.7", "Cats.", None)],
            "unchanged",
            "found by its text",
            None,
        ),
        (("9.3", "Cats.", 5), [("9", "9.7", "Dogs.", 5)], "changed", "the debate's only thesis", 0),
        (
            ("9.3", "Cats.", 5),
            [("9", "9.7", "A.", 5), ("9", "9.8", "B.", 5)],
            "gone",
            "the debate has other theses now",
            None,
        ),
        (
            ("9#1", "Cats.", None),
            [("9", "9#1", "Dogs.", 1), ("9", "9#2", "Cats.", 2)],
            "unchanged",
            "found by its text",
            None,
        ),
        (("9#1", "Cats.", 2), [("9", "9.3", "Cats.", 2)], "unchanged", "found by its text", 0),
    ],
)
def test_what_became_of_a_statement(before, after, state, why, moved):
    (row,) = compare_release(released(before), *now(*after)).to_dict("records")
    assert (row["state"], row["why"]) == (state, why)
    assert pd.isna(row["moved"]) if moved is None else row["moved"] == moved
    assert (row["text"] == "") == (state == "gone")


def test_each_statement_counts_once_however_many_dimensions_it_has():
    release_ = pd.concat(
        [
            released(("9.3", "Cats.", 5)),
            released(("9.3", "Cats.", 5)),
            released(("8.1", "Dogs.", 1)),
        ]
    )
    found = compare_release(release_, *now(("9", "9.3", "Cats.", 5)))
    assert found["statement_id"].tolist() == ["9.3", "8.1"] and set(found["state"]) <= set(STATES)


def test_the_summary_counts_states_and_moved_votes():
    asked = released(("1.3", "A.", 5), ("2.3", "B.", 5), ("3.3", "C.", 5), ("4.3", "D.", None))
    found = compare_release(
        asked, *now(("1", "1.3", "A.", 9), ("2", "2.3", "B!", 4), ("4", "4.3", "D.", 1))
    )
    lines = summarise(found).splitlines()
    assert lines[0] == "4 statements: 2 unchanged, 1 changed, 1 gone."
    assert "1 gone: the debate is not there" in lines[1]
    assert (
        lines[2]
        == "Votes of 2 are known then and now: 1 have more, 1 fewer; median +2, from -1 to +4."
    )


def write_release(path, *rows):
    frame = released(*rows)
    return table_files.write(frame, path)


def test_live_kialo_is_asked_once_for_each_debate_and_the_report_holds_no_text(
    httpserver, elsewhere, monkeypatch, capsys
):
    monkeypatch.setenv("NO_PROXY", "*")
    server = Kialo(httpserver)
    server.private = {"103"}
    study = (
        (elsewhere / "studies" / "paper.yaml")
        .read_text()
        .replace("permission: false", "permission: true")
    )
    study = study.replace('contact: ""', "contact: cats@a.org").replace(
        "wait_seconds: 2.0", f"wait_seconds: 0\n  base_url: {httpserver.url_for('')}"
    )
    (elsewhere / "studies" / "again.yaml").write_text(study.replace("name: paper", "name: again"))
    rows = [
        ("100.3", "Cat 100 may vote.", 1),
        ("101.3", "Cat 101 must vote.", 9),
        ("103.3", "Cat 103 may vote.", 9),
        ("x-0a#1", "Gone.", 9),
    ]
    path, out = write_release(elsewhere / "release.csv", *rows), elsewhere / "out"
    command = ["rehydrate", str(path), "--study", "again", "--out", str(out)]
    assert cli.main(command) == 0
    assert "4 statements: 1 unchanged, 1 changed, 2 gone." in capsys.readouterr().out
    report = pd.read_csv(out / "report.csv")
    assert report.columns.tolist() == COLUMNS
    assert report["state"].tolist() == ["unchanged", "changed", "gone", "gone"] and report[
        "moved"
    ].tolist()[:2] == [
        2,
        -5,
    ]
    assert "vote." not in (out / "report.csv").read_text()
    assert table_files.read(out / "statements.csv")["text"].tolist() == [
        "Cat 100 may vote.",
        "Cat 101 may vote.",
    ]
    asked = len(server.asked)
    assert cli.main(command) == 0 and len(server.asked) == asked == 1 + 2 * 2 + 1
    assert not any("discussions?" in a for a in server.asked)


def test_without_permission_nothing_is_asked(elsewhere, capsys):
    path = write_release(elsewhere / "release.csv", ("100.3", "Cat.", 1))
    assert (
        cli.main(["rehydrate", str(path), "--study", "paper", "--out", str(elsewhere / "out")]) == 1
    )
    assert "permission" in capsys.readouterr().err


def test_a_folder_of_exports_is_read_with_its_votes(tmp_path, capsys):
    exports = tmp_path / "exports"
    (exports / "votes_json").mkdir(parents=True)
    (exports / "cats-17.txt").write_text(
        "Discussion Title: Cats\n\n1. Cats may vote.\n1.1. Pro: They care.", encoding="utf-8"
    )
    votes = {
        "nodes": {"17.0": {"votes": {}}, "17.3": {"votes": {"4": 6}}},
        "edges": {"17.3": {"successor_id": "17.0", "relation": 0}},
    }
    (exports / "votes_json" / "17.json").write_text(json.dumps(votes))
    path = write_release(
        tmp_path / "release.csv", ("17.3", "Cats may vote.", 4), ("18.1", "Dogs may vote.", 4)
    )
    assert (
        cli.main(
            ["rehydrate", str(path), "--exports", str(exports), "--out", str(tmp_path / "out")]
        )
        == 0
    )
    said = capsys.readouterr().out
    assert (
        "2 statements: 1 unchanged, 0 changed, 1 gone." in said and "1 have more, 0 fewer" in said
    )


def test_a_study_of_kept_answers_finds_its_own_release_unchanged(elsewhere, capsys):
    here = Workspace(load("demo"), "demo")
    found, theses, _ = sources.read_debates(here)
    kept, _ = vote_filter.filter_statements(found, theses, 3)
    labels = kept[["statement_id"]].assign(dimension="PDI", polarity=1, respondents="simulated")
    path = table_files.write(
        dataset.build_dataset(labels, kept, pd.DataFrame()), elsewhere / "simulated.csv"
    )
    assert (
        cli.main(["rehydrate", str(path), "--study", "demo", "--out", str(elsewhere / "out")]) == 0
    )
    assert "85 statements: 85 unchanged, 0 changed, 0 gone." in capsys.readouterr().out
    back = table_files.read(elsewhere / "out" / "statements.csv")
    assert (
        back["text"].tolist() == kept["text"].tolist()
        and back["votes"].tolist() == kept["votes"].tolist()
    )


def test_hashes_and_ids_of_digits_alone_stay_text(tmp_path):
    path = tmp_path / "release.csv"
    path.write_text("statement_id,content_hash,votes\n17.10,0123456789012e45,\n")
    assert read_release(path).values.tolist() == [["17.10", "0123456789012e45", pd.NA]]


@pytest.mark.parametrize("content", [None, "a,b\n1,2\n"])
def test_what_is_no_release_is_refused(tmp_path, content):
    if content:
        (tmp_path / "release.csv").write_text(content)
    with pytest.raises(Problem, match="release"):
        read_release(tmp_path / "release.csv")


def test_real_exports_find_themselves_again_and_by_text_alone(shared):
    """All single-thesis exports with votes are released, then sought in exports without votes."""
    from alignment.kialo.exports import read_exports

    folder = shared / "kialo"
    found, theses, _ = read_exports(folder, folder / "votes_json")
    known = theses[theses["votes"].notna()]
    labels = known[["statement_id"]].assign(dimension="PDI", polarity=1, respondents="live")
    data = dataset.build_dataset(labels, known, pd.DataFrame())
    same = compare_release(data, found, theses)
    assert (same["state"] == "unchanged").all() and (same["moved"] == 0).all() and len(same) == 479
    bare = compare_release(data, *read_exports(folder, None)[:2])
    assert (bare["state"] == "unchanged").all() and bare["moved"].isna().all()
    assert summarise(bare).startswith("479 statements: 479 unchanged, 0 changed, 0 gone.")
