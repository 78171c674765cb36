"""What a page depends on is what its notebook imports, reads and takes, and nothing else."""

import pytest

from alignment.runner import notebooks, parameters

SOURCES = {source.name[:2]: source for source in parameters.sources()}


def needed(number: str) -> set[str]:
    others = SOURCES.values()
    return {source.name[:2] for source in notebooks.dependencies(SOURCES[number], others)}


@pytest.mark.parametrize("number", [n for n in SOURCES if n >= "04"])
def test_a_change_in_kialos_client_leaves_pages_04_to_14_alone(number):
    modules = notebooks.modules_of(SOURCES[number])
    assert not [module for module in modules if module.startswith("alignment.kialo")]


def test_the_page_of_debates_does_depend_on_kialos_client():
    assert "alignment.kialo.client" in notebooks.modules_of(SOURCES["01"])


@pytest.mark.parametrize("number", SOURCES)
def test_a_changed_runner_leaves_all_pages_alone(number):
    modules = notebooks.modules_of(SOURCES[number])
    assert "alignment.study.workspace" in modules and "utils.errors" in modules
    assert not [module for module in modules if module.startswith("alignment.runner")]


def test_templates_fonts_and_the_dictionary_count_where_their_package_is_used():
    names = {path.name for path in notebooks.code_of(SOURCES["04"])}
    assert {"relevance.en.txt", "style.mplstyle", "dictionary.yaml", "votes.py"} <= names
    assert "card.md" not in names and "__init__.py" in names
    assert "card.md" in {path.name for path in notebooks.code_of(SOURCES["12"])}


def test_a_notebook_waits_for_those_whose_tables_it_reads():
    assert needed("00") == needed("01") == set()
    assert needed("02") == {"01"} and needed("04") == {"02", "03"}
    assert "06" not in needed("07") and "05" in needed("07")
    assert not {"08", "09", "10", "13"} & needed("14")
    assert {"06", "08", "09", "10"} <= needed("13")


@pytest.mark.parametrize("number", [n for n in SOURCES if n > "07"])
def test_who_answered_is_read_by_every_page_of_results(number):
    assert {"04", "05", "07"} <= needed(number)


def test_a_notebook_waits_only_for_those_before_it():
    for number in SOURCES:
        assert all(other < number for other in needed(number))
