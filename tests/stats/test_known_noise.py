"""The noise that a study states, against counting by hand and against the respondents themselves."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test
from statsmodels.stats.multitest import multipletests

from alignment.stats import known_noise
from alignment.stats.known_noise import Labelled, Noise

QUIET = Noise(judge=0.0, run=0.0, lost=0.0, votes=8, quorum=4, runs=dict.fromkeys(
    ("relevance", "polarity", "stance"), 5))  # fmt: skip
CHANCES = st.floats(0, 0.4)


@given(CHANCES, CHANCES, st.integers(1, 5))
def test_the_chance_of_a_vote_is_that_of_all_its_outcomes(run, lost, runs):
    """Each run answers as held, otherwise or not at all; all outcomes added up."""
    each = {1: (1 - lost) * (1 - run), -1: (1 - lost) * run, 0: lost}
    held = other = 0.0
    for outcome in product(each, repeat=runs):
        chance = np.prod([each[answer] for answer in outcome])
        if np.count_nonzero(outcome) > runs / 2:
            held += chance * (sum(outcome) > 0)
            other += chance * (sum(outcome) < 0)
    noise = Noise(judge=0.0, run=run, lost=lost, votes=8, quorum=4, runs={})
    assert known_noise.vote_chances(runs, noise) == pytest.approx((held, other))


def truth(n=40, seed=3) -> Labelled:
    rng = np.random.default_rng(seed)
    relevant = rng.random((n, 6)) < 0.3
    polarity = np.where(relevant, rng.choice([-2.0, -1.0, 1.0, 2.0], relevant.shape), np.nan)
    return Labelled(relevant, polarity, rng.choice([-1.0, 1.0], (n, 4, 2)))


def test_without_noise_everything_is_read_as_it_is():
    planted = truth()
    read = known_noise.read_once(planted, QUIET, np.random.default_rng(1))
    asked = planted.relevant.any(axis=1)
    np.testing.assert_array_equal(read.relevant, planted.relevant)
    np.testing.assert_array_equal(read.polarity, planted.polarity)
    np.testing.assert_array_equal(read.stance[asked], planted.stance[asked])
    assert np.isnan(read.stance[~asked]).all()


def test_stances_are_read_otherwise_as_often_as_the_chance_says():
    noise = Noise(judge=0.0, run=0.2, lost=0.05, votes=8, quorum=4, runs=QUIET.runs)
    planted, rng = truth(), np.random.default_rng(2)
    asked = planted.relevant.any(axis=1)
    stances = [known_noise.read_once(planted, noise, rng).stance[asked] for _ in range(200)]
    held, other = known_noise.vote_chances(5, noise)
    found = np.mean(stances == planted.stance[asked]), np.mean(stances == -planted.stance[asked])
    sd = np.sqrt(other / np.size(stances))
    assert found == pytest.approx((held, other), abs=5 * sd)


def test_the_p_is_that_of_the_exact_permutation_test_and_holms():
    rng = np.random.default_rng(5)
    for _ in range(20):
        differences = rng.choice([-4.0, -2.0, 0.0, 2.0, 4.0, np.nan], 9)
        present = differences[~np.isnan(differences)]
        exact = permutation_test((present, np.zeros_like(present)), lambda a, b: abs(np.sum(a - b)),
                                 permutation_type="samples", alternative="greater",
                                 n_resamples=np.inf).pvalue  # fmt: skip
        assert known_noise._sign_flip_p(differences) == pytest.approx(exact)
    assert np.isnan(known_noise._sign_flip_p(np.array([np.nan])))


@settings(max_examples=12, deadline=None)  # statsmodels takes its time
@given(st.lists(st.sampled_from([0.001, 0.01, 0.02, 0.02, 0.2, 0.5, 1.0]), min_size=1, max_size=12))
def test_holm_is_that_of_statsmodels(p):
    wanted = multipletests(p, method="holm")[1]
    assert known_noise._holm(np.array(p)) == pytest.approx(wanted)
