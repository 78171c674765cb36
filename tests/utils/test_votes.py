"""Runs -> vote -> label: the rules that the labels stand on, and that no order can move them."""

import statistics
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.accounting import account_cells
from utils.cells import CELL, SCORES, STATES, VOTER
from utils.errors import Problem
from utils.labels import label_polarity, label_relevance, label_votes
from utils.rules import CHOICES, Rules
from utils.votes import cast_votes, score_answers

few = settings(max_examples=40, deadline=None)
MODELS, LANGUAGES = ["us-1", "us-2", "cn-1", "cn-2"], ["en", "zh"]


def answers_of(runs, step="polarity", model="m", language="en", statement="1.1", dimension="PDI"):
    """One model's answers in one language, run by run; None is a refusal."""
    rows = [
        (
            step,
            statement,
            dimension,
            model,
            language,
            i,
            "refused" if a is None else "answered",
            "" if a is None else str(a),
        )
        for i, a in enumerate(runs, 1)
    ]
    return pd.DataFrame(rows, columns=[*CELL, "state", "answer"]).assign(respondents="live")


def vote_of(runs, planned=5, step="polarity", **rules):
    return cast_votes(answers_of(runs, step), planned, Rules(**rules)).iloc[0]


def votes_table(values):
    """One pair with its votes, model by model in two languages; NaN is a missing vote."""
    who = [(m, language) for language in LANGUAGES for m in MODELS]
    rows = [("1.1", "PDI", *w, v) for w, v in zip(who, values, strict=False)]
    return pd.DataFrame(rows, columns=[*VOTER, "vote"])


def relevance(values, planned=8, **rules):
    return label_relevance(votes_table(values), planned, Rules(**rules)).iloc[0]


def polarity(values, planned=8, **rules):
    return label_polarity(votes_table(values), planned, Rules(**rules)).iloc[0]


def same(a, b):
    return (np.isnan(a) and np.isnan(b)) or a == b


# Runs -> vote


def test_the_most_frequent_answer_is_the_vote():
    row = vote_of([2, 2, 1, 2, -1])
    assert (row["vote"], row["support"], row["answered"], row["planned"], row["tie"]) == (
        2,
        3,
        5,
        5,
        "",
    )


def test_a_tie_goes_to_the_tied_answer_nearest_the_median_of_all_runs():
    row = vote_of([-2, -2, 1, 2, 2])
    assert (row["vote"], row["tie"], row["support"]) == (2, "nearest median", 2)


def test_a_tie_between_two_valued_answers_is_undecided_and_never_a_vote():
    row = vote_of(["yes", "no", "yes", "no", None], step="relevance")
    assert np.isnan(row["vote"]) and (row["tie"], row["answered"]) == ("undecided", 4)


def test_a_tie_as_far_to_both_sides_of_the_median_is_undecided():
    assert np.isnan(vote_of([-2, -2, 2, 2, None])["vote"])


def test_with_the_drop_rule_every_tie_is_undecided():
    row = vote_of([-2, -2, 1, 2, 2], tie_rule="drop")
    assert np.isnan(row["vote"]) and row["tie"] == "undecided"


def test_three_readable_runs_of_five_make_a_vote_and_two_do_not():
    assert vote_of([1, 1, 1, None, None])["vote"] == 1
    row = vote_of([1, 1, None, None, None])
    assert np.isnan(row["vote"]) and (row["answered"], row["tie"]) == (2, "")


def test_relative_to_the_valid_runs_a_single_one_makes_a_vote_and_none_makes_none():
    assert vote_of([1, None, None, None, None], missing_votes="valid")["vote"] == 1
    assert np.isnan(vote_of([None] * 5, missing_votes="valid")["vote"])


def test_runs_above_the_planned_number_do_not_count():
    row = vote_of([1, 1, 2, 2, 2], planned=2)
    assert (row["vote"], row["answered"], row["planned"]) == (1, 2, 2)


