"""The specification curve and the null simulation: what holds by construction holds, and nothing is asked."""

import importlib.util
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from alignment.paper import hofstede, printed_null, published
from alignment.runner import parameters
from alignment.stats import null_model, positions
from alignment.stats.specifications import claims, curve, reanalysis
from alignment.stats.specifications.reanalysis import Specification
from alignment.study.paths import ROOT
from utils import cells
from utils.rules import CHOICES

MODELS = pd.DataFrame(
    [("us-1", "US", "en"), ("us-2", "US", "en"), ("cn-1", "China", "zh"), ("cn-2", "China", "zh")],
    columns=["model", "culture", "language"],
)
LANGUAGES, DIMENSIONS = ["en", "zh"], ["PDI", "IDV"]
CULTURE = MODELS.set_index("model")["culture"]
PEOPLE = pd.DataFrame(
    [("US", "PDI", 40), ("US", "IDV", 91), ("China", "PDI", 80), ("China", "IDV", 20)],
    columns=["group", "dimension", "value"],
)
SIDE = {("US", "PDI"): -1, ("China", "PDI"): 1, ("US", "IDV"): 1, ("China", "IDV"): -1}
RUNS = 3


def answers(step, cells, answer):
    """Answers of all models in all languages and runs: `answer` is a function of statement, dimension, model, language, run."""
    rows = []
    for (statement, dimension), model, language, run in product(
        cells, MODELS["model"], LANGUAGES, range(1, RUNS + 1)
    ):
        said = answer(statement, dimension, model, language, run)
        rows.append(
            (
                step,
                statement,
                dimension,
                model,
                language,
                run,
                "answered" if said else "refused",
                said,
            )
        )
    columns = ["step", "statement_id", "dimension", "model", "language", "run", "state", "answer"]
    return pd.DataFrame(rows, columns=columns).assign(respondents="simulated")


def a_study(per_dimension=4, **changes) -> reanalysis.Collected:
    """Statements that all judges see alike, and models that answer each as their people lean, in both languages."""
    pairs = [(f"{d}-{i}", d) for d in DIMENSIONS for i in range(per_dimension)]
    polarity = {s: (2, -1, 1, -2)[i % 4] for i, (s, _) in enumerate(pairs)}
    of = dict(pairs)
    asked = [(s, d) for s, _ in pairs for d in DIMENSIONS]

    def stance(s, _, m, *__):
        return "agree" if SIDE[CULTURE[m], of[s]] * polarity[s] > 0 else "disagree"

    found = {
        "relevance": answers("relevance", asked, lambda s, d, *_: "yes" if of[s] == d else "no"),
        "polarity": answers("polarity", pairs, lambda s, *_: str(polarity[s])),
        "stance": answers("stance", [(s, "") for s, _ in pairs], stance),
    }
    statements = pd.DataFrame({"statement_id": [s for s, _ in pairs], "votes": 20, "kept": True})
    people = {"current": PEOPLE, "2015": PEOPLE}
    whole = reanalysis.Collected(
        found, statements, MODELS, list(MODELS["model"]), LANGUAGES, people, DIMENSIONS
    )
    return replace(whole, **changes)


def changed(have, step, where, answer):
    """The study with other answers in the rows of a step that `where` picks."""
    table = have.answers[step].copy()
    rows = where(table)
    table.loc[rows, "answer"] = answer
    return replace(have, answers=have.answers | {step: table})


def outcomes(have, *rules):
    """The outcomes of the product of the named rules (all of them: "all"), and of every single change."""
    known = reanalysis.choices_of(have, {})
    chosen = {n: c for n, c in known.items() if n in rules or rules == ("all",)}
    return curve.compute_outcomes(
        have, curve.list_specifications(chosen, reanalysis.single_changes_of(have))
    )


def of_rule(table, varies, value):
    return table[(table["varies"] == varies) & (table[varies] == value)].iloc[0]


