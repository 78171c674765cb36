"""Study files: find one, lay it over the one that it extends, check it and load it."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import yaml
from pydantic import ValidationError

from alignment.study import paths
from alignment.study.parts import Part
from alignment.study.paths import shown
from alignment.study.schema import CHANGEABLE, Study
from utils.errors import Problem, nearest


class _Loader(yaml.SafeLoader):
    """YAML, but a key that stands twice is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                where = f"{Path(node.start_mark.name).name}, line {node.start_mark.line + 1}"
                raise Problem(f'{where}: "{key}" is listed twice.')
        return super().construct_mapping(node, deep)


def find(name: str) -> Path:
    """Return the file of a study, by its name (`demo`) or its path."""
    studies = paths.ROOT / "studies"
    for path in (studies / f"{name}.yaml", Path(name), paths.ROOT / name):
        if path.is_file() and path.suffix == ".yaml":
            return path.resolve()
    names = sorted(p.stem for p in studies.glob("*.yaml"))
    listed = f"{', '.join(names)}.{nearest(name, names)}"
    raise Problem(f'There is no study "{name}"; those in studies/ are {listed}')


def load(name: str | Path, changes: dict[str, object] | None = None) -> Study:
    """Load and check a study file, with settings changed by place ("sampling.temperature").

    Raises one Problem that lists every mistake.
    """
    path, changes = find(str(name)), changes or {}
    raw = _read_extended(path)
    for place, value in changes.items():
        for part in reversed(place.split(".")):
            value = {part: value}
        raw = _merge(raw, value)
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        lines = "\n".join(f"  - {_sentence(e)}" for e in error.errors())
        changed = "".join(f" with {place} = {value}" for place, value in changes.items())
        raise Problem(f"{shown(path)}{changed} cannot be used:\n{lines}") from None
    if study.name != path.stem:  # its folders bear the name, and the notebooks find the file by it
        rule = f'a study is called as its file is: write "name: {path.stem}".'
        raise Problem(f'{shown(path)} says "name: {study.name}"; {rule}')
    return study


def parse_settings(study: Study, typed: dict[str, str], others: Iterable[str]) -> dict[str, object]:
    """Return the settings of a study that a command line changes, by place.

    A list is typed with commas (`judges=a,b`). `others`: what else a name could have been meant
    for. Raises Problem for a setting that cannot be changed so.
    """
    now = _by_place(study.model_dump(include=set(CHANGEABLE)))
    changed = {}
    for place, text in typed.items():
        if place.split(".")[0] not in CHANGEABLE:
            why = f'-p: no notebook takes a parameter "{place}", and the study has no such '
            why += f"setting that could be changed so.{nearest(place, [*others, *now])}"
            raise Problem(f"{why} ./run_all.sh --list shows all.")
        value = yaml.safe_load(text)
        if isinstance(now.get(place), list) and not isinstance(value, list):
            value = str(value).split(",")
        if place not in now or value != now[place]:
            changed[place] = value
    return changed


def _by_place(value: object, place: str = "") -> dict[str, object]:
    """Return every setting below a place, by its own: "sampling.temperature" -> 1.0."""
    settings = {place: value} if place else {}
    for name, below in value.items() if isinstance(value, dict) else ():
        settings |= _by_place(below, f"{place}.{name}" if place else str(name))
    return settings


def _read_extended(path: Path) -> dict:
    """Read a study file laid over the one that it extends.

    A model, endpoint or culture that it sets to null is left out.
    """
    raw = _parse(path)
    own = {k: v for k, v in raw.items() if k != "extends"}
    if "extends" not in raw:
        return _expand(own, path)
    base = path.parent / str(raw["extends"])
    if not base.is_file():
        raise Problem(f'{shown(path)} extends "{raw["extends"]}", which is not there.')
    merged = _merge(_read_extended(base), _expand(own, path))
    for part in ("models", "endpoints", "cultures"):
        if isinstance(merged.get(part), dict):
            merged[part] = {k: v for k, v in merged[part].items() if v is not None}
    return merged


def _merge(base: dict, top: dict) -> dict:
    """Return `base` with the values of `top`, part by part."""
    merged = dict(base)
    for key, value in top.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _parse(path: Path) -> dict:
    content = path.read_bytes()
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Problem(f"{shown(path)}, line {line}, is not UTF-8: save it as UTF-8.") from None
    try:
        with path.open(encoding="utf-8") as stream:
            raw = yaml.load(stream, _Loader)
    except (yaml.YAMLError, ValueError) as error:  # the latter of a 31st of June
        raise Problem(f"{shown(path)} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise Problem(f"{shown(path)} holds no settings.")
    return raw


def _expand(value, path: Path):
    """Fill `${NAME}` from the environment, so that a folder need not stand in a file."""
    if isinstance(value, dict):
        return {k: _expand(v, path) for k, v in value.items()}
    if isinstance(value, list):
        return [_expand(v, path) for v in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda m: _read_variable(m[1], path), value)
    return value


def _read_variable(name: str, path: Path) -> str:
    if name not in os.environ:
        hint = f"set it, as in: {name}=... ./run_all.sh --study ..."
        raise Problem(f"{shown(path)} needs the environment variable {name}; {hint}")
    return os.environ[name]


def _sentence(error: dict) -> str:
    """Return one mistake of a study file as a sentence."""
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        names = {f for part in Part.__subclasses__() for f in part.model_fields}
        return f'"{place}" is not a setting.{nearest(str(error["loc"][-1]), names)}'
    if error["type"] == "missing":
        return f'"{place}" is missing.'
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