def test_runs_that_are_not_there_count_as_missing():
    assert np.isnan(vote_of([1, 1], planned=5)["vote"])


def test_an_empty_table_has_no_votes_and_no_labels():
    none = cast_votes(answers_of([]), 5)
    assert none.empty and list(none.columns) == [
        *VOTER,
        "vote",
        "planned",
        "answered",
        "support",
        "tie",
    ]
    assert label_relevance(none, 8).empty and label_polarity(none, 8).empty


def test_the_dimension_of_a_stance_may_be_empty_or_missing():
    stances = answers_of(["agree", "agree", "disagree"], "stance", dimension="")
    assert cast_votes(stances, 3)["vote"].tolist() == [1]
    assert cast_votes(stances.assign(dimension=np.nan), 3).equals(cast_votes(stances, 3))


def test_an_answer_that_is_none_of_its_step_is_named():
    with pytest.raises(
        Problem, match='statement_id 1.1, .*run 2 has the answer "0"; this step knows -2, -1, 1, 2'
    ):
        score_answers(answers_of([1, 0]))


def test_a_failure_is_never_a_value_even_when_text_came_with_it():
    assert score_answers(answers_of([1, None]).assign(answer="1"))["score"].tolist()[0] == 1
    assert np.isnan(score_answers(answers_of([1, None]).assign(answer="1"))["score"].tolist()[1])


def test_a_cell_that_stands_twice_is_named():
    with pytest.raises(Problem, match="step polarity, statement_id 1.1, .*run 1 stands twice"):
        cast_votes(pd.concat([answers_of([1, 2]), answers_of([1])]), 5)


def test_two_steps_in_one_table_are_refused():
    both = pd.concat([answers_of([1]), answers_of(["yes"], "relevance")])
    with pytest.raises(Problem, match="one step at a time"):
        cast_votes(both, 1)


@pytest.mark.parametrize(
    "wrong, right",
    [
        ({"tie_rule": "nearest_medan"}, "nearest_median"),
        ({"missing_votes": "planed"}, "planned"),
        ({"missing_votes": "valids"}, "valid"),
    ],
)
def test_a_misspelt_rule_of_votes_names_the_right_one(wrong, right):
    with pytest.raises(Problem, match=f'Did you mean "{right}"'):
        Rules(**wrong)


def test_a_misspelt_rule_of_labels_names_the_right_one():
    with pytest.raises(
        Problem, match='zero_median is one of drop, keep, not "keeep". Did you mean "keep"'
    ):
        polarity([1], zero_median="keeep")
    with pytest.raises(Problem, match='half_median .* Did you mean "away_from_zero"'):
        polarity([1], half_median="away_fromzero")


# Votes -> relevance


def test_four_of_eight_is_relevant_and_three_of_eight_is_not():
    assert relevance([1, 1, 1, 1, 0, 0, 0, 0])["relevant"]
    assert not relevance([1, 1, 1, 0, 0, 0, 0, 0])["relevant"]


def test_with_a_judge_left_out_three_of_six_is_relevant():
    row = relevance([1, 1, 1, 0, 0, 0], planned=6)
    assert row["relevant"] and row["quorum"] == 3


def test_the_quorum_stays_relative_to_the_planned_votes():
    row = relevance([1, 1, 1, 0, np.nan, np.nan, np.nan, np.nan])
    assert (row["relevant"], row["open"], row["missing"], row["quorum"]) == (False, True, 4, 4)


def test_relative_to_the_valid_votes_the_quorum_shrinks_with_them():
    row = relevance([1, 1, 0, 0, np.nan, np.nan, np.nan, np.nan], missing_votes="valid")
    assert (row["relevant"], row["quorum"], row["open"]) == (True, 2, True)


def test_without_any_vote_nothing_is_relevant_under_any_rule():
    for rule in CHOICES["missing_votes"]:
        row = relevance([np.nan] * 8, missing_votes=rule)
        assert (row["relevant"], row["missing"], row["open"]) == (False, 8, True)


