"""What the archives hold of cells: how often each was asked, and what its latest reply says.

Kept in arrays, a row for each key, so that tens of millions of cells fit into memory.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from sqlite3 import Connection

import numpy as np

from alignment.asking import archive
from utils import reply_parser

TOGETHER = 50_000  # rows of an archive that are looked up at once
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
        keys = np.unique(keys)
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
        own = Histories.of(self.keys)
        own.outcomes = self.outcomes
        codes = {outcome: code for code, outcome in enumerate(self.outcomes)}
        parse = lru_cache(maxsize=1000)(reply_parser.read)  # short replies are mostly the same few
        rows = archive.read_attempts(connection, list(steps))
        while some := list(islice(rows, TOGETHER)):
            keys, attempts, *_ = zip(*some, strict=True)
            keys, attempts = np.array(keys, dtype=KEY), np.array(attempts, dtype="int16")
            at = np.searchsorted(self.keys, keys)
            is_known = at < len(self.keys)
            is_known[is_known] = self.keys[at[is_known]] == keys[is_known]
            outcome = np.zeros(len(some), dtype="int16")
            is_reply = np.zeros(len(some), dtype=bool)
            for i in np.flatnonzero(is_known).tolist():
                _, _, step, language, text, finish_reason, respondents = some[i]
                state, answer = "failed", ""
                if text is not None:
                    state, answer = parse(step, language, text, finish_reason)
                is_reply[i] = state != "failed"
                said = state, answer, respondents
                if said not in codes:
                    codes[said] = len(codes)
                    self.outcomes.append(said)
                outcome[i] = codes[said]
            own._add(at[is_known], attempts[is_known], outcome[is_known], is_reply[is_known])
        wins = (own.replies > 0) | ((self.attempts == 0) & (own.attempts > 0))
        for name in ("attempts", "replies", "latest", "outcome"):
            getattr(self, name)[wins] = getattr(own, name)[wins]

    def _add(self, at: np.ndarray, attempts, outcome, is_reply: np.ndarray) -> None:
        """Add attempts, in any order; a failure says something only while there is no reply."""
        np.maximum.at(self.attempts, at, attempts)
        np.add.at(self.replies, at, is_reply.astype("int16"))
        fails = ~is_reply & (self.replies[at] == 0)
        self.outcome[at[fails]] = outcome[fails]
        order = np.flatnonzero(is_reply)
        order = order[np.argsort(attempts[order], kind="stable")]  # the latest is written last
        order = order[attempts[order] > self.latest[at[order]]]
        self.latest[at[order]], self.outcome[at[order]] = attempts[order], outcome[order]