def test_the_default_of_each_rule_is_the_notebooks_own():
    known = parameters.all_of([s for s in parameters.sources() if s.name < "14"])
    assert {n: choices[0] for n, choices in reanalysis.FREE.items()} == {
        n: known[n][0].default for n in reanalysis.FREE
    }


def test_the_product_is_whole_and_starts_with_the_default():
    specs = curve.list_specifications()
    assert (
        len(specs) == 2 * 2 * 2 * 3 * 2 * 2 * 2 == len(specs.drop(columns="spec").drop_duplicates())
    )
    assert (specs.iloc[0][list(reanalysis.FREE)] == [c[0] for c in reanalysis.FREE.values()]).all()


def test_claims_that_hold_by_construction_hold_under_every_specification():
    have = a_study()
    table = outcomes(have, "all")
    assert len(table.query("varies == 'rules'")) == 192 and (table["state"] == "computed").all()
    assert table[list(claims.CLAIMS)].notna().all(axis=None) and table[list(claims.CLAIMS)].all(
        axis=None
    )
    assert (curve.compute_shares(table, reanalysis.choices_of(have, {}))["share"] == 1.0).all()


def test_one_direction_against_people_ends_the_claim_under_every_specification():
    flip = {"agree": "disagree", "disagree": "agree"}
    have = a_study()
    table = have.answers["stance"].copy()
    on_pdi = table["statement_id"].str.startswith("PDI")
    table.loc[on_pdi, "answer"] = table.loc[on_pdi, "answer"].map(flip)
    found = outcomes(
        replace(have, answers=have.answers | {"stance": table}),
        "split_group",
        "differ",
        "human_values",
    )
    assert (
        not found["directions"].any()
        and (found["directions_right"] == 1).all()
        and (found["directions_of"] == 2).all()
    )
    assert not found["leanings"].any() and found["language"].all()


def test_only_the_human_values_decide_when_peoples_differ_otherwise_in_another_version():
    turned = PEOPLE.assign(group=PEOPLE["group"].map({"US": "China", "China": "US"}))
    turned = turned.sort_values("group", ascending=False)
    have = a_study(people={"current": PEOPLE, "2015": turned})
    table = outcomes(have, "human_values", "differ")
    found = curve.compute_shares(table, reanalysis.choices_of(have, {})).set_index(
        ["claim", "choice", "alternative"]
    )["share"]
    assert found["directions", "all rules", ""] == 0.5
    assert (
        found["directions", "human_values", "current"],
        found["directions", "human_values", "2015"],
    ) == (1.0, 0.0)


def test_a_change_with_the_language_that_many_statements_show_is_noticed():
    have = a_study(per_dimension=16)
    table = have.answers["stance"].copy()
    rows = (
        (table["model"] == "us-1")
        & (table["language"] == "zh")
        & table["statement_id"].str.startswith("PDI")
    )
    table.loc[rows, "answer"] = table.loc[rows, "answer"].map(
        {"agree": "disagree", "disagree": "agree"}
    )
    found = outcomes(
        replace(have, answers=have.answers | {"stance": table}), "tie_rule", "missing_votes"
    )
    product_ = found[found["varies"] == "rules"]
    assert (
        not product_["language"].any()
        and (product_["language_right"] == product_["language_of"] - 1).all()
    )
    assert set(product_["language_missed"]) == {"PDI: us-1 / en / zh"}
    summary = curve.summarise_claims(found, have).set_index("claim")["missed"]
    assert (
        summary[claims.CLAIMS["language"]] == f"PDI: us-1 / en / zh ({len(product_)})"
        and summary[claims.CLAIMS["directions"]] == ""
    )
    assert product_["directions"].all()  # its native language is untouched


