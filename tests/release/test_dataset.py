"""The release: ids, hashes and labels that add up, no text, a card and metadata to be read."""

import csv
import hashlib
import json
import re

import pandas as pd
import pytest
import yaml

from alignment.release import croissant, dataset
from alignment.study import table_files
from alignment.study.hashes import content_hash
from alignment.study.loader import load
from alignment.study.paths import ROOT
from alignment.study.workspace import Workspace
from utils.errors import Problem

TEXTS = [
    "Cats should be allowed to vote.",
    "Dogs should not be allowed to vote.",
    "Owls should vote at night.",
]
STATEMENTS = pd.DataFrame(
    {
        "statement_id": ["17.1", "18.3", "19#2"],
        "debate_id": ["17", "18", "19"],
        "text": TEXTS,
        "votes": [9, 4, None],
    }
)
STATEMENTS = STATEMENTS.astype({"votes": "Int64"})
LABELS = pd.DataFrame({
    "statement_id": ["17.1", "17.1", "18.3", "19#2"], "dimension": ["PDI", "IDV", "PDI", "LTO"], "polarity": [2, -1, 1, -2],
    "respondents": "live",
})  # fmt: skip
POLARITY = LABELS[["statement_id", "dimension"]].assign(votes=[8, 7, 8, 5])
TRANSLATED = pd.DataFrame({
    "statement_id": STATEMENTS["statement_id"], "language": "zh", "text": ["猫", "狗", "枭"], "translator": "google",
    "date": ["2026-03-01", "2026-03-02", ""], "source_hash": "", "corrected": [False, True, False],
})  # fmt: skip
RATINGS = LABELS[["statement_id", "dimension", "polarity"]].assign(
    annotator="007", relevant=1.0, respondents="live"
)
NOBODY = RATINGS.iloc[:0]
# What Croissant 1.0 requires of a data set.
REQUIRED = [
    "@context",
    "@type",
    "conformsTo",
    "name",
    "description",
    "license",
    "url",
    "creator",
    "datePublished",
    "distribution",
]


@pytest.fixture
def live(elsewhere):
    return Workspace(load("paper"), "paper")


@pytest.fixture
def data():
    return dataset.build_dataset(LABELS, STATEMENTS, POLARITY)


def head(card: str) -> dict:
    return yaml.safe_load(card.split("---\n")[1])


def written(here) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (here.processed / "12_release").iterdir()}


def test_the_table_holds_ids_labels_votes_and_hashes_and_nothing_else(data):
    assert data.columns.tolist() == list(dataset.COLUMNS)
    first = data.iloc[0].to_dict()
    assert first == {
        "statement_id": "17.1", "dimension": "PDI", "polarity": 2, "judge_votes": 8, "votes": 9,
        "content_hash": "162e4a4eabee1433", "respondents": "live",
    }  # fmt: skip
    assert data["content_hash"].tolist() == [content_hash(TEXTS[i]) for i in (0, 0, 1, 2)]
    assert data["votes"].isna().tolist() == [False, False, False, True]


def test_a_label_of_a_statement_that_was_left_out_stops_the_release():
    with pytest.raises(Problem, match=r"18\.3 has a label but is not one of the statements kept"):
        dataset.build_dataset(LABELS, STATEMENTS.drop(index=1), POLARITY)


def test_brought_labels_need_no_judges(live):
    data = dataset.build_dataset(LABELS, STATEMENTS, pd.DataFrame())
    assert data["judge_votes"].isna().all() and len(data) == 4


def test_no_text_stands_in_any_file_of_the_release(live, data):
    dataset.write_release(live, data, TRANSLATED, RATINGS)
    whole = b"\n".join(written(live).values()).decode()
    for text in [*TEXTS, *TRANSLATED["text"]]:
        assert text not in whole
        assert not any(
            " ".join(text.split()[i : i + 3]) in whole for i in range(len(text.split()) - 2)
        )


