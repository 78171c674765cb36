"""Which statements are kept; what is left out is counted with a reason, and all adds up."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.kialo import sources
from alignment.kialo.tables import DEBATES, THESES, as_table
from alignment.study.loader import load
from alignment.study.workspace import Workspace
from utils.vote_filter import account
from utils.vote_filter import filter_statements as kept


def tables_of(*debates) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Debates given as (language, source, [(text, votes), ...])."""
    found, theses = [], []
    for number, (language, source, claims) in enumerate(debates):
        row = {
            "debate_id": str(number),
            "title": "",
            "question": "",
            "language": language,
            "source": source,
        }
        found.append(row | {"n_theses": len(claims), "debate_votes": 9})
        ids = [f"{number}.{3 * k + 1}" for k in range(len(claims))]
        theses += [
            {
                "statement_id": i,
                "debate_id": str(number),
                "thesis_no": 1,
                "text": t,
                "votes": v,
                "debate_votes": 9,
            }
            for i, (t, v) in zip(ids, claims, strict=True)
        ]
    return as_table(found, DEBATES), as_table(theses, THESES)


ONE_OF_EACH = [
    ("en", "interface", [("Cats may vote.", 3)]),
    ("en", "interface", [("Dogs may vote.", 2)]),
    ("en", "interface", [("Owls may vote.", None)]),
    ("de", "interface", [("Hunde sollten wählen.", 50)]),
    ("en", "interface", [("", 7)]),
    ("en", "interface", [("Both may.", 9), ("None may.", 9)]),
    ("en", "interface", [("CATS may vote. ", 8)]),
    ("en", "interface: private", []),
    ("en", "interface: private or gone", []),
    ("en", "interface", []),
]


def test_each_statement_that_goes_goes_for_the_first_reason_that_applies():
    found, theses = tables_of(*ONE_OF_EACH)
    stay, left = kept(found, theses, 3)
    assert stay["text"].tolist() == ["Cats may vote."]
    assert left["reason"].tolist() == [
        "fewer than 3 votes", "votes unknown", "language is not en", "empty text", "debate with several theses",
        "debate with several theses", "same text as another statement", "debate private", "debate private or gone",
        "debate without a thesis",
    ]  # fmt: skip
    assert left.loc[left["statement_id"] == "", "debate_id"].tolist() == ["7", "8", "9"]


def test_the_table_of_what_was_left_out_ends_with_what_came_in():
    found, theses = tables_of(*ONE_OF_EACH)
    counts = account(found, theses, *kept(found, theses, 3)).set_index("reason")
    assert counts.loc["came in"].tolist() == [8, 10] and counts.loc["kept"].tolist() == [1, 1]
    assert counts.loc["debate with several theses"].tolist() == [2, 1]
    assert counts.loc["debate private"].tolist() == [0, 1]


def test_three_votes_are_enough_and_two_are_not():
    found, theses = tables_of(*[("en", "interface", [(f"Cat {n} may vote.", n)]) for n in range(6)])
    assert kept(found, theses, 3)[0]["votes"].tolist() == [3, 4, 5]


def test_several_theses_may_each_become_a_statement():
    found, theses = tables_of(*ONE_OF_EACH)
    assert kept(found, theses, 3, multi_thesis="one_each")[0]["text"].tolist()[1:] == [
        "Both may.",
        "None may.",
    ]


def test_the_votes_of_the_whole_debate_can_count_instead():
    found, theses = tables_of(*ONE_OF_EACH)
    stay, _ = kept(found, theses, 3, vote_source="debate")
    assert stay["text"].tolist() == ["Cats may vote.", "Dogs may vote.", "Owls may vote."]
    assert stay["votes"].eq(9).all()


def test_votes_that_nobody_knows_are_never_taken_for_zero():
    found, theses = tables_of(("en", "interface", [("Owls may vote.", None)]))
    assert kept(found, theses, 1)[1]["reason"].tolist() == ["votes unknown"]
    assert len(kept(found, theses, 0)[0]) == 1


claims = st.tuples(
    st.sampled_from(["", "Cats.", "cats. ", "Dogs.", "Hunde."]), st.none() | st.integers(0, 6)
)
debate = st.tuples(
    st.sampled_from(["en", "de", ""]),
    st.sampled_from(["interface", "interface: private", "older export"]),
    st.lists(claims, max_size=3),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(debate, max_size=8),
    st.integers(0, 5),
    st.sampled_from(["thesis", "debate"]),
    st.sampled_from(["leave_out", "one_each"]),
)
def test_whatever_comes_in_kept_and_left_out_add_up_to_it(
    found, min_votes, vote_source, multi_thesis
):
    found, theses = tables_of(*found)
    stay, left = kept(found, theses, min_votes, vote_source, multi_thesis)
    named = left[left["statement_id"] != ""]
    assert sorted([*stay["statement_id"], *named["statement_id"]]) == sorted(theses["statement_id"])
    assert set(stay["debate_id"]) | set(left["debate_id"]) == set(found["debate_id"])
    assert (left["reason"] != "").all()
    counts = account(found, theses, stay, left).set_index("reason")
    assert (
        counts.drop(index="came in").sum().tolist()
        == counts.loc["came in"].tolist()
        == [len(theses), len(found)]
    )
    assert counts.loc["kept", "theses"] == len(stay)


def test_of_the_bundled_debates_85_of_112_theses_are_kept():
    here = Workspace(load("demo"), "demo")
    found, theses, _ = sources.read_debates(here)
    stay, left = kept(found, theses, 3)
    assert account(found, theses, stay, left).set_index("reason").loc["came in"].tolist() == [
        112,
        105,
    ]
    assert (len(stay), len(left)) == (85, 27)


def test_the_bar_starts_from_what_lies_there_already(tmp_path):
    told = tmp_path / "progress.json"
    (tmp_path / "graphs").mkdir()
    for name in ("1.json", "2.gone", ".3.json.part"):
        (tmp_path / "graphs" / name).write_text("{}")
    with sources.show_progress(tmp_path, str(told)) as progress:
        for done in range(1, 8):
            progress(done, 10)
    state = json.loads(told.read_text())
    assert (state["total"], state["start"], state["done"]) == (10, 2, 7)


def test_a_collection_that_stops_still_closes_its_bar(tmp_path):
    told = tmp_path / "progress.json"
    with pytest.raises(KeyboardInterrupt), sources.show_progress(tmp_path, str(told)) as progress:
        progress(1, 4)
        raise KeyboardInterrupt
    assert json.loads(told.read_text())["done"] == 1


def test_the_filter_agrees_with_the_published_table_of_real_votes(shared):
    known = pd.read_csv(
        shared / "kialo" / "derived" / "theses_with_votes.csv", dtype={"discussion_id": "str"}
    )
    exact = known[(known["join"] == "exact") & known["discussion_id"].notna()]
    exact = exact.drop_duplicates("discussion_id")
    found, theses = tables_of(
        *[("", "export", [(f"Thesis {n}", int(v))]) for n, v in enumerate(exact["votes_total"])]
    )
    assert len(kept(found, theses, 3)[0]) == int((exact["votes_total"] >= 3).sum())
