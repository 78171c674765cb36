"""Answers of Kialo's interface become debates and theses, by relation and never by number."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.kialo.responses import (
    is_private,
    read_discussions,
    read_responses,
    read_sitemap,
    read_theses,
    read_votes,
)
from alignment.study.paths import ROOT
from utils.errors import Problem


def place(number, claim, parent, relation, **more):
    return {"id": f"9.{number}", "targetId": claim, "parentId": parent, "relation": relation} | more


ROOT_PLACE = place(1, "9.0", None, None)


def graph_of(*theses, question=""):
    """A debate 9 whose theses have the numbers 20, 23, 26, ... and one claim under the first."""
    claims, places = [{"id": "9.0", "text": question}], [ROOT_PLACE]
    for k, text in enumerate(theses):
        claims.append({"id": f"9.{20 + 3 * k}", "text": text})
        places.append(place(21 + 3 * k, f"9.{20 + 3 * k}", "9.0", 0))
    claims.append({"id": "9.2", "text": "They care."})
    return {"claims": claims, "locations": [*places, place(3, "9.2", "9.20", 1)]}


def save(folder, kind, name, answer):
    (folder / kind).mkdir(exist_ok=True)
    (folder / kind / f"{name}.json").write_text(json.dumps(answer), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    rows = [
        {"id": 9, "title": "Cats ", "language": "en", "voteCount": 12},
        {"id": "10", "title": "Dogs"},
    ]
    save(tmp_path, "list", "0000", {"discussions": rows})
    save(tmp_path, "list", "0002", {"discussions": [rows[0] | {"title": "Cats again"}]})
    save(tmp_path, "graphs", "9", graph_of(r"Cats \(all of them\) may *vote*."))
    save(tmp_path, "votes", "9", {"votes": {"9.20": [0, 0, 1, 1, 3], "9.2": [7, 0, 0, 0, 0]}})
    return tmp_path


def test_a_debate_becomes_a_row_and_its_thesis_another(folder):
    debates, theses = read_responses(folder)
    assert debates.to_dict("records")[0] == {
        "debate_id": "9", "title": "Cats", "language": "en", "question": "", "n_theses": 1, "debate_votes": 12,
        "source": "interface",
    }  # fmt: skip
    assert theses.to_dict("records") == [{
        "statement_id": "9.20", "debate_id": "9", "thesis_no": 1, "text": "Cats (all of them) may vote.", "votes": 5,
        "debate_votes": 12,
    }]  # fmt: skip


def test_a_debate_that_stands_in_the_list_twice_counts_once(folder):
    assert read_responses(folder)[0]["debate_id"].tolist() == ["9", "10"]


def test_votes_are_found_by_location_or_by_claim_and_none_is_not_unknown(folder):
    save(folder, "votes", "9", {"votes": {"9.21": [1, 0, 0, 0, 1]}})
    assert read_responses(folder)[1]["votes"].tolist() == [2]
    save(folder, "votes", "9", {"votes": {"9.2": [1, 0, 0, 0, 0]}})
    assert read_responses(folder)[1]["votes"].tolist() == [0]
    (folder / "votes" / "9.json").unlink()
    assert read_responses(folder)[1]["votes"].isna().all()


def test_votes_of_the_whole_debate_are_counted_where_the_list_does_not_tell(folder):
    (folder / "list" / "0000.json").unlink()
    (folder / "list" / "0002.json").unlink()
    assert read_responses(folder)[0]["debate_votes"].tolist() == [12]


def test_several_theses_have_a_question_and_their_own_numbers(folder):
    save(folder, "graphs", "9", graph_of("Cats.", "Dogs.", question="Who *may* vote?"))
    debates, theses = read_responses(folder)
    assert debates.loc[0, ["question", "n_theses"]].tolist() == ["Who may vote?", 2]
    assert theses[["statement_id", "thesis_no", "text", "votes"]].values.tolist() == [
        ["9.20", 1, "Cats.", 5],
        ["9.23", 2, "Dogs.", 0],
    ]


@pytest.mark.parametrize("mark", ["isDeleted", "isNonSuggestionArchived"])
def test_an_archived_or_deleted_thesis_does_not_count(mark):
    graph = graph_of("Cats.", "Dogs.", question="Who may vote?")
    graph["locations"][1][mark] = True
    assert [t.statement_id for t in read_theses(graph)[1]] == ["9.23"]
    graph["locations"].append(
        place(40, "9.20", "9.0", 0)
    )  # the same thesis, live in a second place
    assert [t.statement_id for t in read_theses(graph)[1]] == ["9.20", "9.23"]
    graph["locations"][1][mark] = False
    assert read_theses(graph)[1][0].vote_ids == ("9.21", "9.40", "9.20")


def test_theses_stand_in_the_order_of_their_numbers_however_they_arrive():
    graph = graph_of("Cats.", "Dogs.", "Owls.", question="Who may vote?")
    turned = {kind: rows[::-1] for kind, rows in graph.items()}
    assert read_theses(turned) == read_theses(graph)


@pytest.mark.parametrize(
    "answer", [{}, {"claims": []}, {"claims": None, "locations": []}, {"error": "private"}]
)
def test_a_private_debate_is_kept_without_theses(folder, answer):
    save(folder, "graphs", "10", answer)
    debates, theses = read_responses(folder)
    assert debates.set_index("debate_id").loc["10", ["n_theses", "source"]].tolist() == [
        0,
        "interface: private",
    ]
    assert theses["debate_id"].tolist() == ["9"]


def test_a_debate_that_is_gone_or_was_not_asked_for_says_so(folder):
    assert read_responses(folder)[0]["source"].tolist() == ["interface", "interface: not asked yet"]
    (folder / "graphs" / "10.gone").write_text("<html>")
    assert read_responses(folder)[0]["source"].tolist() == [
        "interface",
        "interface: private or gone",
    ]


def test_ten_debates_without_one_thesis_are_no_chance(tmp_path):
    for number in range(10):
        save(tmp_path, "graphs", str(number), {"nodes": [1]})
    with pytest.raises(Problem, match="Not one of 10"):
        read_responses(tmp_path)


def change(answer, *keys, to):
    answer = copy.deepcopy(answer)
    place = answer
    for key in keys[:-1]:
        place = place[key]
    if to is ...:
        del place[keys[-1]]
    else:
        place[keys[-1]] = to
    return answer


CATS = graph_of("Cats.")


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (change(CATS, "claims", to=...), "claims"),
        (change(CATS, "claims", 1, "text", to=None), "text"),
        (change(CATS, "claims", 1, "id", to=20), "id"),
        (change(CATS, "claims", 1, to={"id": "9.99", "text": ""}), "claims"),
        (change(CATS, "locations", to={}), "locations"),
        (change(CATS, "locations", to=["9.1"]), "id"),
        (change(CATS, "locations", 0, "relation", to=3), "locations"),
        (change(CATS, "locations", 1, "relation", to="thesis"), "relation"),
        (change(CATS, "locations", 1, "targetId", to=...), "targetId"),
        ([], "claims"),
        (None, "claims"),
    ],
)
def test_an_answer_of_another_shape_names_the_field_the_debate_and_the_file(folder, answer, field):
    save(folder, "graphs", "9", answer)
    with pytest.raises(Problem, match=rf"(?s)Debate 9.*graphs/9\.json.*{field}"):
        read_responses(folder)


@pytest.mark.parametrize(
    "votes", [[], {"9.20": 5}, {"9.20": [1, None]}, {"9.20": [-1]}, {"20": [1]}, {"9.20": [True]}]
)
def test_votes_of_another_shape_name_the_field_the_debate_and_the_file(folder, votes):
    save(folder, "votes", "9", {"votes": votes})
    with pytest.raises(Problem, match=r"Debate 9.*votes/9\.json.*votes"):
        read_responses(folder)


@pytest.mark.parametrize(
    ("row", "field"),
    [({}, "id"), (5, "id"), ({"id": "../9"}, "id"), ({"id": 9, "voteCount": "7"}, "voteCount")],
)
def test_a_list_of_another_shape_names_the_field_and_the_file(folder, row, field):
    save(folder, "list", "0000", {"discussions": [row]})
    with pytest.raises(Problem, match=rf"list/0000\.json.*{field}"):
        read_responses(folder)


def test_a_torn_file_is_named(folder):
    (folder / "graphs" / "9.json").write_text('{"claims": [')
    with pytest.raises(Problem, match="9.json is not JSON; delete it"):
        read_responses(folder)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 30)
    | st.floats()
    | st.sampled_from(["9.0", "9.20", "", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["claims", "locations", "id", "text", "targetId", "votes", "9.20"]),
            inner,
        )
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(["claims", "locations"]),
    st.integers(0, 2),
    st.sampled_from([*ROOT_PLACE, "text"]),
    JSON,
)
def test_whatever_an_answer_holds_it_is_read_or_refused_with_a_reason(kind, row, key, value):
    for answer in (
        change(CATS, kind, row, key, to=value),
        change(CATS, kind, row, to=value),
        value,
    ):
        for read in (read_theses, read_votes, read_discussions):
            try:
                read(answer)
            except Problem as problem:
                assert "field" in str(problem)
        assert is_private(answer) in (True, False)


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_every_live_thesis_is_found_once_in_any_order(live, random):
    graph = graph_of(*(f"Thesis {k}." for k in range(len(live))))
    for is_live, location in zip(live, graph["locations"][1:], strict=False):
        location["isDeleted"] = not is_live
    random.shuffle(graph["claims"])
    random.shuffle(graph["locations"])
    assert [t.text for t in read_theses(graph)[1]] == [
        f"Thesis {k}." for k, is_live in enumerate(live) if is_live
    ]


def test_the_sitemap_and_a_page_stand_in_for_the_list(folder):
    (folder / "list" / "0000.json").unlink()
    (folder / "list" / "0002.json").unlink()
    places = ("will-cats-vote-by-2030-9", "")
    sitemap = f"<urlset>{''.join(f'<url><loc>https://a.org/{place}</loc></url>' for place in places)}</urlset>"
    (folder / "sitemap_discussions.xml").write_text(sitemap)
    (folder / "pages").mkdir()
    (folder / "pages" / "9.html").write_text("<title>Will cats vote by 2030? - Kialo</title>")
    assert read_sitemap(sitemap) == {"9": "will-cats-vote-by-2030-9"}
    assert read_responses(folder)[0]["title"].tolist() == ["Will cats vote by 2030?"]


def test_the_one_real_answer_that_we_know_is_read(shared):
    graph = json.loads(
        (shared / "kialo" / "api" / "discussiongraph_72645.json").read_text(encoding="utf-8")
    )
    root, [thesis] = read_theses(graph)
    assert (root, thesis.statement_id, thesis.vote_ids) == ("", "72645.3", ("72645.2", "72645.3"))


def test_the_bundled_debates_are_read():
    debates, theses = read_responses((ROOT / "data" / "raw") / "demo" / "debates")
    assert (debates["source"] == "interface").all() and debates["debate_id"].is_unique
    assert theses["statement_id"].is_unique and theses["votes"].notna().all()
    assert debates["n_theses"].sum() == len(theses)