def test_the_card_is_what_hugging_face_reads_and_says_what_a_user_must_know(live, data):
    card = dataset.make_card(live, data, TRANSLATED, RATINGS)
    told = head(card)
    assert (
        told["license"] == "cc-by-4.0"
        and told["language"] == ["en", "zh"]
        and told["size_categories"] == ["n<1K"]
    )
    assert told["annotations_creators"] == ["machine-generated"] and told["language_creators"] == [
        "found"
    ]
    assert told["configs"] == [
        {"config_name": "default", "data_files": "sociocultural_statements.csv"}
    ]
    for said in (
        "drugs",
        "sexuality",
        "religion",
        "war",
        "not for comparing cultures",
        "No text is released",
        "2602.12878",
    ):
        assert said in card
    assert "a reader corrected 1 of 3" in card and "made by: google" in card
    assert re.search(r"\| PDI \| 2 \|.*\| MAS \| 0 \|.*\| LTO \| 1 \|", card, re.S)
    assert all(f"`{column}`" in card for column in data.columns)
    assert "Simulated" not in card and "{" not in card.split("```")[0]


def test_labels_that_were_brought_keep_the_terms_of_their_source(elsewhere, data):
    here = Workspace(load("imported"), "imported")
    brought = data.assign(respondents="imported")
    assert "license: unknown" in dataset.make_card(here, brought, TRANSLATED.iloc[:0], RATINGS)
    assert "brought from" in dataset.describe_for_catalogues(here, brought, "2026-03-02")["license"]


def test_the_card_says_when_nobody_read_the_translations(live, data):
    assert "so nobody may have checked them" in dataset.make_card(
        live, data, TRANSLATED.assign(corrected=False), RATINGS
    )
    assert "placeholders, no translations" in dataset.make_card(
        live, data, TRANSLATED.assign(translator="simulated"), RATINGS
    )
    assert "asked in one language" in dataset.make_card(live, data, TRANSLATED.iloc[:0], RATINGS)


def test_the_card_says_who_checked_the_labels(live, data):
    assert "4 of them were checked by people (1 annotators)" in dataset.make_card(
        live, data, TRANSLATED, RATINGS
    )
    open_ = RATINGS.assign(relevant=float("nan"), polarity=float("nan"))
    for nobody in (NOBODY, open_):
        card = dataset.make_card(live, data, TRANSLATED, nobody)
        assert "no person has checked them" in card and "annotators were simulated" not in card
    made_up = RATINGS.assign(respondents="simulated")
    assert "the annotators were simulated" in dataset.make_card(live, data, TRANSLATED, made_up)


@pytest.mark.parametrize("name", ["demo", "three_cultures"])
def test_a_card_of_debates_written_for_this_project_speaks_of_no_users_and_no_votes_of_people(
    elsewhere, data, name
):
    here = Workspace(load(name), name)
    card = dataset.make_card(
        here,
        data.assign(respondents="simulated"),
        TRANSLATED,
        RATINGS.assign(respondents="simulated"),
    )
    assert head(card)["language_creators"] == ["other"] and "data/raw/demo" in card
    assert "nobody voted" in card and "Nobody debated" in card and "for nothing else" in card
    for untrue in (
        "users who wrote",
        "people's votes",
        "checked by people",
        "Debates change",
        "language models, the same",
    ):
        assert untrue not in card


def test_simulated_labels_of_real_debates_are_not_called_written_for_this_project(
    elsewhere, data, monkeypatch
):
    monkeypatch.setenv("KIALO", "somewhere")
    here = Workspace(load("exports"), "exports")
    card = dataset.make_card(here, data.assign(respondents="simulated"), TRANSLATED, NOBODY)
    assert (
        "users who wrote them" in card
        and head(card)["language_creators"] == ["found"]
        and "written for" not in card
    )


def test_a_simulated_release_says_so_in_its_name_and_card_and_has_no_croissant(elsewhere, data):
    demo = Workspace(load("demo"), "demo")
    names = dataset.write_release(demo, data.assign(respondents="simulated"), TRANSLATED, RATINGS)
    assert names == ["README.md", "simulated_sociocultural_statements.csv"]
    card = written(demo)["README.md"].decode()
    assert head(card)["pretty_name"].startswith("Simulated") and "simulated" in head(card)["tags"]
    assert "license" not in head(card) and "made up by simulated respondents" in card
    assert set(table_files.read(demo.processed / "12_release" / names[1])["respondents"]) == {
        "simulated"
    }


def test_one_simulated_label_makes_the_whole_release_a_simulated_one(live, data):
    dataset.write_release(live, data, TRANSLATED, RATINGS)
    mixed = data.assign(respondents=["live", "live", "simulated", "live"])
    assert dataset.write_release(live, mixed, TRANSLATED, RATINGS) == [
        "README.md",
        "simulated_sociocultural_statements.csv",
    ]


