"""Counting votes: how often each row got each of a few ascending values, (rows, values)."""

import numpy as np


def count_values(
    group: np.ndarray, scores: np.ndarray, values: np.ndarray, rows: int
) -> np.ndarray:
    """Count how often each row got each value; `group` is the row of each score, NaN is no vote.

    >>> group, scores = np.array([0, 0, 1]), np.array([1.0, np.nan, 0.0])
    >>> count_values(group, scores, np.array([0.0, 1.0]), 2).tolist()
    [[0, 1], [1, 0]]
    """
    present = ~np.isnan(scores)
    at = group[present] * len(values) + np.searchsorted(values, scores[present])
    return np.bincount(at, minlength=rows * len(values)).reshape(rows, len(values))


def median(counts: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the median of each row; NaN for a row of nothing.

    >>> counts = np.array([[1, 0, 1, 0], [0, 0, 1, 4], [0, 0, 0, 0]])
    >>> median(counts, np.array([-2.0, -1.0, 1.0, 2.0])).tolist()
    [-0.5, 2.0, nan]
    """
    n, reached = counts.sum(axis=1), counts.cumsum(axis=1)
    lower, upper = ((reached < rank[:, None]).sum(axis=1) for rank in ((n + 1) // 2, n // 2 + 1))
    ends = np.append(values, np.nan)  # the upper middle of nothing lies beyond the last value
    return (ends[lower] + ends[upper]) / 2


def winner(counts: np.ndarray, values: np.ndarray, tie_rule: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the most frequent value of each row, NaN where a tie stays one, and how a tie ended.

    >>> counts = np.array([[2, 0, 1, 2], [1, 0, 0, 1]])
    >>> vote, tie = winner(counts, np.array([-2.0, -1.0, 1.0, 2.0]), "nearest_median")
    >>> vote.tolist(), tie.tolist()
    ([2.0, nan], ['nearest median', 'undecided'])
    """
    tied = counts == counts.max(axis=1, keepdims=True, initial=0)
    distance = np.where(tied, np.abs(values - median(counts, values)[:, None]), np.inf)
    nearest = tied & (distance == distance.min(axis=1, keepdims=True, initial=np.inf))
    chosen = {"nearest_median": nearest, "drop": tied}[tie_rule]
    single = chosen.sum(axis=1) == 1
    tie = np.where(tied.sum(axis=1) == 1, "", np.where(single, "nearest median", "undecided"))
    return np.where(single, values[chosen.argmax(axis=1)], np.nan), tie


def turn_one(counts: np.ndarray, i: int) -> np.ndarray:
    """Return the counts with one vote for the i-th value turned into one for its opposite."""
    one = np.eye(counts.shape[1], dtype=int)
    return counts - one[i] + one[-1 - i]
