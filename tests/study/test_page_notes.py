"""Notes on a page about its answers."""

from types import SimpleNamespace

import pandas as pd
import pytest

from alignment.study import page_notes

ACCOUNTING = {"model": ["A", "B"], "language": "en", "planned": 10, "answered": [9, 0]}
BOUNDS = {"mean": [0.5, None], "low": [0.4, None], "high": [0.75, None]}


def note(accounting: dict, bounds: dict) -> str:
    tables = {"07_accounting": pd.DataFrame(accounting), "07_bounds": pd.DataFrame(bounds)}
    return page_notes.missing_stances(SimpleNamespace(read=tables.__getitem__)).data


def test_means_that_do_not_exist_are_counted_beside_those_that_may_move():
    text = note(ACCOUNTING | {"not asked": [1, 10]}, BOUNDS)
    assert "20 stances planned = 9 answered + 11 not asked." in text
    assert "would move by up to 0.25. **1 of 2 means do not exist**" in text
    assert "**No answer of B in en could be read**" in text


@pytest.mark.parametrize(
    "answered, said", [([0, 0], "No model has a stance"), ([10, 10], "planned")]
)
def test_nothing_is_said_of_means_where_there_is_none_or_nothing_missing(answered, said):
    bounds = BOUNDS | {"mean": [None, None]} if answered == [0, 0] else BOUNDS
    text = note(ACCOUNTING | {"answered": answered}, bounds)
    assert said in text and "would move" not in text and "do not exist" not in text
