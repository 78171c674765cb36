"""What a notebook's source says of it: what it reads and writes (first cell), what it imports."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alignment.study.paths import ASKING, shown
from utils.errors import Problem

SRC = Path(__file__).resolve().parents[2]
PACKAGES = ("utils", "alignment")
RAW = "data/raw/<study>"  # everything that lies there; with a name behind it, that alone
LINE = re.compile(r"\*reads\*(.*?)·\s*\*writes\*(.*?)·\s*\*takes\*(.*?)\n\n", re.S)
NAME = re.compile(r"`([^`]+)`")
RANGE = re.compile(r"tables\s+of\s+notebooks\s+(\d\d)\s+to\s+(\d\d)")


@dataclass(frozen=True)
class Declaration:
    """What the first cell of a notebook says that it reads, writes and takes."""

    tables: frozenset[str]  # that it reads, of notebooks before it
    raw: frozenset[str]  # that it reads in data/raw/<study>; "" is all of the folder
    written: frozenset[str]  # tables, and folders of them
    figures: frozenset[str]  # by name, without a suffix
    takes_every_rule: bool


@cache
def read_declaration(source: Path) -> Declaration:
    """Read the line *reads* · *writes* · *takes* in the first cell of a notebook."""
    text = source.read_text(encoding="utf-8").replace("\n#\n", "\n\n").replace("\n# ", "\n")
    line = LINE.search(text)
    if line is None:
        what = "what it *reads*, *writes* and *takes*"
        raise Problem(f"{shown(source)} does not say in its first cell {what}.")
    reads, writes, takes = line.groups()
    names = NAME.findall(reads)
    tables = {name for name in names if name[:2].isdigit()}
    if ends := RANGE.search(reads):
        before = [s for s in source.parent.glob("[0-9]*.py") if ends[1] <= s.name[:2] <= ends[2]]
        tables |= {table for other in before for table in read_declaration(other).written}
    raw = {name.removeprefix(RAW).strip("/") for name in names if name.startswith(RAW)}
    written = {name.rstrip("/") for name in NAME.findall(writes)}
    own = {name for name in written if name[:2].isdigit()}
    every_rule = "every rule" in " ".join(takes.split())
    return Declaration(*map(frozenset, (tables, raw, own, written - own)), every_rule)


def dependencies(source: Path, others: Iterable[Path]) -> set[Path]:
    """Return those of other notebooks whose tables this one reads, or that tell it who answered."""
    reads, before = read_declaration(source).tables, {o for o in others if o.name < source.name}
    wrote = {other for other in before if read_declaration(other).written & reads}
    return wrote | {other for other in before if other.name.startswith(tuple(ASKING.values()))}


def modules_of(source: Path) -> list[str]:
    """Return the project's modules that a notebook can load, directly or through others, by name.

    Imports inside functions count; so do the packages that hold the modules.
    """
    graph = _import_graph()
    imported = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    imported &= graph.modules
    for module in list(imported):
        imported |= graph.find_upstream_modules(module)
    packages = {".".join(m.split(".")[:n]) for m in imported for n in range(1, m.count(".") + 1)}
    return sorted(imported | packages)


@cache
def code_of(source: Path) -> list[Path]:
    """Return the files of `src` that a page depends on: its modules, and what lies beside them.

    These are all files in the packages of the modules that are not Python: templates, fonts,
    style sheets, the data dictionary.
    """
    places = [SRC.joinpath(*module.split(".")) for module in modules_of(source)]
    modules = [p / "__init__.py" if p.is_dir() else p.with_suffix(".py") for p in places]
    files = set(modules)
    for folder in {module.parent for module in modules}:
        files |= _not_python(folder)
    return sorted(files)


@cache
def _not_python(folder: Path) -> set[Path]:
    """Return the other files of a package; its subpackages have their own."""
    files = set()
    for path in folder.iterdir():
        if path.is_dir() and not (path / "__init__.py").exists() and path.name != "__pycache__":
            files |= {file for file in path.rglob("*") if file.is_file()}
        elif path.is_file() and path.suffix != ".py" and not path.name.startswith("."):
            files.add(path)
    return files


@cache
def _import_graph():
    import grimp

    return grimp.build_graph(*PACKAGES, cache_dir=None)
