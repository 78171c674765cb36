"""Counting votes: arrays of how often each row got each of a few ascending values, (rows, values)."""

import numpy as np


def counts(group: np.ndarray, scores: np.ndarray, values: np.ndarray, rows: int) -> np.ndarray:
    """How often each row got each of the ascending values; `group` is the row of each score, NaN is no vote.

    >>> counts(np.array([0, 0, 1]), np.array([1.0, np.nan, 0.0]), np.array([0.0, 1.0]), 2).tolist()
    [[0, 1], [1, 0]]
    """
    there = ~np.isnan(scores)
    at = group[there] * len(values) + np.searchsorted(values, scores[there])
    return np.bincount(at, minlength=rows * len(values)).reshape(rows, len(values))


def median(counted: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The median of each row; NaN for a row of nothing.

    >>> median(np.array([[1, 0, 1, 0], [0, 0, 1, 4], [0, 0, 0, 0]]), np.array([-2.0, -1.0, 1.0, 2.0])).tolist()
    [-0.5, 2.0, nan]
    """
    n, reached = counted.sum(axis=1), counted.cumsum(axis=1)
    lower, upper = ((reached < rank[:, None]).sum(axis=1) for rank in ((n + 1) // 2, n // 2 + 1))
    ends = np.append(values, np.nan)  # the upper middle of nothing lies beyond the last value
    return (ends[lower] + ends[upper]) / 2


def winner(
    counted: np.ndarray, values: np.ndarray, nearest_median: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The most frequent value of each row, NaN where a tie stays one, and how a tie ended.

    >>> found, tie = winner(np.array([[2, 0, 1, 2], [1, 0, 0, 1]]), np.array([-2.0, -1.0, 1.0, 2.0]), True)
    >>> found.tolist(), tie.tolist()
    ([2.0, nan], ['nearest median', 'undecided'])
    """
    tied = counted == counted.max(axis=1, keepdims=True, initial=0)
    distance = np.where(tied, np.abs(values - median(counted, values)[:, None]), np.inf)
    nearest = tied & (distance == distance.min(axis=1, keepdims=True, initial=np.inf))
    chosen = nearest if nearest_median else tied
    single = chosen.sum(axis=1) == 1
    tie = np.where(tied.sum(axis=1) == 1, "", np.where(single, "nearest median", "undecided"))
    return np.where(single, values[chosen.argmax(axis=1)], np.nan), tie


def turned(counted: np.ndarray, i: int) -> np.ndarray:
    """The counts with one vote for the i-th value turned into one for its opposite, its mirror on the scale."""
    one = np.eye(counted.shape[1], dtype=int)
    return counted - one[i] + one[-1 - i]