def test_the_quorum_of_an_execution_is_its_default_and_shrinks_with_the_judges():
    """Six of eight votes say yes to PDI-0: enough for a quorum of 6, and for none of 7; all but us-1: 4 of 6 against 5 and 6."""
    have = changed(
        a_study(), "relevance",
        lambda t: t["statement_id"].eq("PDI-0") & t["dimension"].eq("PDI") & t["model"].eq("us-2"), "no",
    )  # fmt: skip
    for quorum, labelled in ((0, True), (6, True), (7, False)):
        specs = curve.list_specifications({}, {"judges": ["all but us-1"]})
        found = curve.compute_outcomes(replace(have, quorum=quorum), specs).set_index("judges")[
            "labels"
        ]
        assert (found["all"] == 8) == labelled, quorum
        assert (found["all but us-1"] == 8) == (quorum == 0), quorum


def test_a_lower_quorum_is_listed_with_the_calls_it_needs_and_not_computed():
    """Three of eight votes say yes to two pairs that were never asked about: 2 pairs x 4 judges x 2 languages x 3 runs."""
    have = changed(
        a_study(), "relevance",
        lambda t: t["statement_id"].isin(["PDI-0", "PDI-1"]) & (t["dimension"] == "IDV")
        & ((t["model"] == "us-1") | (t["model"].eq("us-2") & t["language"].eq("en"))), "yes",
    )  # fmt: skip
    row = of_rule(outcomes(have), "relevance_quorum", 3)
    assert (row["state"], row["calls"]) == ("not asked", 48)
    assert row[list(claims.CLAIMS)].isna().all()
    assert (
        outcomes(have, "tie_rule", "missing_votes").query("varies == 'rules'")["calls"].eq(0).all()
    )


def test_a_lower_vote_threshold_is_listed_with_the_relevance_calls_it_needs():
    """One statement more at 2 votes: 1 x 2 dimensions x 4 judges x 2 languages x 3 runs; two more at 1 vote."""
    few = pd.DataFrame({"statement_id": ["few-2", "few-1"], "votes": [2, 1], "kept": False})
    have = a_study()
    have = replace(have, statements=pd.concat([have.statements, few]))
    found = outcomes(have)
    assert [of_rule(found, "min_votes", m)["calls"] for m in (1, 2, 3)] == [96, 48, 0]
    assert [of_rule(found, "min_votes", m)["state"] for m in (1, 2, 3)] == [
        "not asked",
        "not asked",
        "computed",
    ]


def test_a_higher_vote_threshold_scores_fewer_statements():
    have = a_study()
    votes = have.statements.assign(votes=[3, *[20] * (len(have.statements) - 1)])
    found = outcomes(replace(have, statements=votes))
    assert [of_rule(found, "min_votes", m)["labels"] for m in (3, 4, 10)] == [8, 7, 7]


def test_a_label_that_another_rule_would_make_lacks_its_stances_and_is_used_in_part():
    """A median of zero is no label; kept, its statement would need 4 models x 2 languages x 3 runs of stances."""
    have = a_study()
    have = changed(
        have,
        "polarity",
        lambda t: (t["statement_id"] == "PDI-0") & t["model"].str.startswith("cn"),
        "-2",
    )
    stances = have.answers["stance"]
    have = replace(
        have, answers=have.answers | {"stance": stances[stances["statement_id"] != "PDI-0"]}
    )
    table = outcomes(have, "zero_median", "half_median").query("varies == 'rules'")
    found = table.groupby("zero_median")[["calls", "labels"]].agg(["min", "max"])
    assert found.loc["keep"].tolist() == [24, 24, 8, 8] and found.loc["drop"].tolist() == [
        0,
        0,
        7,
        7,
    ]


