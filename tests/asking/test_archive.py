"""The archive keeps what it was given, under a key of everything that decided it."""

import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.asking import archive
from utils.errors import Problem

WHERE = ("stance", "en")
ROW = {
    "key": "k",
    "attempt": 1,
    "step": "stance",
    "model": "m",
    "language": "en",
    "text": "Answer: yes",
    "respondents": "simulated",
    "request": "{}",
    "cost": 0.5,
}
PARTS = ("stance", "digest", "openai", "gpt", {}, {"temperature": 1.0}, [1])


def test_a_kept_reply_is_there_after_the_archive_is_closed(tmp_path):
    path = tmp_path / "replies.sqlite"
    with archive.open_archive(path) as connection:
        archive.keep(connection, [ROW, ROW | {"attempt": 2, "text": None}])
    with archive.open_archive(path) as connection:
        assert list(archive.kept(connection, ["stance"])) == [
            ("k", 1, *WHERE, "Answer: yes", None, "simulated"),
            ("k", 2, *WHERE, None, None, "simulated"),
        ]
        assert archive.spent(connection) == (2, 1.0)


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path):
    with archive.open_archive(tmp_path / "replies.sqlite") as connection:
        with pytest.raises(sqlite3.IntegrityError):
            archive.keep(connection, [ROW, ROW])
        assert archive.spent(connection) == (0, 0)


@pytest.mark.parametrize("place", range(7))
def test_every_part_of_a_request_decides_its_key(place):
    other = (
        "polarity",
        "another",
        "openrouter",
        "qwen",
        {"order": ["x"]},
        {"temperature": 0.7},
        [2],
    )
    mixed = [*PARTS[:place], other[place], *PARTS[place + 1 :]]
    assert archive.keys(*PARTS) != archive.keys(*mixed)


def test_the_key_is_the_same_in_every_version():
    assert archive.keys(*PARTS) == ["e17ed3b6eab56e87a4690469b12c4ec0"]


@given(st.lists(st.integers(min_value=1, max_value=10**6), max_size=5))
def test_the_key_of_a_run_is_the_same_whatever_other_runs_are_asked(runs):
    assert archive.keys(*PARTS[:6], runs) == [archive.keys(*PARTS[:6], [run])[0] for run in runs]
    assert archive.keys(*PARTS[:6], runs) == [archive.digest([*PARTS[:6], run]) for run in runs]


@given(st.lists(st.text(), min_size=2, max_size=4), st.lists(st.text(), min_size=2, max_size=4))
def test_different_parts_never_share_a_digest(a, b):
    assert (archive.digest(a) == archive.digest(b)) == (a == b)


def test_an_archive_of_an_unknown_schema_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "replies.sqlite"
    with archive.open_archive(path) as connection:
        connection.execute("pragma user_version = 99")
    with (
        pytest.raises(Problem, match="schema 99, and this version reads schema 1"),
        archive.open_archive(path),
    ):
        pass


def test_a_file_that_is_no_archive_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "replies.sqlite"
    path.write_text("not a database, but long enough to be read as one" * 30, encoding="utf-8")
    with pytest.raises(Problem, match="cannot be used as an archive"), archive.open_archive(path):
        pass


def test_a_second_process_is_refused(tmp_path):
    path = tmp_path / "replies.sqlite"
    code = f"from pathlib import Path; from alignment.asking import archive\nwith archive.only_one(Path({str(path)!r})): pass"
    with archive.only_one(path):
        second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Another execution is asking" in second.stderr
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_copy_of_an_archive_holds_every_reply_once_with_what_was_sent_and_received(tmp_path):
    one, other, both = (tmp_path / name for name in ("a.sqlite", "b.sqlite", "c.sqlite"))
    for path, keys in ((one, ["k", "l"]), (other, ["l", "m"])):
        with archive.open_archive(path) as connection:
            archive.keep(
                connection,
                [
                    ROW | {"key": key, "request": f"asked {key}", "response": f"got {key}"}
                    for key in keys
                ],
            )
    assert [archive.copy(one, both), archive.copy(other, both), archive.copy(one, both)] == [
        2,
        1,
        0,
    ]
    with archive.open_archive(both) as connection:
        found = connection.execute(
            "select key, text, request, response, respondents from replies join wire using (id) order by key"
        ).fetchall()
    assert found == [
        (key, "Answer: yes", f"asked {key}", f"got {key}", "simulated") for key in "klm"
    ]


def test_an_archive_of_an_unknown_schema_is_not_copied(tmp_path):
    with archive.open_archive(tmp_path / "a.sqlite") as connection:
        connection.execute("pragma user_version = 2")
    with pytest.raises(Problem, match="a.sqlite has schema 2"):
        archive.copy(tmp_path / "a.sqlite", tmp_path / "b.sqlite")
    with pytest.raises(Problem, match="There is no archive gone.sqlite"):
        archive.copy(tmp_path / "gone.sqlite", tmp_path / "b.sqlite")


def test_of_several_attempts_the_last_that_brought_a_reply_counts(tmp_path):
    with archive.open_archive(tmp_path / "a.sqlite") as connection:
        tries = [
            ("a", 1, "first", "x"),
            ("a", 2, "second", "y"),
            ("a", 3, None, "z"),
            ("b", 1, "only", None),
            ("c", 1, None, "x"),
        ]
        archive.keep(
            connection,
            [
                ROW | dict(zip(("key", "attempt", "text", "provider"), t, strict=True))
                for t in tries
            ],
        )
        assert archive.last(connection, ["text", "provider"]) == {
            "a": ("second", "y"),
            "b": ("only", None),
        }
