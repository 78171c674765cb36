"""A study file is loaded whole or refused in sentences."""

import json
import re
import shutil
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

from alignment.asking import plan
from alignment.asking.request import Request
from alignment.runner import pipeline
from alignment.study import loader, page_notes, schema
from alignment.study.paths import ROOT
from alignment.study.workspace import Workspace
from utils.errors import Problem

PAPER_MODELS = {
    "GPT": "gpt-4.1-2025-04-14",
    "Llama": "llama-3-70b-instruct",
    "DeepSeek": "deepseek-r1-0528",
    "Qwen": "qwen-2.5-72b-instruct",
}


def changed(tmp_path, change) -> str:
    """The demo's file with one change, in a file of its own."""
    raw = yaml.safe_load((ROOT / "studies" / "demo.yaml").read_text(encoding="utf-8"))
    change(raw)
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", ["demo", "paper", "imported", "imported_usa", "imported_china"])
def test_every_study_in_the_repository_loads(name):
    assert loader.load(name).name == name


EXAMPLES = re.findall(
    r"```yaml\n(.*?)```", (ROOT / "studies" / "README.md").read_text(encoding="utf-8"), re.S
)
ENDPOINTS = re.findall(
    r"^\| .* \| `(\{base_url[^`]*\})` \|$",
    (ROOT / "studies" / "README.md").read_text(encoding="utf-8"),
    re.M,
)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.splitlines()[0])
def test_every_example_of_the_readme_is_a_study(tmp_path, text):
    path = tmp_path / re.match(r"# studies/(\w+\.yaml)", text)[1]
    path.write_text(text, encoding="utf-8")
    (tmp_path / "paper.yaml").write_text(
        (ROOT / "studies" / "paper.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    found = loader.load(path)
    assert f"name: {found.name}" in text
    if found.respondents == "imported":
        return
    for name, model in found.models.items():
        sent = json.loads(Request("key", "stance", "en", name, 3, 1, []).body(found))
        assert sent["model"] == model.request and sent.get("provider", {}) == model.provider


@pytest.mark.parametrize("text", ENDPOINTS)
def test_every_endpoint_of_the_readme_is_one(text):
    assert schema.Endpoint.model_validate(yaml.safe_load(text)).base_url.startswith("http")


def test_the_readme_shows_every_kind_of_endpoint():
    assert len(EXAMPLES) == 5 and len(ENDPOINTS) == 7


def test_the_exports_study_asks_for_its_folder_in_the_environment(monkeypatch):
    monkeypatch.delenv("KIALO", raising=False)
    with pytest.raises(Problem, match="environment variable KIALO"):
        loader.load("exports")
    monkeypatch.setenv("KIALO", "somewhere")
    assert loader.load("exports").debates.votes == "somewhere/votes_json"


def test_the_papers_study_is_the_papers():
    paper = loader.load("paper")
    for name, request in PAPER_MODELS.items():
        assert paper.models[name].request.endswith(request)
    assert (paper.sampling.temperature, paper.languages) == (1.0, ["en", "zh"])
    assert paper.parameters == {"relevance_runs": 5, "polarity_runs": 5, "stance_runs": 5}
    assert paper.debates.source == "kialo" and not paper.debates.permission
    assert paper.cap is None


def test_a_misspelt_key_is_told_with_the_right_one(tmp_path):
    with pytest.raises(
        Problem, match=r'"respondants" is not a setting. Did you mean "respondents"'
    ):
        loader.load(changed(tmp_path, lambda raw: raw.update(respondants="live")))


def test_a_misspelt_key_deep_inside_is_told_too(tmp_path):
    with pytest.raises(
        Problem, match=r'"models.sim-us-1.endpont" is not a setting. Did you mean "endpoint"'
    ):
        loader.load(changed(tmp_path, lambda raw: raw["models"]["sim-us-1"].update(endpont="x")))


def test_an_unknown_model_among_the_judges_is_told_with_the_nearest(tmp_path):
    with pytest.raises(Problem, match=r'judge "sim-us-3" is not one of .* Did you mean'):
        loader.load(changed(tmp_path, lambda raw: raw.update(judges=["sim-us-3"])))


def test_an_unknown_culture_is_told(tmp_path):
    with pytest.raises(Problem, match='culture "UK" is not one of US, China'):
        loader.load(changed(tmp_path, lambda raw: raw["models"]["sim-us-1"].update(culture="UK")))


def test_all_mistakes_are_told_at_once(tmp_path):
    def two(raw):
        raw.update(respondants="live")
        raw["sampling"] = {"temperature": "hot"}

    with pytest.raises(Problem) as error:
        loader.load(changed(tmp_path, two))
    assert "respondants" in str(error.value) and "sampling.temperature" in str(error.value)


def test_a_key_that_stands_twice_is_an_error(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text("name: a\nname: b\n", encoding="utf-8")
    with pytest.raises(Problem, match='"name" is listed twice'):
        loader.load(path)


def test_a_file_that_is_not_yaml_is_an_error(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("name: [a\n", encoding="utf-8")
    with pytest.raises(Problem, match="is not YAML"):
        loader.load(path)


def test_a_file_that_is_not_utf_8_is_told_with_its_line(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: latin\ntitle: caf\xe9\n".encode("latin-1"))
    with pytest.raises(Problem, match="line 2, is not UTF-8"):
        loader.load(path)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("base_url", "", "needs its base_url"),
        ("base_url", "api.example/v1", 'write "https://api.example/v1"'),
        ("base_url", "https://a.example/v1/chat/completions", 'write "https://a.example/v1"'),
        ("base_url", "https://a.example/v1?api-version=1", "ends in a query"),
        ("base_url", "https://me:hush-hush@a.example/v1", "holds a key or password"),
        ("base_url", "https://a.example:port/v1", "is no address"),
        ("key", "sk-hush-hush-0123456789", "name of an environment variable"),
        ("key", "gsk_hush0hush1hush2hush3hush4", "name of an environment variable"),
    ],
)
def test_what_an_endpoint_cannot_be_is_told_and_no_key_repeated(tmp_path, setting, value, said):
    text = (ROOT / "studies" / "paper.yaml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text) | {"name": "changed"}
    raw["endpoints"]["openai"][setting] = value
    path = tmp_path / "changed.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    with pytest.raises(Problem, match=re.escape(said)) as error:
        loader.load(path)
    assert "hush" not in str(error.value)


def test_an_unknown_study_is_told_with_the_nearest():
    with pytest.raises(Problem, match='no study "deno".*Did you mean "demo"'):
        loader.load("deno")


def test_what_extends_a_study_keeps_the_rest_of_it():
    base, usa = loader.load("imported"), loader.load("imported_usa")
    assert usa.table.where == {"Context": "usa"} and usa.table.columns == base.table.columns
    assert usa.models == base.models


def test_what_extends_a_study_leaves_out_the_models_that_it_sets_to_null(elsewhere):
    own = elsewhere / "studies" / "one.yaml"
    own.write_text("extends: local.yaml\nname: one\nmodels: {Qwen-Coder-1.5B: null}\n")
    assert list(loader.load("one").models) == ["Qwen-Coder-0.5B"]
    own.write_text("extends: local.yaml\nname: one\nendpoints: {small: null}\n")
    with pytest.raises(Problem, match="small"):
        loader.load("one")


def test_simulated_respondents_need_their_leanings(tmp_path):
    with pytest.raises(Problem, match="simulation"):
        loader.load(changed(tmp_path, lambda raw: raw.pop("simulation")))


def test_a_study_is_called_as_its_file_is(tmp_path):
    with pytest.raises(Problem, match='says "name: demo".*write "name: changed"'):
        loader.load(changed(tmp_path, lambda raw: None))


def test_an_empty_cap_is_no_cap(tmp_path):
    with pytest.raises(Problem, match="a cap says usd, calls, or both"):
        loader.load(changed(tmp_path, lambda raw: raw.update(cap={})))


def test_tables_stand_in_the_order_of_the_study_and_not_of_the_alphabet():
    here = Workspace(loader.load("demo"), "demo")
    frame = pd.DataFrame(
        {
            "model": ["all", "sim-cn-1", "sim-us-1", "sim-us-1"],
            "language": ["en", "en", "zh", "en"],
            "n": range(4),
        }
    )
    assert here.in_order(frame)["n"].tolist() == [3, 2, 1, 0]
    assert here.in_order(pd.DataFrame({"dimension": ["IND", "PDI", "PDI"], "n": range(3)}))[
        "n"
    ].tolist() == [1, 2, 0]


def test_a_page_made_by_hand_says_so_whoever_answered():
    assert "made by hand" in page_notes.banner(Workspace(loader.load("demo"), "demo--lab")).data
    assert "made by hand" not in page_notes.banner(Workspace(loader.load("demo"), "demo")).data
    live = SimpleNamespace(respondents="live", is_lab=True, study=loader.load("demo"))
    assert page_notes.rating_banner(live, "live").data.startswith("> **A lab run.**")


def test_a_setting_is_changed_by_its_place_and_typed_as_the_study_file_types_it():
    given = {
        "sampling.temperature": "0.5",
        "judges": "sim-us-1,sim-cn-1",
        "cultures.US.people": "US",
        "models.sim-us-1.max_tokens": "99",
    }
    changes = loader.parse_settings(loader.load("demo"), given, [])
    assert changes == {
        "sampling.temperature": 0.5,
        "judges": ["sim-us-1", "sim-cn-1"],
        "models.sim-us-1.max_tokens": 99,
    }  # US is what it was
    found = loader.load("demo", changes)
    assert (found.sampling.temperature, found.judges, found.limit("sim-us-1")) == (
        0.5,
        ["sim-us-1", "sim-cn-1"],
        99,
    )
    assert found.name == "demo" and found.limit("sim-us-2") == loader.load("demo").limit("sim-us-2")


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("temperature", "0.5", 'Did you mean "sampling.temperature"'),
        ("relevence_quorum", "5", 'Did you mean "relevance_quorum"'),
        ("debates.permission", "true", "no such setting that could be changed so"),
        ("show_texts", "true", "no such setting that could be changed so"),
        ("respondents", "live", "no such setting that could be changed so"),
        ("cap", "{usd: 1000}", "no such setting that could be changed so"),
        (
            "sampling.temprature",
            "0.5",
            r'with sampling.temprature = 0.5 cannot be used:\n.*Did you mean "temperature"',
        ),
        ("judges", "sim-us-9", 'Did you mean "sim-us-'),
        ("sampling.temperature", "hot", "should be a valid number"),
    ],
)
def test_a_setting_that_cannot_be_changed_so_is_told_in_a_sentence(place, value, said):
    demo = loader.load("demo")
    with pytest.raises(Problem, match=said):
        loader.load("demo", loader.parse_settings(demo, {place: value}, ["relevance_quorum"]))


def test_the_study_that_contributing_shows_loads_and_asks_the_new_model_for_stances_alone(tmp_path):
    shown = re.search(
        r"```yaml\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.S
    )[1]
    shutil.copy(ROOT / "studies" / "paper.yaml", tmp_path)
    path = tmp_path / "mine.yaml"
    path.write_text(shown, encoding="utf-8")
    mine = loader.load(path)
    calls = plan.plan_expected_calls(mine, {"relevance": 5, "polarity": 5, "stance": 5})
    assert set(calls.loc[calls["model"] == "Mistral", "step"]) == {"stance"}
    assert calls["calls"].sum() == 212_600 + 281 * 5 * 2


def test_a_culture_as_contributing_writes_it_needs_people_of_the_older_matrix(tmp_path):
    extra = "extends: demo.yaml\nname: france\n"
    extra += "cultures: {France: {language: en, people: France}}\n"
    extra += "models: {sim-fr-1: {culture: France, endpoint: simulated}}\n"
    leanings = dict.fromkeys(["PDI", "IDV", "MAS", "UAI", "LTO", "IND"], [0.1, 0.1])
    shutil.copy(ROOT / "studies" / "demo.yaml", tmp_path)
    path = tmp_path / "france.yaml"
    path.write_text(
        extra
        + yaml.safe_dump(
            {
                "simulation": {"leanings": {"sim-fr-1": leanings}},
                "parameters": {"human_values": "2015"},
            }
        ),
        encoding="utf-8",
    )
    found = loader.load(path)
    pipeline._check(Workspace(found, found.name))
    with pytest.raises(Problem, match='no "France" in the version "current"'):
        without = found.model_copy(update={"parameters": {}})
        pipeline._check(Workspace(without, found.name))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"columns": {"statement": "a", "model": "b", "answr": "c"}}, 'Did you mean "answer"'),
        ({"columns": {"statement": "a", "model": "b"}}, '"table.columns.answer" is missing'),
        ({"columns": {"model": "b", "answer": "c"}}, "needs a column statement"),
        ({"columns": {"statement": "a", "model": "a", "answer": "c"}}, '"a" is named twice'),
        ({"answers": {"1": "yes"}}, 'meaning of an answer "yes" is not one of agree'),
        ({"answers": {True: "agree"}}, "in quotation marks"),
        ({"models": {"gpt": "GPT"}}, 'model "GPT" is not one of ChatGPT'),
        ({"language": "fr"}, 'language "fr" is not one of en'),
        ({"polarity": 3}, "the polarity 3 is not one of"),
        ({"run": "nr"}, '"table.run" is not a setting'),
    ],
)
def test_a_wrong_mapping_of_columns_is_told_when_the_study_is_loaded(elsewhere, table, said):
    whole = yaml.safe_load((elsewhere / "studies" / "imported.yaml").read_text(encoding="utf-8"))
    whole["table"] |= table
    (elsewhere / "studies" / "imported.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    with pytest.raises(Problem) as told:
        loader.load("imported")
    assert said in str(told.value)


def test_answers_in_several_languages_need_to_be_told_apart(elsewhere):
    whole = yaml.safe_load((elsewhere / "studies" / "imported.yaml").read_text(encoding="utf-8"))
    del whole["table"]["language"]
    whole["languages"] = ["en", "zh"]
    (elsewhere / "studies" / "imported.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    with pytest.raises(Problem, match="several languages, so it needs its column"):
        loader.load("imported")


def test_an_answer_that_means_two_things_by_the_case_of_its_letters_is_refused(elsewhere):
    own = elsewhere / "studies" / "twice.yaml"
    for other in ("NO", "no.", "“No”"):
        answers = f'{{"No": disagree, "{other}": agree}}'
        own.write_text(f"extends: imported.yaml\nname: twice\ntable: {{answers: {answers}}}\n")
        with pytest.raises(Problem, match=f'"{other}" has two meanings'):
            loader.load("twice")