def test_leaving_a_judge_out_makes_new_pairs_relevant_and_counts_only_the_other_judges_calls():
    """Three yes of eight become three of six without cn-1: 1 pair x 3 judges x 2 languages x 3 runs."""
    have = changed(
        a_study(), "relevance",
        lambda t: (t["statement_id"] == "PDI-0") & (t["dimension"] == "IDV")
        & ((t["model"] == "us-1") | (t["model"].eq("us-2") & t["language"].eq("en"))), "yes",
    )  # fmt: skip
    row = of_rule(outcomes(have), "judges", "all but cn-1")
    assert (row["state"], row["calls"], row["labels"]) == ("in part", 18, 8)
    assert row["directions"] and of_rule(outcomes(have), "judges", "all but us-1")["calls"] == 0


def test_each_judge_is_left_out_once_and_each_culture_judges_once_alone():
    names = [n for n in reanalysis.judges_of(a_study()) if n != "all"]
    assert names == [*(f"all but {m}" for m in MODELS["model"]), "US only", "China only"]


def test_labels_from_one_cultures_judges_are_theirs():
    have = changed(
        a_study(),
        "polarity",
        lambda t: t["model"].str.startswith("cn") & t["statement_id"].eq("PDI-0"),
        "-2",
    )
    polarity = {}
    for judges in ("US only", "China only", "all"):
        labels = reanalysis.labels_under(have, Specification(judges=judges))
        polarity[judges] = labels.set_index("statement_id")["polarity"].get("PDI-0")
    assert polarity == {"US only": 2, "China only": -2, "all": None}


def test_fewer_runs_are_the_first_of_the_same_answers():
    have = changed(
        a_study(),
        "stance",
        lambda t: t["run"].eq(1) & t["statement_id"].str.startswith("PDI") & t["model"].eq("cn-1"),
        "",
    )
    have.answers["stance"].loc[have.answers["stance"]["answer"] == "", "state"] = "refused"
    scored = [reanalysis.scores_under(have, Specification(runs=runs)) for runs in (0, 1)]
    missing = [table["score"].isna().sum() for table in scored]
    assert missing == [0, 8]


def test_the_order_of_rows_does_not_matter():
    have = changed(
        a_study(),
        "stance",
        lambda t: (t["run"] + t["statement_id"].str[-1].astype(int)) % 3 == 0,
        "agree",
    )
    rng = np.random.default_rng(1)
    mixed = {
        s: t.iloc[rng.permutation(len(t))].reset_index(drop=True) for s, t in have.answers.items()
    }
    kept = ("missing_votes", "split_group", "differ")
    pd.testing.assert_frame_equal(
        outcomes(have, *kept), outcomes(replace(have, answers=mixed), *kept), check_dtype=False
    )


def test_group_positions_are_those_of_figure_1():
    have = changed(
        a_study(),
        "stance",
        lambda t: t["statement_id"].eq("IDV-1") & t["model"].eq("us-2"),
        "agree",
    )
    groups = reanalysis.groups_under(have, Specification())
    figure1 = positions.figure1(groups).query("selection == 'differing'")
    ours = claims.group_positions(groups, "not_equal")
    both = ours.merge(figure1, on=["dimension", "group"])
    assert len(both) == 4 and both["value_x"].tolist() == both["value_y"].tolist()


def test_a_simulated_study_is_held_against_its_plan_and_not_against_people():
    """Planted against people: people would say no to everything, the plan says that all of it was found."""
    have = a_study()
    flip = {"agree": "disagree", "disagree": "agree"}
    stance = have.answers["stance"].assign(answer=have.answers["stance"]["answer"].map(flip))
    have = replace(have, answers=have.answers | {"stance": stance})
    planted = reanalysis.scores_under(have, Specification())
    simulated, real = outcomes(replace(have, planted=planted)), outcomes(have)
    assert (
        simulated["directions"].all()
        and simulated["leanings"].all()
        and (simulated["with_people"] == 0).all()
    )
    assert not real["directions"].any() and not real["leanings"].any()