def test_the_croissant_file_has_all_that_version_1_0_requires(live, data):
    dataset.write_release(live, data, TRANSLATED, RATINGS)
    files = written(live)
    told = json.loads(files["croissant.json"])
    assert [name for name in REQUIRED if not told.get(name)] == []
    assert (
        told["conformsTo"] == "http://mlcommons.org/croissant/1.0" and told["@type"] == "sc:Dataset"
    )
    assert (
        told["@context"]["@vocab"] == "https://schema.org/"
        and told["@context"]["cr"] == "http://mlcommons.org/croissant/"
    )
    assert (
        told["@context"]["conformsTo"] == "dct:conformsTo"
        and told["@context"]["recordSet"] == "cr:recordSet"
    )
    assert told["datePublished"] == "2026-03-02" and re.fullmatch(r"\d+\.\d+\.\d+", told["version"])
    (file,) = told["distribution"]
    content = files[file["contentUrl"]]
    assert (
        file["sha256"] == hashlib.sha256(content).hexdigest()
        and file["contentSize"] == f"{len(content)} B"
    )


def test_the_date_is_that_of_the_material_which_a_study_borrows_and_none_is_made_up(live, data):
    undated = TRANSLATED.assign(date="")
    assert dataset.find_newest_day(
        live, undated
    ) is None and "datePublished" not in dataset.describe_for_catalogues(live, data, None)
    borrowing = Workspace(
        live.study.model_copy(update={"name": "mine", "material": "paper"}), "mine"
    )
    table_files.write(
        pd.DataFrame({"time": ["2026-02-03T10:00:00", "2026-02-04T10:00:00"]}),
        live.raw / "debates" / "responses.csv",
    )
    assert dataset.find_newest_day(borrowing, undated) == "2026-02-04"


def test_every_reference_in_the_croissant_file_leads_somewhere_and_every_column_is_a_field(
    live, data
):
    dataset.write_release(live, data, TRANSLATED, RATINGS)
    files = written(live)
    told = json.loads(files["croissant.json"])
    (records,) = told["recordSet"]
    known = {told["distribution"][0]["@id"], records["@id"], *(f["@id"] for f in records["field"])}
    assert len(known) == 2 + len(records["field"])
    assert {f["source"]["fileObject"]["@id"] for f in records["field"]} | {
        k["@id"] for k in records["key"]
    } <= known
    columns = next(csv.reader(files["sociocultural_statements.csv"].decode().splitlines()))
    assert [f["source"]["extract"]["column"] for f in records["field"]] == columns
    kinds = {f["name"]: f["dataType"] for f in records["field"]}
    assert (
        kinds["polarity"] == kinds["votes"] == kinds["judge_votes"] == "sc:Integer"
        and kinds["content_hash"] == "sc:Text"
    )
    halves = croissant.make_metadata(
        {}, "x.csv", b"", data.assign(polarity=[0.5, 1, 2, -1]), dataset.COLUMNS
    )
    assert {f["name"]: f["dataType"] for f in halves["recordSet"][0]["field"]}[
        "polarity"
    ] == "sc:Float"


def test_the_same_release_is_the_same_bytes(live, data):
    dataset.write_release(live, data, TRANSLATED, RATINGS)
    before = written(live)
    dataset.write_release(live, data, TRANSLATED, RATINGS)
    assert written(live) == before


def test_table_4_shows_the_statement_with_the_most_votes_of_each_dimension_in_order(data):
    found = dataset.pick_examples(data, ["LTO", "PDI", "MAS", "IDV"])
    assert found.values.tolist() == [["LTO", "19#2", -2], ["PDI", "17.1", 2], ["IDV", "17.1", -1]]


def test_the_committed_release_of_the_default_study_holds_no_text_and_says_that_it_is_simulated():
    folder = ROOT / "data" / "processed" / "demo" / "12_release"
    if not folder.is_dir():
        pytest.skip("the default study was not run here")
    assert {p.name for p in folder.iterdir()} == {
        "README.md",
        "simulated_sociocultural_statements.csv",
    }
    whole = "".join(p.read_text(encoding="utf-8") for p in folder.iterdir())
    statements = table_files.read(folder.parent / "02_statements.csv")
    assert not [t for t in statements["text"] if t in whole]
