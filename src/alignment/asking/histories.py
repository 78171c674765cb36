"""What the archives hold of cells: how often each was asked, and what its latest reply says.

Kept in arrays, a row for each key, so that tens of millions of cells fit into memory.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from sqlite3 import Connection

import numpy as np

from alignment.asking import archive
from utils import reply_parser

TOGETHER = 100_000  # rows of an archive that are looked up at once
ASKED_AGAIN = ("unreadable", "cut off")  # states of a reply, as far as `attempts` allows
NEVER_ASKED = ("not asked", "", "")  # state, answer, respondents
KEY = "S32"  # 32 hex digits


@dataclass
class Histories:
    """The histories of some keys, in ascending order of these."""

    keys: np.ndarray
    attempts: np.ndarray
    replies: np.ndarray
    latest: np.ndarray  # the attempt that brought the latest reply
    outcome: np.ndarray  # the place in `outcomes` of what that says
    outcomes: list[tuple[str, str, str]]  # state, answer, respondents

    @classmethod
    def of(cls, keys: np.ndarray) -> "Histories":
        """Return the histories of keys, each once, of which nothing is known yet."""
        keys = np.sort(keys)
        keys = keys[np.append(keys[:1] == keys[:1], keys[1:] != keys[:-1])]
        counts = (np.zeros(len(keys), dtype="int16") for _ in range(4))
        return cls(keys, *counts, [NEVER_ASKED])

    def at(self, keys: np.ndarray) -> "Histories":
        """Return the histories of keys in their own order, some of which may stand there twice."""
        rows = np.searchsorted(self.keys, keys)
        arrays = (self.keys, self.attempts, self.replies, self.latest, self.outcome)
        return Histories(*(array[rows] for array in arrays), self.outcomes)

    def is_open(self, attempts: int) -> np.ndarray:
        """Return which to ask (again): without a reply, or unreadable with attempts left."""
        again = np.array([state in ASKED_AGAIN for state, *_ in self.outcomes])[self.outcome]
        return (self.replies == 0) | (again & (self.replies < attempts))

    def columns(self) -> dict[str, np.ndarray]:
        """Return state, answer and respondents of each."""
        names, values = ("state", "answer", "respondents"), zip(*self.outcomes, strict=True)
        columns = zip(names, values, strict=True)
        return {name: np.array(of, dtype=object)[self.outcome] for name, of in columns}

    def read(self, connection: Connection, steps: Iterable[str]) -> None:
        """Read the attempts of an archive; each reply is parsed as it comes, its text let go.

        A key of which it holds a reply is as this archive has it, whatever another one says.
        """
        own, codes = Histories.of(self.keys), {said: i for i, said in enumerate(self.outcomes)}

        @lru_cache(maxsize=1000)  # short replies are mostly the same few
        def code(step, language, text, finish_reason, respondents) -> int:
            state, answer = "failed", ""
            if text is not None:
                state, answer = reply_parser.read(step, language, text, finish_reason)
            return codes.setdefault((state, answer, respondents), len(codes))

        rows = archive.read_attempts(connection, list(steps))
        while some := list(islice(rows, TOGETHER)):
            some.sort(key=itemgetter(0, 1))  # what is looked up in order is found faster
            keys, attempts = (
                np.array([row[i] for row in some], t) for i, t in ((0, KEY), (1, "i2"))
            )
            at = np.searchsorted(self.keys, keys)
            is_known = at < len(self.keys)
            is_known[is_known] = self.keys[at[is_known]] == keys[is_known]
            known = np.flatnonzero(is_known).tolist()
            outcome = np.array([code(*some[i][2:]) for i in known], dtype="int16")
            own._add(at[is_known], attempts[is_known], outcome, [*codes])
        self.outcomes = [*codes]
        wins = (own.replies > 0) | ((self.attempts == 0) & (own.attempts > 0))
        for name in ("attempts", "replies", "latest", "outcome"):
            getattr(self, name)[wins] = getattr(own, name)[wins]

    def _add(self, at: np.ndarray, attempts: np.ndarray, outcome: np.ndarray, outcomes) -> None:
        """Add attempts, in any order; a failure says something only while there is no reply."""
        is_reply = np.array([state != "failed" for state, *_ in outcomes])[outcome]
        np.maximum.at(self.attempts, at, attempts)
        np.add.at(self.replies, at, is_reply.astype("int16"))
        fails = ~is_reply & (self.replies[at] == 0)
        self.outcome[at[fails]] = outcome[fails]
        order = np.flatnonzero(is_reply)
        order = order[np.argsort(attempts[order], kind="stable")]  # the latest is written last
        order = order[attempts[order] > self.latest[at[order]]]
        self.latest[at[order]], self.outcome[at[order]] = attempts[order], outcome[order]