@pytest.mark.parametrize("quorum, relevant", [(3, True), (4, True), (5, False), (6, False)])
def test_another_quorum_moves_the_line(quorum, relevant):
    assert relevance([1, 1, 1, 1, 0, 0, 0, 0], relevance_quorum=quorum)["relevant"] == relevant


def test_a_quorum_beyond_the_planned_votes_is_refused():
    with pytest.raises(Problem, match="relevance_quorum of 9 does not fit 8"):
        relevance([1], relevance_quorum=9)


def test_more_votes_than_planned_are_refused():
    with pytest.raises(Problem, match="3 votes where 2 were planned"):
        relevance([1, 1, 0], planned=2)


def test_a_vote_of_another_step_is_refused():
    with pytest.raises(Problem, match="has the vote -2; this step knows 0, 1"):
        relevance([1, -2])


def by_hand(values, planned, rule):
    """Whether a pair is relevant, said once more and without arrays."""
    yes, valid = values.count(1), len([v for v in values if not np.isnan(v)])
    return yes > 0 and yes * 2 >= (planned if rule == "planned" else valid)


some_votes = st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=8, max_size=8)


@few
@given(some_votes, st.sampled_from(CHOICES["missing_votes"]))
def test_marginal_is_one_vote_from_flipping_and_open_is_what_the_missing_could_flip(values, rule):
    row = relevance(values, missing_votes=rule)
    assert row["relevant"] == by_hand(values, 8, rule)
    turned = [
        values[:i] + [1 - v] + values[i + 1 :] for i, v in enumerate(values) if not np.isnan(v)
    ]
    assert row["marginal"] == any(by_hand(t, 8, rule) != row["relevant"] for t in turned)
    filled = [[x if np.isnan(v) else v for v in values] for x in (0.0, 1.0)]
    assert row["open"] == any(by_hand(f, 8, rule) != row["relevant"] for f in filled)


# Votes -> polarity


def test_the_label_is_the_median_of_the_eight():
    row = polarity([2, 2, 1, 1, 1, 1, -1, -2])
    assert (row["median"], row["polarity"], row["how"], row["votes"]) == (1, 1, "median", 8)


def test_a_label_says_how_many_votes_were_for_either_pole_and_in_how_many_runs_were_tied():
    row = polarity([2, 2, 1, 1, 1, -1, -2, np.nan])
    assert row[["positive", "negative", "missing"]].tolist() == [5, 2, 1]
    tied = votes_table([1, 1, 1, 1, 0, np.nan, 0, 0]).assign(
        tie=["", "", "", "", "", "undecided", "", ""]
    )
    assert label_relevance(tied, 8)["tied"].tolist() == [1]
    tied = votes_table([1] * 8).assign(tie=["nearest median"] * 3 + [""] * 5)
    assert label_polarity(tied, 8)["tied"].tolist() == [3]


@pytest.mark.parametrize(
    "values, rounded",
    [([1, 2], 2), ([-1, -2], -2), ([-2, 1], -1), ([-1, 2], 1)],
)
def test_a_median_of_a_half_is_rounded_away_from_zero_to_a_value_of_the_scale(values, rounded):
    assert (polarity(values * 4)["polarity"], polarity(values * 4)["how"]) == (
        rounded,
        "half rounded",
    )


def test_a_half_may_be_kept_or_dropped_instead():
    kept, dropped = (
        polarity([1, 2] * 4, half_median="keep"),
        polarity([1, 2] * 4, half_median="drop"),
    )
    assert (kept["polarity"], kept["how"]) == (1.5, "half kept")
    assert np.isnan(dropped["polarity"]) and (dropped["how"], dropped["median"]) == (
        "half dropped",
        1.5,
    )


