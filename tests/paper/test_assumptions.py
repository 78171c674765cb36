"""What the printed numbers carry under each assumption, against counting by other means."""

from itertools import product

import numpy as np
import pytest

from alignment.paper import assumptions, claim_rules, grim
from alignment.paper.published import MODELS, read_stated_n, read_table3


@pytest.fixture(scope="module")
def survey():
    return assumptions.survey_assumptions().set_index("assumption")


def test_the_first_assumption_gives_what_the_claims_say(survey):
    claims = claim_rules.judge_printed_claims().set_index("id")
    first = survey.iloc[0]
    assert f"{first['agree']} of 6 directions agree" in claims.loc["own_people", "finding"]
    assert claims.loc["named_significant", "reason"].startswith(f"{first['named']} of 4")
    assert claims.loc["others_not", "finding"].startswith(f"{20 - first['others']} of 20")


def test_directions_add_up_and_more_numbers_decide_no_more(survey):
    assert (survey[["agree", "against", "undecided"]].sum(axis=1) == 6).all()
    up_to, wider = (survey.loc[f"integer labels, {n}"] for n in
                    ("one n up to the stated one", "any n up to 200"))  # fmt: skip
    assert wider["undecided"] >= up_to["undecided"] and wider["others"] >= up_to["others"]


def test_with_an_n_of_its_own_an_entry_is_only_as_certain_as_its_digits(survey):
    """UAI: means of 0.01 apart, each known to 0.005."""
    row = survey.loc["every entry with an n of its own"]
    table = read_table3().query("native").merge(MODELS[["model", "culture"]])
    gaps = table.groupby(["dimension", "culture"])["mean"].mean().unstack()
    assert row["undecided"] == (np.abs(gaps["US"] - gaps["China"]) <= 0.01 + 1e-9).sum()


@pytest.mark.parametrize(("grid", "one_parity"), list(product([1.0, 0.5], [True, False])))
def test_most_changed_is_the_most_of_all_pairs_of_sums(grid, one_parity):
    """Every pair of sums that prints as the two means, each tried."""
    for a, b, n in [(0.18, 0.64, 22), (1.09, 1.00, 22), (-0.43, 0.10, 67), (0.11, -0.30, 44)]:
        steps = range(round(-2 * n / grid), round(2 * n / grid) + 1)
        of = {m: [k for k in steps if abs(k * grid / n - m) <= 0.005 + 1e-12] for m in (a, b)}
        moves = [abs(x - y) for x, y in product(of[a], of[b])]
        least = 2 if one_parity else 1
        wanted = max((move // least for move in moves if move % least == 0), default=None)
        assert grim.most_changed(a, b, n, grid, one_parity) == wanted


def test_no_stated_n_gives_its_row_with_integer_labels(survey):
    table, stated = read_table3(), read_stated_n()
    fits = [grim.fits(rows["mean"].to_numpy(), stated[d]) for d, rows in table.groupby("dimension")]
    assert survey.loc["integer labels, the stated n", "rows"] == sum(fits) == 0
