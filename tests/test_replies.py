"""The archive keeps what it was given, under a key of everything that decided it."""

import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils import replies
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
    with replies.archive(path) as archive:
        replies.keep(archive, [ROW, ROW | {"attempt": 2, "text": None}])
    with replies.archive(path) as archive:
        assert list(replies.kept(archive, ["stance"])) == [
            ("k", 1, *WHERE, "Answer: yes", None, "simulated"),
            ("k", 2, *WHERE, None, None, "simulated"),
        ]
        assert replies.spent(archive) == (2, 1.0)


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path):
    with replies.archive(tmp_path / "replies.sqlite") as archive:
        with pytest.raises(sqlite3.IntegrityError):
            replies.keep(archive, [ROW, ROW])
        assert replies.spent(archive) == (0, 0)


@pytest.mark.parametrize("place", range(7))
def test_every_part_of_a_request_decides_its_key(place):
    other = ("polarity", "another", "openrouter", "qwen", {"order": ["x"]}, {"temperature": 0.7}, [2])
    mixed = [*PARTS[:place], other[place], *PARTS[place + 1 :]]
    assert replies.keys(*PARTS) != replies.keys(*mixed)


def test_the_key_is_the_same_in_every_version():
    assert replies.keys(*PARTS) == ["e17ed3b6eab56e87a4690469b12c4ec0"]


@given(st.lists(st.integers(min_value=1, max_value=10**6), max_size=5))
def test_the_key_of_a_run_is_the_same_whatever_other_runs_are_asked(runs):
    assert replies.keys(*PARTS[:6], runs) == [replies.keys(*PARTS[:6], [run])[0] for run in runs]
    assert replies.keys(*PARTS[:6], runs) == [replies.digest([*PARTS[:6], run]) for run in runs]


@given(st.lists(st.text(), min_size=2, max_size=4), st.lists(st.text(), min_size=2, max_size=4))
def test_different_parts_never_share_a_digest(a, b):
    assert (replies.digest(a) == replies.digest(b)) == (a == b)


def test_an_archive_of_an_unknown_schema_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "replies.sqlite"
    with replies.archive(path) as archive:
        archive.execute("pragma user_version = 99")
    with pytest.raises(Problem, match="schema 99, and this version reads schema 1"), replies.archive(path):
        pass


def test_a_file_that_is_no_archive_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "replies.sqlite"
    path.write_text("not a database, but long enough to be read as one" * 30, encoding="utf-8")
    with pytest.raises(Problem, match="cannot be used as an archive"), replies.archive(path):
        pass


def test_a_second_process_is_refused(tmp_path):
    path = tmp_path / "replies.sqlite"
    code = f"from pathlib import Path; from utils import replies\nwith replies.only_one(Path({str(path)!r})): pass"
    with replies.only_one(path):
        second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Another execution is asking" in second.stderr
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_copy_of_an_archive_holds_every_reply_once_with_what_was_sent_and_received(tmp_path):
    one, other, both = (tmp_path / name for name in ("a.sqlite", "b.sqlite", "c.sqlite"))
    for path, keys in ((one, ["k", "l"]), (other, ["l", "m"])):
        with replies.archive(path) as archive:
            replies.keep(archive, [ROW | {"key": key, "request": f"asked {key}", "response": f"got {key}"} for key in keys])
    assert [replies.copy(one, both), replies.copy(other, both), replies.copy(one, both)] == [2, 1, 0]
    with replies.archive(both) as archive:
        found = archive.execute("select key, text, request, response, respondents from replies join wire using (id) order by key").fetchall()
    assert found == [(key, "Answer: yes", f"asked {key}", f"got {key}", "simulated") for key in "klm"]


def test_an_archive_of_an_unknown_schema_is_not_copied(tmp_path):
    with replies.archive(tmp_path / "a.sqlite") as archive:
        archive.execute("pragma user_version = 2")
    with pytest.raises(Problem, match="a.sqlite has schema 2"):
        replies.copy(tmp_path / "a.sqlite", tmp_path / "b.sqlite")
    with pytest.raises(Problem, match="There is no archive gone.sqlite"):
        replies.copy(tmp_path / "gone.sqlite", tmp_path / "b.sqlite")


def test_of_several_attempts_the_last_that_brought_a_reply_counts(tmp_path):
    with replies.archive(tmp_path / "a.sqlite") as archive:
        tries = [("a", 1, "first", "x"), ("a", 2, "second", "y"), ("a", 3, None, "z"), ("b", 1, "only", None), ("c", 1, None, "x")]
        replies.keep(archive, [ROW | dict(zip(("key", "attempt", "text", "provider"), t, strict=True)) for t in tries])
        assert replies.last(archive, ["text", "provider"]) == {"a": ("second", "y"), "b": ("only", None)}