def test_one_language_has_nothing_to_say_about_language():
    have = a_study(languages=["en"], models=MODELS.assign(language="en"))
    have = replace(have, answers={s: t[t["language"] == "en"] for s, t in have.answers.items()})
    found = outcomes(have)
    assert found["language"].isna().all() and found.query("varies == 'rules'")["directions"].all()
    shares = curve.compute_shares(found, reanalysis.choices_of(have, {}))
    shares = shares.query("claim == 'language'")
    assert (shares["open"] == shares["specifications"]).all() and not shares["holds"].any()


def test_without_human_values_the_claims_about_people_are_open():
    have = a_study(people={})
    found = outcomes(have, "human_values", "differ")
    assert (
        "human_values" not in reanalysis.choices_of(have, {})
        and len(found.query("varies == 'rules'")) == 2
    )
    assert found[["directions", "leanings"]].isna().all(axis=None) and found["language"].all()


def test_brought_labels_need_no_judges():
    have = a_study()
    labels = reanalysis.labels_under(have, Specification())
    empty = {s: have.answers[s].iloc[:0] for s in ("relevance", "polarity")}
    brought = replace(have, brought=labels, answers=have.answers | empty)
    found = outcomes(brought, "all")
    assert (
        set(found["varies"]) == {"rules", "runs", "test"}
        and len(found.query("varies == 'rules'")) == 32
    )
    assert found["directions"].all() and found["calls"].eq(0).all()


def test_the_studys_own_rules_come_first():
    rules = reanalysis.choices_of(a_study(), {"half_median": "keep", "min_votes": 0})
    assert rules["half_median"] == ("keep", "away_from_zero", "drop")
    assert curve.list_specifications(rules)["half_median"].iloc[0] == "keep"


def six_dimensions(n, polarity=None):
    rng = np.random.default_rng(5)
    rows = [
        (f"{d}-{i}", d, rng.choice([-2, -1, 1, 2]) if polarity is None else polarity)
        for d in cells.DIMENSIONS
        for i in range(n)
    ]
    return pd.DataFrame(rows, columns=["statement_id", "dimension", "polarity"])


def a_null(labels, rates, differ="not_equal", draws=4000, seed=3):
    people = hofstede.read_human_values("2015", ["US", "China"])
    return null_model.simulate_directions(
        labels,
        MODELS,
        pd.Series(rates, index=MODELS["model"]),
        people,
        np.random.default_rng(seed),
        draws,
        differ,
    )