@pytest.mark.parametrize("values", [[-1, 1], [-2, 2]])
def test_a_median_of_eight_may_be_zero_and_then_the_rule_holds(values):
    dropped, kept = polarity(values * 4), polarity(values * 4, zero_median="keep")
    assert np.isnan(dropped["polarity"]) and dropped["how"] == "zero dropped"
    assert (kept["polarity"], kept["how"]) == (0, "zero kept")


def test_four_of_eight_votes_make_a_label_and_three_do_not():
    gone = [np.nan] * 4
    assert polarity([1, 1, 1, 1, *gone])["polarity"] == 1
    row = polarity([1, 1, 1, np.nan, *gone])
    assert np.isnan(row["polarity"]) and (row["how"], row["missing"], row["median"]) == (
        "too few votes",
        5,
        1,
    )


def test_relative_to_the_valid_votes_one_makes_a_label_and_none_makes_none():
    gone = [np.nan] * 7
    assert polarity([-2, *gone], missing_votes="valid")["polarity"] == -2
    assert polarity([np.nan, *gone], missing_votes="valid")["how"] == "too few votes"


def label_by_hand(values, zero, half):
    """A polarity label from a plain list; NaN for none."""
    valid = [v for v in values if not np.isnan(v)]
    if 2 * len(valid) < 8:
        return np.nan
    median = statistics.median(valid)
    if median == 0:
        return 0 if zero == "keep" else np.nan
    if median % 1:
        rounded = (abs(median) + 0.5) * np.sign(median)
        return {"away_from_zero": rounded, "keep": median, "drop": np.nan}[half]
    return median


@few
@given(
    st.lists(st.sampled_from([-2.0, -1.0, 1.0, 2.0, np.nan]), min_size=8, max_size=8),
    st.sampled_from(CHOICES["zero_median"]),
    st.sampled_from(CHOICES["half_median"]),
)
def test_labels_are_of_the_allowed_set_and_marginal_ones_hang_on_one_vote(values, zero, half):
    row = polarity(values, zero_median=zero, half_median=half)
    label = label_by_hand(values, zero, half)
    assert same(row["polarity"], label)
    allowed = (
        {-2, -1, 1, 2}
        | ({0} if zero == "keep" else set())
        | ({-1.5, -0.5, 0.5, 1.5} if half == "keep" else set())
    )
    assert np.isnan(label) or label in allowed
    turned = [values[:i] + [-v] + values[i + 1 :] for i, v in enumerate(values) if not np.isnan(v)]
    flips = [not same(np.sign(label_by_hand(t, zero, half)), np.sign(label)) for t in turned]
    assert row["marginal"] == any(flips)


# No order matters


@st.composite
def studies(draw, step):
    """Answers of a small study: every cell in any state, with any answer of the step."""
    cells = pd.MultiIndex.from_product(
        [
            ["1.1", "2.1"],
            ["PDI", "IDV"],
            MODELS[: draw(st.integers(1, 3))],
            LANGUAGES,
            range(1, draw(st.integers(1, 5)) + 1),
        ],
        names=CELL[1:],
    ).to_frame(index=False)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    state = rng.choice(STATES, len(cells), p=[0.7, *[0.05] * 6])
    answer = np.where(state == "answered", rng.choice(list(SCORES[step]), len(cells)), "")
    return cells.assign(step=step, state=state, answer=answer)[[*CELL, "state", "answer"]]


