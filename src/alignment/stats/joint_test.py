"""All changes with the language tested at once: sign flips of whole statements, the largest first.

P. H. Westfall and S. S. Young, Resampling-Based Multiple Testing (1993), algorithm 4.1. Where a
statement counts for several dimensions and models its changes keep together, so that entries that
move together are not paid for twice, as they are by Holm's correction.
"""

import numpy as np
from numpy.random import Generator

NEAR = 1e-9  # statistics that differ by less are equal


def joint_p(differences: np.ndarray, resamples: int, rng: Generator) -> np.ndarray:
    """Return the p of each column after the step-down max-T correction over all columns.

    Under the null hypothesis the two languages of a statement could be exchanged, for all models
    and dimensions together. The statistic of a column is |sum| / sqrt(sum of squares), whose second
    part no flip changes. With few changed statements all sign patterns are gone through; else
    `resamples` are drawn, and p = (b + 1) / (B + 1). `differences`: (n, columns), NaN where a
    statement does not count. A column without any change gives 1, one without a statement NaN.

    >>> joint_p(np.array([[2.0, 2.0]] * 6), 100, np.random.default_rng(0)).tolist()
    [0.03125, 0.03125]
    """
    moves = np.nan_to_num(differences)
    size = np.sqrt((moves**2).sum(axis=0))
    scaled = moves / np.where(size > 0, size, 1)
    moved = scaled[moves.any(axis=1)]
    signs, observed = _signs(len(moved), resamples, rng), np.abs(scaled.sum(axis=0))
    exceeding = _count_exceeding(np.abs(signs @ moved), observed)
    drawn = len(signs) < 2 ** len(moved)
    p = (exceeding + drawn) / (len(signs) + drawn)
    p = np.where(size > 0, p, 1.0)
    return np.where(np.isnan(differences).all(axis=0), np.nan, p)


def _signs(statements: int, resamples: int, rng: Generator) -> np.ndarray:
    """Return sign patterns, one a row: all of them if they are no more than `resamples`."""
    if 2**statements <= resamples:
        patterns = np.arange(2**statements)[:, None] >> np.arange(statements)
    else:
        patterns = rng.integers(2, size=(resamples, statements))
    return 1.0 - 2.0 * (patterns & 1)


def _count_exceeding(flipped: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Count for each column the patterns whose maximum over it and all smaller ones reaches it.

    `flipped`: (patterns, columns). Counts never fall from one column to the next smaller one.
    """
    order = np.argsort(-observed, kind="stable")
    largest = np.maximum.accumulate(flipped[:, order[::-1]], axis=1)[:, ::-1]
    counts = (largest >= observed[order] - NEAR).sum(axis=0)
    exceeding = np.empty_like(counts)
    exceeding[order] = np.maximum.accumulate(counts)
    return exceeding
