"""What the archives say of a cell is the same in whatever order and portions they are read."""

import random

import numpy as np
import pytest

from alignment.asking import archive, histories
from alignment.asking.histories import KEY, NEVER_ASKED, Histories

TEXTS = {None: "failed", "Answer: yes": "answered", "I have no opinion.": "unreadable"}
KEYS = [f"{i:032x}" for i in range(40)]


def plainly(attempts: list[tuple]) -> tuple:
    """Attempts, replies and what the latest reply says of one key, as a person would count."""
    replies = [row for row in attempts if row[1] is not None]
    if not attempts:
        return 0, 0, NEVER_ASKED
    _, text = max(replies or attempts)[:2] if replies else attempts[0]
    said = TEXTS[text], "yes" if text == "Answer: yes" else "", "live"
    return max(n for n, _ in attempts), len(replies), said


@pytest.mark.parametrize("seed", range(5))
def test_histories_are_as_counted_one_by_one_whatever_the_order(tmp_path, monkeypatch, seed):
    rng = random.Random(seed)
    monkeypatch.setattr(histories, "TOGETHER", rng.choice([1, 7, 1000]))
    paths, expected = [tmp_path / "material.sqlite", tmp_path / "own.sqlite"], {}
    for path in paths:
        rows = {key: [] for key in KEYS}
        for key in rng.sample(KEYS, 25):
            for attempt in rng.sample(range(1, 6), rng.randint(1, 4)):
                rows[key].append((attempt, rng.choice(list(TEXTS))))
        records = [(key, *row) for key, own in rows.items() for row in own]
        rng.shuffle(records)
        names = ("key", "attempt", "text")
        whole = {"step": "relevance", "model": "m", "language": "en", "finish_reason": "stop"}
        with archive.open_archive(path) as connection:
            archive.add_records(
                connection,
                [
                    dict(zip(names, r, strict=True)) | whole | {"respondents": "live"}
                    for r in records
                ],
            )
        for key in KEYS:
            own = plainly(rows[key])
            if own[1] or (own[0] and not expected.get(key, (0,))[0]):
                expected[key] = own
            expected.setdefault(key, own)
    asked = np.array([*KEYS[1:], *KEYS[:3], "f" * 32], dtype=KEY)  # some twice, one unknown
    found = Histories.of(asked)
    for path in paths:
        with archive.open_archive(path) as connection:
            found.read(connection, ["relevance"])
    found = found.at(asked)
    said = zip(*found.columns().values(), strict=True)
    rows = list(zip(found.attempts.tolist(), found.replies.tolist(), said, strict=True))
    assert rows == [expected.get(key, (0, 0, NEVER_ASKED)) for key in asked.astype(str)]
    is_open = [not n or (s[0] == "unreadable" and n < 2) for _, n, s in rows]
    assert found.is_open(2).tolist() == is_open
