"""The alternative annotator test, the votes' independence and weighed judges, by other means."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alignment.annotation import sampling
from alignment.stats import agreement, alternative_annotator, independent_votes, significance
from alignment.stats.agreement_coefficients import wilson
from utils.cells import PAIR
from utils.errors import Problem


def ratings(rows) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples([(f"s{i}", "PDI") for i in range(len(rows))], names=PAIR)
    return pd.DataFrame(rows, index=index, columns=["A", "B", "C"], dtype=float)


def by_hand(table: pd.DataFrame, labels: pd.Series, name: str) -> tuple[float, float, float]:
    """The definitions of the paper (section 3), pair by pair in plain Python."""
    label_wins, person_wins = [], []
    for pair, row in table.iterrows():
        rest = [row[other] for other in table if other != name and not np.isnan(row[other])]
        if np.isnan(row[name]) or not rest or np.isnan(labels.get(pair, np.nan)):
            continue
        of_label, of_person = (
            -((sum((given - other) ** 2 for other in rest) / len(rest)) ** 0.5)
            for given in (labels[pair], row[name])
        )
        label_wins.append(of_label >= of_person - 1e-9)
        person_wins.append(of_person >= of_label - 1e-9)
    difference = np.array(person_wins, float) - np.array(label_wins, float)
    n, sd = len(difference), difference.std(ddof=1)
    t = (difference.mean() - alternative_annotator.EPSILON) / (sd / n**0.5)
    return np.mean(label_wins), np.mean(person_wins), stats.t.cdf(t, n - 1)


def test_it_is_the_test_of_the_paper():
    rng = np.random.default_rng(1)
    truth = rng.choice([-2, -1, 1, 2], 60)
    table = ratings(np.clip(truth[:, None] + rng.integers(-1, 2, (60, 3)), -2, 2))
    table.iloc[5, 0] = table.iloc[9, 1] = table.iloc[9, 2] = np.nan
    labels = pd.Series(truth.astype(float), index=table.index)
    labels.iloc[20] = np.nan
    found = alternative_annotator.compare_with_each(table, labels).set_index("annotator")
    for name, row in found.iterrows():
        wanted = by_hand(table, labels, name)
        assert row[["advantage", "as_near", "p"]].tolist() == pytest.approx(wanted)
    p, rank = np.sort(found["p"]), np.arange(1, 4)
    harmonic = 1 + 1 / 2 + 1 / 3  # Benjamini and Yekutieli
    most = max([0, *rank[p <= rank / 3 * 0.05 / harmonic]])
    assert found["beaten"].sum() == most and found["pairs"].tolist() == [57, 58, 58]


def test_labels_that_are_right_pass_and_those_that_are_turned_round_do_not():
    rng = np.random.default_rng(2)
    truth = rng.choice([-2.0, 2.0], 80)
    table = ratings(np.where(rng.random((80, 3)) < 0.15, -truth[:, None], truth[:, None]))
    for labels, words in ((truth, "The labels pass"), (-truth, "The labels do not pass")):
        found = alternative_annotator.compare_with_each(table, pd.Series(labels, table.index))
        assert words in alternative_annotator.describe(found)
    few = alternative_annotator.compare_with_each(table[:20], pd.Series(truth, table.index))
    assert few["p"].isna().all() and "not made" in alternative_annotator.describe(few)


VOTERS = [(model, language) for model in "abcd" for language in ("en", "zh")]


def votes_of(cast: np.ndarray) -> pd.DataFrame:
    rows = [(f"s{i}", "PDI", *voter, cast[i, k]) for i in range(len(cast))
            for k, voter in enumerate(VOTERS)]  # fmt: skip
    return pd.DataFrame(rows, columns=[*PAIR, "model", "language", "vote"])


def drawn(rng, n=1500, shared=0.0, wrong=0.12):
    """Votes that are wrong by chance; a share of the errors are those of all voters alike."""
    truth = rng.random(n) < 0.25
    own = rng.random((n, len(VOTERS))) < wrong
    common = rng.random(n) < wrong
    errors = np.where(rng.random((n, len(VOTERS))) < shared, common[:, None], own)
    return truth, np.where(errors, ~truth[:, None], truth[:, None]).astype(float)


@pytest.mark.parametrize("wrong", [0.05, 0.12, 0.25])
def test_judges_who_err_independently_have_as_many_votes_as_they_cast(wrong):
    truth, cast = drawn(np.random.default_rng(3), wrong=wrong)
    judged = independent_votes.weigh_judges(votes_of(cast))
    table = independent_votes.count_independent(votes_of(cast), judged).set_index("kind")
    assert table.loc["all votes", "correlation"] == pytest.approx(0, abs=0.03)
    assert table.loc["all votes", "worth"] > 6.5
    assert judged.voters["sensitivity"].mean() == pytest.approx(1 - wrong, abs=0.02)
    assert judged.voters["specificity"].mean() == pytest.approx(1 - wrong, abs=0.02)


def test_judges_who_err_together_have_fewer():
    rng = np.random.default_rng(4)
    cast = drawn(rng, shared=0.6)[1]
    judged = independent_votes.weigh_judges(votes_of(cast))
    table = independent_votes.count_independent(votes_of(cast), judged).set_index("kind")
    assert table.loc["all votes", "worth"] < 5


def test_weighing_finds_a_judge_who_guesses():
    rng = np.random.default_rng(5)
    truth, cast = drawn(rng)
    cast[:, 0] = rng.random(len(cast)) < 0.5
    cast[::7, 3] = np.nan
    judged = independent_votes.weigh_judges(votes_of(cast))
    guesser = judged.voters.iloc[0]
    assert guesser["sensitivity"] + guesser["specificity"] == pytest.approx(1, abs=0.08)
    known = pd.Series(truth, [f"s{i}" for i in range(len(truth))])
    found = judged.chance.droplevel("dimension") > 0.5
    assert (found == known.reindex(found.index)).mean() > 0.985
    relevance = judged.chance.rename("relevant").gt(0.5).reset_index()
    assert "0 of" in independent_votes.count_differing(judged, relevance)


def test_labels_without_votes_have_nothing_to_weigh():
    none = votes_of(np.empty((0, 8)))
    judged = independent_votes.weigh_judges(none)
    assert independent_votes.count_independent(none, judged).empty
    assert independent_votes.count_differing(judged, none.assign(relevant=True)) == ""


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(2, 5), st.floats(0, 1), st.integers(0, 999))
def test_a_design_effect_lies_between_one_and_the_judgements_of_a_pair(pairs, raters, share, seed):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame((rng.random((pairs, raters)) < share).astype(float))
    assert 1 <= agreement._design_effect(table) <= raters + 1e-9


def test_judgements_that_repeat_each_other_count_once():
    alike = pd.DataFrame(np.repeat([[1.0], [0.0], [1.0], [1.0]], 4, axis=1))
    assert agreement._design_effect(alike) == pytest.approx(4)
    assert agreement._design_effect(alike.replace(0.0, 1.0)) == pytest.approx(4)
    rng = np.random.default_rng(6)
    independent = pd.DataFrame((rng.random((4000, 4)) < 0.8).astype(float))
    assert agreement._design_effect(independent) == pytest.approx(1, abs=0.06)


def test_the_interval_of_a_precision_covers_where_annotators_doubt_the_same_pairs():
    """Precision of 0.9 over pairs that differ in how doubtful they are: 40 pairs, 4 annotators."""
    rng, held, plain = np.random.default_rng(7), [], []
    for _ in range(600):
        chance = rng.beta(0.9 * 4, 0.1 * 4, 40)
        told = (rng.random((40, 4)) < chance[:, None]).astype(float)
        rows = [(f"a{k}", f"s{i}", "PDI", told[i, k]) for i in range(40) for k in range(4)]
        table = pd.DataFrame(rows, columns=["annotator", *PAIR, "relevant"])
        row = agreement.precision(table).set_index("dimension").loc["all"]
        held.append(row["low"] <= 0.9 <= row["high"])
        low, high = wilson(row["confirmed"], row["judgements"])
        plain.append(low <= 0.9 <= high)
    assert np.mean(held) >= 0.93 and np.mean(plain) < np.mean(held) - 0.02


PAIRS = pd.DataFrame({"statement_id": ["a"], "dimension": ["PDI"], "polarity": [2.0]})
RATED = pd.DataFrame({"annotator": ["x", "y"], "statement_id": "a", "dimension": "PDI",
                      "relevant": [1.0, 0.0], "polarity": [2.0, -2.0]})  # fmt: skip


def test_a_polarity_beside_not_relevant_does_not_count():
    table = agreement.table2(RATED, PAIRS, np.random.default_rng(1), 20).set_index("dimension")
    assert table.loc["all", "n_between"] == 0 and table.loc["all", "to_models"] == 0


@pytest.mark.parametrize(("rated", "labels", "said"), [
    (RATED, pd.concat([PAIRS, PAIRS]), "a on PDI has two labels"),
    (RATED.assign(polarity=np.inf), PAIRS, "A rating is infinite"),
])  # fmt: skip
def test_what_cannot_be_is_told(rated, labels, said):
    with pytest.raises(Problem, match=said):
        agreement.table2(rated, labels, np.random.default_rng(1), 20)


@pytest.mark.parametrize("label", [0.0, 0.5, 3.0])
def test_no_rating_is_simulated_of_a_label_that_is_not_on_the_scale(label):
    with pytest.raises(Problem, match="a on PDI has the label .*no annotator can give"):
        sampling.simulate_ratings(PAIRS.assign(polarity=label), 2, 0.1, np.random.default_rng(1))


def test_an_interval_has_a_width():
    with pytest.raises(ValueError, match="a width above 0"):
        sampling.count_pairs_needed([0.1, 0.0])


def test_infinite_differences_are_no_scores():
    with pytest.raises(ValueError, match="whole or half numbers"):
        significance.sign_flip_p(np.array([np.inf, 2.0]))


def test_what_models_miss_is_estimated_from_a_sample_of_what_they_call_irrelevant():
    """Of 800 pairs that models call irrelevant 40 are relevant; 100 of the others are found."""
    rng, found = np.random.default_rng(8), []
    truth = np.arange(800) < 40
    for _ in range(200):
        drawn = rng.permutation(800)[:60]
        told = np.where(rng.random((60, 3)) < 0.05, ~truth[drawn, None], truth[drawn, None])
        rows = [(f"a{k}", f"s{i}", "PDI", float(told[n, k]), np.nan)
                for n, i in enumerate(drawn) for k in range(3)]  # fmt: skip
        names = ["annotator", *PAIR, "relevant", "polarity"]
        found.append(agreement.estimate_misses(pd.DataFrame(rows, columns=names), 800, 100.0))
    table = pd.DataFrame(found)
    assert table["missed"].mean() == pytest.approx(0.05 * 0.993 + 0.95 * 0.007, abs=0.006)
    held = (table["recall_low"] <= 100 / 140) & (100 / 140 <= table["recall_high"])
    assert held.mean() >= 0.93
    said = agreement.describe_misses(found[0])
    assert "60 pairs that the models call irrelevant" in said
    none = agreement.estimate_misses(RATED.iloc[:0], 800, 100.0)
    assert "not known" in agreement.describe_misses(none)
