"""A wrong name or value stops before anything runs, with the right one."""

import pytest

from alignment import cli
from alignment.runner import parameters, pipeline
from utils.errors import Problem
from utils.rules import CHOICES


def test_a_value_takes_the_type_of_its_parameter():
    assert parameters.check({"relevance_quorum": "5", "tie_rule": "drop"}, "-p") == {
        "relevance_quorum": 5,
        "tie_rule": "drop",
    }


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("relevance_qorum", "5", 'Did you mean "relevance_quorum"'),
        ("relevance_quorum", "1e3", "takes a whole number"),
        ("relevance_quorum", "five", "takes a whole number"),
        ("relevance_quorum", True, "takes a whole number"),
        ("relevance_quorum", "-1", "is 0 or more, not -1"),
        ("stance_runs", "0", "is 1 or more, not 0"),
        ("resamples", "0", "is 1 or more, not 0"),
        ("tie_rule", "dorp", 'Did you mean "drop"'),
        ("study", "demo", "no notebook takes"),
    ],
)
def test_a_wrong_one_is_told_in_a_sentence(name, value, said):
    with pytest.raises(Problem, match=said):
        parameters.check({name: value}, "-p")


def test_every_choice_names_a_parameter_and_holds_its_default():
    known = parameters.all_of(parameters.sources())
    for name, choices in CHOICES.items():
        assert known[name][0].default in choices


def test_the_list_names_every_parameter_with_its_notebooks():
    text = parameters.table(parameters.sources())
    assert "relevance_quorum (int, default 0; notebooks 04)" in text
    assert "nearest_median | drop" in text


def test_a_changed_parameter_writes_to_a_folder_of_its_own():
    assert pipeline.name_of_folder("demo", {"min_votes": 5}) == "demo--min_votes=5"
    long = pipeline.name_of_folder("demo", {f"parameter_{i}": i for i in range(20)})
    assert len(long) < 80 and long != pipeline.name_of_folder(
        "demo", {f"parameter_{i}": i + 1 for i in range(20)}
    )


def test_the_command_line_refuses_what_it_does_not_know(capsys):
    assert cli.main(["run", "-p", "relevance_qorum=5"]) == 1
    assert cli.main(["run", "--only", "77"]) == 1
    assert cli.main(["run", "--study", "deno"]) == 1
    assert cli.main(["run", "--from", "05", "--until", "03"]) == 1
    assert cli.main(["run", "-p", "relevance_quorum=99"]) == 1
    assert cli.main(["run", "-p", "sampling.temperature=9"]) == 1
    assert cli.main(["run", "-p", "cultures.US.people=Atlantis", "--plan"]) == 1
    assert cli.main(["run", "--plan", "--pilot", "3"]) == 1
    said = capsys.readouterr().err
    for sentence in (
        "--plan asks nothing and --pilot asks a few cells",
        'Did you mean "relevance_quorum"',
        'no notebook "77"',
        'Did you mean "demo"',
        "--from 05 comes after --until 03",
        "99 does not fit 8 planned votes",
        "less than or equal to 2",
        'no "Atlantis"',
    ):
        assert sentence in said
