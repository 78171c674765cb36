"""The notebooks' parameters: read from their parameter cells, checked before anything runs."""

import ast
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alignment.study.paths import NOTEBOOKS, shown
from alignment.study.schema import CHANGEABLE
from alignment.study.workspace import Workspace
from utils.errors import Problem, nearest
from utils.rules import CHOICES, allowed

TYPES = {"int": int, "float": float, "bool": bool, "str": str}
WORDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a word"}
FROM_ZERO = ("relevance_quorum", "min_votes")  # the numbers of which 0 says something
CELL = re.compile(r'^# %% tags=\["parameters"\]\n(.*?)(?=^# %%|\Z)', re.M | re.S)
LINE = re.compile(r"^(?P<name>\w+): (?P<type>\w+) = (?P<value>.+?)  # (?P<help>.+)$")


@dataclass(frozen=True)
class Parameter:
    """A parameter of the notebooks: `name: type = default  # meaning`."""

    name: str
    type: str
    default: str | int | float | bool
    meaning: str


def sources() -> list[Path]:
    """Return the notebooks' sources, in order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py"))


def of(source: Path) -> dict[str, Parameter]:
    """Return the parameters of one notebook, by name."""
    cell = CELL.search(source.read_text(encoding="utf-8"))
    if cell is None:
        raise Problem(f'{shown(source)} has no cell marked # %% tags=["parameters"].')
    lines = [line for line in cell[1].splitlines() if line.strip()]
    return {p.name: p for p in (_parse(line, source) for line in lines)}


def _parse(line: str, source: Path) -> Parameter:
    match = LINE.match(line)
    if not match or match["type"] not in TYPES:
        form = "`name: type = default  # meaning`"
        raise Problem(f"{shown(source)}: a parameter is written {form}, not {line!r}.")
    return Parameter(match["name"], match["type"], ast.literal_eval(match["value"]), match["help"])


def all_of(notebooks: Iterable[Path]) -> dict[str, tuple[Parameter, list[str]]]:
    """Return every parameter but `study`, with the numbers of the notebooks that take it."""
    taken: dict[str, tuple[Parameter, list[str]]] = {}
    for source in notebooks:
        for name, parameter in of(source).items():
            if name != "study":
                taken.setdefault(name, (parameter, []))[1].append(source.name[:2])
    return taken


def defaults() -> dict[str, object]:
    """Return the default of every parameter, by name."""
    return {name: parameter.default for name, (parameter, _) in all_of(sources()).items()}


def check(given: dict[str, object], where: str) -> dict[str, object]:
    """Return values given for parameters in their types; a Problem names the nearest right one."""
    takes, values = all_of(sources()), {}
    for name, value in given.items():
        if name not in takes:
            why = f'no notebook takes a parameter "{name}".{nearest(name, takes)}'
            raise Problem(f"{where}: {why} ./run_all.sh --list shows all.")
        values[name] = _convert(takes[name][0], value, where)
    return values


def _convert(parameter: Parameter, value: object, where: str) -> object:
    wanted = TYPES[parameter.type]
    if isinstance(value, str) and wanted is bool:
        value = {"true": True, "false": False}.get(value.lower(), value)
    elif isinstance(value, str):
        with suppress(ValueError):
            value = wanted(value)
    elif wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        what = f"{WORDS[parameter.type]} (as in {parameter.name}={parameter.default})"
        raise Problem(f"{where}: {parameter.name} takes {what}, not {value!r}.")
    if parameter.name in CHOICES:
        try:
            allowed(parameter.name, value)
        except Problem as problem:
            raise Problem(f"{where}: {problem}") from None
    least = 0 if parameter.name in FROM_ZERO else 1
    if wanted in (int, float) and value < least:
        raise Problem(f"{where}: {parameter.name} is {least} or more, not {value}.")
    return value


def given_to(workspace: Workspace, source: Path) -> dict[str, object]:
    """Return the parameters that papermill sets: those that are not the notebook's defaults."""
    own = of(source)
    values = {"study": workspace.study.name} | workspace.given
    return {n: values[n] for n, p in own.items() if n in values and values[n] != p.default}


def table(notebooks: Iterable[Path]) -> str:
    """Return the list that `--list` prints."""
    lines = []
    for name, (parameter, numbers) in sorted(all_of(notebooks).items()):
        about = f"{parameter.type}, default {parameter.default}; notebooks {', '.join(numbers)}"
        choices = f" [{' | '.join(CHOICES[name])}]" if name in CHOICES else ""
        lines += [f"{name} ({about})", f"    {parameter.meaning}{choices}"]
    lines.append(
        "\nA setting of the study, by its place: sampling.temperature=0.5, judges=NAME,NAME, ... "
        f"({', '.join(CHANGEABLE)})."
    )
    return "\n".join(lines)
