"""The archive keeps what it was given, under a key of everything that decided it."""

import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.asking import archive
from alignment.asking.request import hash_json, hash_runs, request_keys
from alignment.study import loader
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
PARTS = ["stance", "digest", "openai", "gpt", {}, {"temperature": 1.0}]


def test_a_kept_reply_is_there_after_the_archive_is_closed(tmp_path):
    path = tmp_path / "replies.sqlite"
    with archive.open_archive(path) as connection:
        archive.add_records(connection, [ROW, ROW | {"attempt": 2, "text": None}])
    with archive.open_archive(path) as connection:
        assert list(archive.read_attempts(connection, ["stance"])) == [
            ("k", 1, *WHERE, "Answer: yes", None, "simulated"),
            ("k", 2, *WHERE, None, None, "simulated"),
        ]
        assert archive.sum_spending(connection) == (2, 1.0)


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path):
    with archive.open_archive(tmp_path / "replies.sqlite") as connection:
        with pytest.raises(sqlite3.IntegrityError):
            archive.add_records(connection, [ROW, ROW])
        assert archive.sum_spending(connection) == (0, 0)


@pytest.mark.parametrize("place", range(6))
def test_every_part_of_a_request_decides_its_key(place):
    other = ["polarity", "another", "openrouter", "qwen", {"order": ["x"]}, {"temperature": 0.7}]
    mixed = [*PARTS[:place], other[place], *PARTS[place + 1 :]]
    assert hash_runs(PARTS, [1]) != hash_runs(mixed, [1])


def test_the_key_is_the_same_in_every_version():
    assert hash_runs(PARTS, [1]) == ["e17ed3b6eab56e87a4690469b12c4ec0"]


@pytest.mark.parametrize(
    ("changed", "model", "sampling"),
    [
        ({}, {}, {}),
        ({}, {"endpoint": "openrouter"}, {}),
        ({}, {"request": "gpt-5"}, {}),
        ({}, {"provider": {"only": ["x"]}}, {}),
        ({}, {"max_tokens": 10}, {}),
        ({}, {}, {"temperature": 0.5}),
        ({"send_seed": True}, {}, {}),
    ],
)
def test_what_a_study_sends_decides_its_keys_and_an_address_does_not(changed, model, sampling):
    paper = loader.load("paper")
    name, settings = next(iter(paper.models.items()))
    models = {name: settings.model_copy(update=model)}
    endpoints = {
        key: endpoint.model_copy(update=changed | {"base_url": "http://127.0.0.1:1/v1"})
        for key, endpoint in paper.endpoints.items()
    }
    sampled = paper.sampling.model_copy(update=sampling)
    other = paper.model_copy(update={"models": models, "endpoints": endpoints, "sampling": sampled})
    before, after = (request_keys(s, "stance", name, "hash", [1, 2]) for s in (paper, other))
    assert len({*before, *after}) == (4 if changed | model | sampling else 2)


@given(st.lists(st.integers(min_value=1, max_value=10**6), max_size=5))
def test_the_key_of_a_run_is_the_same_whatever_other_runs_are_asked(runs):
    assert hash_runs(PARTS, runs) == [hash_json([*PARTS, run]) for run in runs]


@given(st.lists(st.text(), min_size=2, max_size=4), st.lists(st.text(), min_size=2, max_size=4))
def test_different_parts_never_share_a_digest(a, b):
    assert (hash_json(a) == hash_json(b)) == (a == b)


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
    code = "from pathlib import Path\nfrom alignment.asking import archive\n"
    code += f"with archive.lock(Path({str(path)!r})): pass"
    with archive.lock(path):
        second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "Another execution is asking" in second.stderr
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_copy_of_an_archive_holds_every_reply_once_with_what_was_sent_and_received(tmp_path):
    one, other, both = (tmp_path / name for name in ("a.sqlite", "b.sqlite", "c.sqlite"))
    for path, keys in ((one, ["k", "l"]), (other, ["l", "m"])):
        with archive.open_archive(path) as connection:
            archive.add_records(
                connection,
                [
                    ROW | {"key": key, "request": f"asked {key}", "response": f"got {key}"}
                    for key in keys
                ],
            )
    assert [
        archive.copy_replies(one, both),
        archive.copy_replies(other, both),
        archive.copy_replies(one, both),
    ] == [
        2,
        1,
        0,
    ]
    with archive.open_archive(both) as connection:
        rows = connection.execute(
            """select key, text, request, response, respondents
            from replies join wire using (id) order by key"""
        ).fetchall()
    assert rows == [
        (key, "Answer: yes", f"asked {key}", f"got {key}", "simulated") for key in "klm"
    ]


def test_an_archive_of_an_unknown_schema_is_not_copied(tmp_path):
    with archive.open_archive(tmp_path / "a.sqlite") as connection:
        connection.execute("pragma user_version = 2")
    with pytest.raises(Problem, match="a.sqlite has schema 2"):
        archive.copy_replies(tmp_path / "a.sqlite", tmp_path / "b.sqlite")
    with pytest.raises(Problem, match="There is no archive gone.sqlite"):
        archive.copy_replies(tmp_path / "gone.sqlite", tmp_path / "b.sqlite")


def test_of_several_attempts_the_last_that_brought_a_reply_counts(tmp_path):
    with archive.open_archive(tmp_path / "a.sqlite") as connection:
        tries = [
            ("a", 1, "first", "x"),
            ("a", 2, "second", "y"),
            ("a", 3, None, "z"),
            ("b", 1, "only", None),
            ("c", 1, None, "x"),
        ]
        archive.add_records(
            connection,
            [
                ROW | dict(zip(("key", "attempt", "text", "provider"), t, strict=True))
                for t in tries
            ],
        )
        assert archive.read_last_replies(connection, ["text", "provider"]) == {
            "a": ("second", "y"),
            "b": ("only", None),
        }