@few
@given(
    studies("polarity"),
    st.sampled_from(CHOICES["tie_rule"]),
    st.sampled_from(CHOICES["missing_votes"]),
)
def test_a_vote_is_what_counting_by_hand_gives(answers, tie_rule, missing):
    runs = int(answers["run"].max())
    for row in cast_votes(
        answers, runs, Rules(tie_rule=tie_rule, missing_votes=missing)
    ).itertuples():
        own = answers[
            (answers[VOTER] == list(row[1:5])).all(axis=1) & (answers["state"] == "answered")
        ]
        given_answers = [int(a) for a in own["answer"]]
        enough = len(given_answers) * 2 > runs if missing == "planned" else bool(given_answers)
        modes = sorted(statistics.multimode(given_answers))
        if len(modes) > 1 and tie_rule == "nearest_median":
            far = [abs(m - statistics.median(given_answers)) for m in modes]
            modes = [m for m, d in zip(modes, far, strict=True) if d == min(far)]
        assert same(row.vote, modes[0] if enough and len(modes) == 1 else np.nan)
        assert row.answered == len(given_answers)


@few
@given(st.data(), st.sampled_from(["relevance", "polarity"]))
def test_no_permutation_of_rows_runs_models_or_languages_changes_a_label(data, step):
    answers = data.draw(studies(step))
    runs, planned = int(answers["run"].max()), answers["model"].nunique() * 2
    labels = label_votes(step, cast_votes(answers, runs), planned)
    moved = answers.sample(frac=1, random_state=data.draw(st.integers(0, 1000)))
    assert cast_votes(moved, runs).equals(cast_votes(answers, runs))
    for column in ("run", "model", "language"):
        known = sorted(answers[column].unique())
        moved = moved.assign(
            **{
                column: moved[column].map(
                    dict(zip(known, data.draw(st.permutations(known)), strict=True))
                )
            }
        )
        assert label_votes(step, cast_votes(moved, runs), planned).equals(labels), column


# Accounting


@few
@given(studies("relevance"), st.data())
def test_every_planned_cell_ends_in_one_state_and_the_parts_sum_to_the_plan(answers, data):
    asked = answers.sample(frac=data.draw(st.floats(0, 1)), random_state=1)
    table = account_cells(asked, answers[CELL])
    assert (table[list(STATES)].sum(axis=1) == table["planned"]).all() and table[
        "planned"
    ].sum() == len(answers)
    assert table["answered"].sum() == (asked["state"] == "answered").sum()
    assert table["not asked"].sum() == (asked["state"] == "not asked").sum() + len(answers) - len(
        asked
    )


def test_accounting_is_by_model_and_language_in_the_plans_order():
    answers = pd.concat(
        [answers_of([1, None], model=m, language=x) for m in ("z", "a") for x in ("zh", "en")]
    )
    table = account_cells(answers, answers[CELL])
    assert list(zip(table["model"], table["language"], strict=True)) == [
        ("z", "zh"),
        ("z", "en"),
        ("a", "zh"),
        ("a", "en"),
    ]
    assert table[["planned", "answered", "refused", "not asked"]].iloc[0].tolist() == [2, 1, 1, 0]


@pytest.mark.parametrize(
    "answers, sentence",
    [
        (pd.concat([answers_of([1, 2]), answers_of([1])]), "run 1 stands twice in the answers"),
        (answers_of([1, 2, 2]), "run 3 was answered but not planned"),
        (answers_of([1, 2]).assign(state="refussed"), 'Did you mean "refused"'),
    ],
)
def test_answers_that_do_not_fit_the_plan_are_named(answers, sentence):
    with pytest.raises(Problem, match=sentence):
        account_cells(answers, answers_of([1, 2])[CELL])


def test_voting_over_all_cells_of_the_paper_takes_seconds_at_most():
    cells = pd.MultiIndex.from_product(
        [
            [f"{i}.1" for i in range(776)],
            ["PDI", "IDV", "MAS", "UAI", "LTO", "IND"],
            MODELS,
            LANGUAGES,
            range(1, 6),
        ],
        names=CELL[1:],
    ).to_frame(index=False)
    answers = cells.assign(
        step="relevance", state="answered", answer=np.where(np.arange(len(cells)) % 3, "yes", "no")
    )
    start = time.process_time()
    labels = label_relevance(cast_votes(answers, 5), 8)
    assert len(labels) == 776 * 6 and time.process_time() - start < 10