def a_tie(n, differ, sizes):
    """The chance that n statements, of polarities +-`sizes` each as likely, sum to no gap, by convolution.

    Two groups of two coins differ by 0, 1 or 2 in 6, 4 + 4 and 1 + 1 of 16 cases; in strict opposition only the last count.
    """
    gaps = (
        {0: 6 / 16, 1: 4 / 16, -1: 4 / 16, 2: 1 / 16, -2: 1 / 16}
        if differ == "not_equal"
        else {0: 14 / 16, 2: 1 / 16, -2: 1 / 16}
    )
    step = np.zeros(9)
    for (gap, chance), size in product(gaps.items(), sizes):
        step[gap * size + 4] += chance / len(sizes)
    total = np.ones(1)
    for _ in range(n):
        total = np.convolve(total, step)
    return total[len(total) // 2]


@pytest.mark.parametrize("differ", CHOICES["differ"])
def test_two_groups_that_toss_coins_agree_with_people_like_six_coins(differ):
    """Each direction is a fair coin but for ties, which agree with nobody."""
    agree = a_null(six_dimensions(40, polarity=1), [0.5] * 4, differ)
    chance = (1 - a_tie(40, differ, [1])) / 2
    assert abs(agree.mean() - 6 * chance) < 4 * np.sqrt(1.5 / len(agree))
    share = np.bincount(agree, minlength=7) / len(agree)
    assert np.abs(share - binom.pmf(range(7), 6, chance)).max() < 4 * np.sqrt(0.25 / len(agree))


def test_groups_that_always_answer_alike_have_no_direction():
    assert a_null(six_dimensions(10), [1.0] * 4).max() == 0


def test_a_group_that_agrees_with_everything_takes_the_side_of_the_labels():
    """Positive labels and a US group that always agrees: it scores higher on every dimension; people do so on three."""
    agree = a_null(six_dimensions(10, polarity=1), [1.0, 1.0, 0.0, 0.0])
    people = hofstede.read_human_values("2015", ["US", "China"]).pivot(
        index="dimension", columns="group", values="value"
    )
    assert (agree == (people["US"] > people["China"]).sum()).all()


def test_the_order_of_labels_does_not_move_the_null():
    labels = six_dimensions(12)
    assert (
        a_null(labels, [0.7, 0.6, 0.4, 0.3]) == a_null(labels.iloc[::-1], [0.7, 0.6, 0.4, 0.3])
    ).all()


def test_with_the_papers_numbers_chance_gets_all_six_about_once_in_a_hundred():
    """Each dimension is a coin but for its own chance of a tie; the product of six is exact."""
    table, n = printed_null.chance_directions(), published.read_stated_n()
    assert (table["observed"] == 6).all() and len(table) == 14
    for differ, design in null_model.DESIGNS.items():
        chances = [(1 - a_tie(k, differ, [1, 2])) / 2 for k in n.values()]
        mean = (table["directions"] * table["share"])[table["design"] == design].sum()
        assert mean == pytest.approx(sum(chances))
        assert null_model.share_at_least(table, differ, 6) == pytest.approx(np.prod(chances))


@pytest.mark.parametrize("differ", CHOICES["differ"])
@pytest.mark.parametrize("rates", [[0.5] * 4, [0.9, 0.4, 0.3, 0.2], [1.0, 1.0, 0.0, 0.5]])
def test_the_exact_null_is_that_of_simulated_worlds(differ, rates):
    labels = six_dimensions(9)
    agree = a_null(labels, rates, differ, draws=20_000)
    share = np.bincount(agree, minlength=7) / len(agree)
    exact = an_exact_null(labels, rates, differ)
    assert exact.sum() == pytest.approx(1) and np.abs(exact - share).max() < 4 * np.sqrt(
        0.25 / 20_000
    )


def an_exact_null(labels, rates, differ):
    people = hofstede.read_human_values("2015", ["US", "China"])
    rates = pd.Series(rates, index=MODELS["model"])
    return null_model.chance_directions(labels, MODELS, rates, people, differ)


@pytest.mark.parametrize("differ", CHOICES["differ"])
def test_where_statements_bear_several_labels_the_mean_is_exact_and_shares_are_near(differ):
    labels = six_dimensions(12)
    shared = labels.assign(statement_id=labels["statement_id"].str.split("-").str[1])
    agree = a_null(shared, [0.7, 0.5, 0.4, 0.6], differ, draws=20_000)
    exact = an_exact_null(shared, [0.7, 0.5, 0.4, 0.6], differ)
    assert agree.mean() == pytest.approx(
        exact @ np.arange(7), abs=4 * agree.std() / np.sqrt(20_000)
    )
    assert exact.tolist() == an_exact_null(labels, [0.7, 0.5, 0.4, 0.6], differ).tolist()


def test_a_group_answers_as_the_median_of_all_its_models_patterns():
    for rates in ([0.2, 0.9], [0.3], [0.5, 0.6, 0.1], [0.2, 0.4, 0.6, 0.8]):
        expected = dict.fromkeys([-1.0, 0.0, 1.0], 0.0)
        for votes in product([1, -1], repeat=len(rates)):
            chance = np.prod([r if v > 0 else 1 - r for r, v in zip(rates, votes, strict=True)])
            expected[float(np.sign(np.median(votes)))] += chance
        found = null_model.chance_responses(np.array(rates))
        assert found.tolist() == pytest.approx(list(expected.values()))


def test_half_labels_and_unknown_ones_take_part_in_the_sum():
    gaps = null_model.chance_gaps(np.array([0.8]), np.array([0.3]))
    assert gaps.tolist() == pytest.approx([0.06, 0, 0.38, 0, 0.56])
    below, tie, above = null_model.chance_signs(np.array([0.5, -1.5]), gaps)
    expected = {-1: 0.0, 0: 0.0, 1: 0.0}
    for (a, p), (b, q) in product(zip([-2, 0, 2], gaps[::2], strict=True), repeat=2):
        expected[np.sign(0.5 * a - 1.5 * b)] += p * q
    assert (below, tie, above) == pytest.approx(tuple(expected.values()))
    unknown = null_model.chance_signs(np.array([np.nan]), gaps)
    assert unknown[0] == pytest.approx(unknown[2])


def test_a_models_own_rate_is_that_of_its_native_language():
    rows = [
        ("a", "", m, lang, vote)
        for m in MODELS["model"]
        for lang, vote in (("en", 1.0), ("zh", -1.0))
    ]
    voted = pd.DataFrame(rows, columns=["statement_id", "dimension", "model", "language", "vote"])
    assert null_model.agreement_rates(voted, MODELS).tolist() == [1, 1, 0, 0]


def test_peoples_who_do_not_differ_give_no_direction_to_agree_with():
    flat = PEOPLE.assign(value=50)
    labels = six_dimensions(5)[lambda t: t["dimension"].isin(DIMENSIONS)]
    table = null_model.null_distributions(
        labels,
        MODELS,
        pd.Series(0.5, index=MODELS["model"]),
        flat,
        {},
        np.random.default_rng(1),
        50,
    )
    assert table.empty and "share" in table


def test_a_page_shows_each_change_with_what_is_right_of_how_many():
    have = changed(
        a_study(), "relevance",
        lambda t: t["statement_id"].eq("PDI-0") & (t["dimension"] == "IDV")
        & ((t["model"] == "us-1") | (t["model"].eq("us-2") & t["language"].eq("en"))), "yes",
    )  # fmt: skip
    table = outcomes(have)
    shown = curve.format_outcomes(table[(table["varies"] != "rules") | (table["spec"] == 1)])
    assert shown.loc["default"].tolist() == ["computed", 0, "8", "2 of 2", "8 of 8", "8 of 8"]
    assert shown.loc["relevance_quorum: 3"].tolist() == ["not asked", 24, "", "", "", ""]


@pytest.mark.slow
def test_the_benchmark_of_results_runs(monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location(
        "bench_results", ROOT / "benchmarks" / "bench_results.py"
    )
    bench, every = importlib.util.module_from_spec(spec), curve.list_specifications
    spec.loader.exec_module(bench)
    monkeypatch.setattr(bench, "RESAMPLES", 20)
    monkeypatch.setattr(bench.curve, "list_specifications", lambda *given: every(*given).head(16))
    bench.main()
    printed = capsys.readouterr().out
    assert (
        "24 cells, 20 resamples" in printed
        and "16 specifications" in printed
        and printed.count("n = ") == 6
    )


@pytest.mark.parametrize("test", claims.TESTS)
def test_every_test_finds_one_change_of_many_statements_and_nothing_else(test):
    rng, rows = np.random.default_rng(2), []
    for i in range(20):
        for model, language in product(MODELS["model"], LANGUAGES):
            turned = model == "us-1" and language == "zh" and i < 15
            rows.append((f"s{i}", "PDI", model, language, -2.0 if turned else 2.0))
    names = ["statement_id", "dimension", "model", "language", "score"]
    scored = pd.DataFrame(rows, columns=names)
    found = claims.language_changes(scored.sample(frac=1, random_state=rng.integers(9)), test)
    changed = {key[:2]: change for key, change in found.items() if change[1]}
    assert list(changed) == [("PDI", "us-1")] and abs(changed["PDI", "us-1"][0]) == 1.0
