"""Missing runs bound a mean from both sides."""

import pandas as pd
import pytest

from alignment.stats.missing_runs import bound_means


def test_the_bounds_of_a_mean_move_only_by_what_the_missing_runs_could_turn():
    votes = pd.DataFrame({"statement_id": ["1", "2", "3", "4"], "model": "m", "language": "en", "planned": 5, "answered": [5, 4, 3, 1], "support": [3, 4, 2, 1.0]})  # fmt: skip
    scores = pd.DataFrame({"statement_id": ["1", "2", "3", "4"], "dimension": "PDI", "model": "m", "language": "en", "polarity": [2, 1, -1, 1], "vote": [1, 1, 1, None]})  # fmt: skip
    found = bound_means(scores.assign(score=scores["polarity"] * scores["vote"]), votes).iloc[0]
    # 1 is complete, 2 has lost one run of four that agree; 3 (two to one, two missing) and 4 (undecided) could be either
    assert found["labels"] == 4 and found["missing"] == 0 + 1 + 2 + 4
    assert found["mean"] == pytest.approx((2 + 1 - 1) / 3)
    assert (found["low"], found["high"]) == ((2 + 1 - 1 - 1) / 4, (2 + 1 + 1 + 1) / 4)
