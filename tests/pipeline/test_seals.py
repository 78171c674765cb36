"""What kernels really load, read and write, beside what their pages are sealed with."""

import json
from pathlib import Path

import pytest

from alignment.runner import freshness, notebooks, parameters
from alignment.study.paths import ASKING, ROOT

SOURCES = {source.name[:2]: source for source in parameters.sources()}
ANSWERS = {f"{number}_answers.csv.gz" for number in ASKING.values()}


@pytest.fixture(params=SOURCES)
def trace(request, demo_project) -> tuple[Path, dict[str, set[str]]]:
    """A notebook, and what its kernel loaded, read and wrote in the project, relative to it."""
    file = demo_project.folder.parent / "ipython" / "traces" / f"{request.param}.json"
    notes, folder = json.loads(file.read_text(encoding="utf-8")), demo_project.folder.resolve()
    trace = {}
    for kind, paths in notes.items():
        inside = [Path(path) for path in paths if Path(path).is_relative_to(folder)]
        trace[kind] = {path.relative_to(folder).as_posix() for path in inside}
    trace["whole"] = set(notes["read"])
    return SOURCES[request.param], trace


def below(paths: set[str], folder: str) -> set[str]:
    """Return what lies below a folder, by the first part of its name."""
    return {p.removeprefix(folder).split("/")[0] for p in paths if p.startswith(folder)}


def test_every_module_that_a_kernel_loads_is_in_the_seal(trace):
    source, trace = trace
    sealed = {path.relative_to(ROOT).as_posix() for path in notebooks.code_of(source)}
    loaded = {name for name in trace["modules"] if name.startswith("src/")}
    assert loaded and loaded <= sealed


def test_every_file_of_the_code_that_a_kernel_reads_is_in_the_seal(trace):
    source, trace = trace
    sealed = {path.relative_to(ROOT).as_posix() for path in notebooks.code_of(source)}
    read = {p for p in trace["read"] if p.startswith("src/") and "__pycache__" not in p}
    assert read <= sealed


def test_a_notebook_reads_the_tables_that_it_names(trace):
    source, trace = trace
    declared = notebooks.read_declaration(source)
    tables = below(trace["read"], "data/processed/demo/")
    assert tables <= declared.tables | declared.written | ANSWERS
    assert all(table[:2] <= source.name[:2] for table in tables)
    if not notebooks.RANGE.search(source.read_text(encoding="utf-8")):
        assert declared.tables <= tables


def test_a_notebook_reads_the_raw_files_that_it_names(trace):
    source, trace = trace
    raw = below(trace["read"], "data/raw/demo/")
    raw = {name for name in raw if not name.startswith(freshness.NOT_INPUT)}
    names = {name.split("/")[0] for name in notebooks.read_declaration(source).raw}
    assert "" in names or raw <= names


def test_a_notebook_writes_what_it_names(trace):
    source, trace = trace
    declared = notebooks.read_declaration(source)
    files = {n for n in below(trace["written"], "data/processed/demo/") if n[0] != "."}
    figures = {n.split(".")[0] for n in below(trace["written"], "figures/demo/") if n[0] != "."}
    assert files == declared.written and figures == declared.figures


def test_who_looks_at_all_parameters_says_so(trace):
    source, trace = trace
    if "parameters" in trace["whole"]:
        assert notebooks.read_declaration(source).takes_every_rule
