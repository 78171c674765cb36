"""A study: its file found, laid over the one that it extends, checked and loaded."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import yaml
from pydantic import ValidationError

from alignment.study import paths
from alignment.study.paths import shown
from alignment.study.schema import CHANGEABLE, Part, Study
from utils.errors import Problem, nearest


class _Loader(yaml.SafeLoader):
    """YAML, but a key that stands twice is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise Problem(
                    f'{Path(node.start_mark.name).name}, line {node.start_mark.line + 1}: "{key}" is listed twice.'
                )
        return super().construct_mapping(node, deep)


def find(name: str) -> Path:
    """The file of a study, by its name (`demo`) or its path."""
    studies = paths.ROOT / "studies"
    for path in (studies / f"{name}.yaml", Path(name), paths.ROOT / name):
        if path.is_file() and path.suffix == ".yaml":
            return path.resolve()
    known = sorted(p.stem for p in studies.glob("*.yaml"))
    raise Problem(
        f'There is no study "{name}"; those in studies/ are {", ".join(known)}.{nearest(name, known)}'
    )


def load(name: str | Path, changes: dict[str, object] | None = None) -> Study:
    """Load and check a study file, with settings changed by their place ("sampling.temperature"); every mistake is told in one Problem."""
    path = find(str(name))
    raw = _merged(path)
    for place, value in (changes or {}).items():
        for part in reversed(place.split(".")):
            value = {part: value}
        raw = _laid_over(raw, value)
    try:
        found = Study.model_validate(raw)
    except ValidationError as error:
        lines = "\n".join(f"  - {_sentence(e)}" for e in error.errors())
        changed = "".join(f" with {place} = {value}" for place, value in (changes or {}).items())
        raise Problem(f"{shown(path)}{changed} cannot be used:\n{lines}") from None
    if found.name != path.stem:  # its folders bear the name, and the notebooks find the file by it
        raise Problem(
            f'{shown(path)} says "name: {found.name}"; a study is called as its file is: write "name: {path.stem}".'
        )
    return found


def settings(study: Study, given: dict[str, str], others: Iterable[str]) -> dict[str, object]:
    """Changed settings of a study, typed on a command line, by their place; Problem for one that cannot be changed so.

    A list is typed with commas (`judges=a,b`). `others`: what else a name could have been meant for.
    """
    known = _places(study.model_dump(include=set(CHANGEABLE)))
    out = {}
    for place, text in given.items():
        if place.split(".")[0] not in CHANGEABLE:
            said = f'no notebook takes a parameter "{place}", and the study has no such setting that could be changed so'
            raise Problem(
                f"-p: {said}.{nearest(place, [*others, *known])} ./run_all.sh --list shows all."
            )
        value = yaml.safe_load(text)
        out[place] = (
            str(value).split(",")
            if isinstance(known.get(place), list) and not isinstance(value, list)
            else value
        )
    return {
        place: value for place, value in out.items() if place not in known or value != known[place]
    }


def _places(value: object, place: str = "") -> dict[str, object]:
    """Every setting below a place, by its own: "sampling.temperature" -> 1.0."""
    found = {place: value} if place else {}
    for name, below in value.items() if isinstance(value, dict) else ():
        found |= _places(below, f"{place}.{name}" if place else str(name))
    return found


def _base(path: Path, raw: dict) -> Path:
    base = path.parent / str(raw["extends"])
    if not base.is_file():
        raise Problem(f'{shown(path)} extends "{raw["extends"]}", which is not there.')
    return base


def _merged(path: Path) -> dict:
    """A study file laid over the one that it extends."""
    raw = _parse(path)
    if "extends" not in raw:
        return _expanded(raw, path)
    base = _merged(_base(path, raw))
    return _laid_over(base, _expanded({k: v for k, v in raw.items() if k != "extends"}, path))


def _laid_over(base: dict, top: dict) -> dict:
    merged = dict(base)
    for key, value in top.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _laid_over(merged[key], value) if both else value
    return merged


def _parse(path: Path) -> dict:
    try:
        with path.open(encoding="utf-8") as stream:
            raw = yaml.load(stream, _Loader)
    except yaml.YAMLError as error:
        raise Problem(f"{shown(path)} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(raw, dict):
        raise Problem(f"{shown(path)} holds no settings.")
    return raw


def _expanded(value, path: Path):
    """Fill `${NAME}` from the environment, so that a folder need not stand in a file."""
    if isinstance(value, dict):
        return {k: _expanded(v, path) for k, v in value.items()}
    if isinstance(value, list):
        return [_expanded(v, path) for v in value]
    return (
        re.sub(r"\$\{(\w+)\}", lambda m: _variable(m[1], path), value)
        if isinstance(value, str)
        else value
    )


def _variable(name: str, path: Path) -> str:
    if name not in os.environ:
        raise Problem(
            f"{shown(path)} needs the environment variable {name}; set it, as in: {name}=... ./run_all.sh --study ..."
        )
    return os.environ[name]


def _sentence(error: dict) -> str:
    """One mistake of a study file as a sentence."""
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = {f for part in Part.__subclasses__() for f in part.model_fields}
        return f'"{place}" is not a setting.{nearest(str(error["loc"][-1]), known)}'
    if error["type"] == "missing":
        return f'"{place}" is missing.'
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
