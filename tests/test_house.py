"""The house keeps its order: every module has its place, none is too long, and none imports from a later one."""

import ast

import utils
from alignment.study.paths import ROOT

FOLDER = ROOT / "src" / "utils"
ORDER = [name for line in utils.__doc__.split("\n\n")[1].splitlines() for name in line.split()[1:]]
MOST_LINES = 250


def imported(name: str) -> set[str]:
    """The project's modules that a module imports when it is itself imported."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "utils":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("utils."):
            found.add(node.module.removeprefix("utils."))
    return found


def test_every_module_has_one_place():
    assert sorted(ORDER) == sorted(p.stem for p in FOLDER.glob("*.py") if p.stem != "__init__")


def test_no_module_imports_from_a_later_one():
    wrong = [
        (name, other)
        for i, name in enumerate(ORDER)
        for other in imported(name)
        if other not in ORDER[:i]
    ]
    assert not wrong


def test_every_module_can_be_read_in_one_sitting():
    lengths = {
        name: len((FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines())
        for name in ORDER
    }
    assert not {name: n for name, n in lengths.items() if n > MOST_LINES}
