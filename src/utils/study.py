"""A study: its file, loaded and checked, and the folders that belong to it."""

import os
import re
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from utils.errors import Problem, nearest
from utils.paths import ROOT, STUDIES, shown

Respondents = Literal["live", "simulated", "imported"]
DIMENSIONS = ["PDI", "IDV", "MAS", "UAI", "LTO", "IND"]


class Part(BaseModel):
    """A part of a study file; a key that is not listed is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())


class Debates(Part):
    """Where the debates come from: kept responses, live Kialo, a folder of exports, or a table of statements."""

    source: Literal["interface", "kialo", "exports", "table"]
    folder: str = ""  # of exports; default: data/raw/<study>/debates
    votes: str = ""  # of vote files, for exports
    keep_twins: bool = False
    base_url: str = "https://www.kialo.com"
    permission: bool = False  # Kialo gave permission to collect
    contact: str = ""  # an address in the name that the client gives itself
    wait_seconds: float = Field(default=1.0, ge=0)
    filter: str = "promoted"
    sort: str = "view_count"
    limit: int = Field(default=1000, ge=1, le=1000)  # debates on one page of the list
    max_debates: int | None = Field(default=None, ge=1)  # fetch no more than this, to try it out


class Culture(Part):
    """A group of models and the people it is compared with."""

    language: str  # the native language
    people: str  # a country of data/reference/human_values.csv


class Endpoint(Part):
    """An OpenAI-compatible chat-completions endpoint."""

    base_url: str = ""
    key: str = ""  # name of the environment variable that holds the key
    in_flight: int = Field(default=64, ge=1, le=1024)
    timeout_seconds: float = Field(default=600.0, gt=0)
    send_seed: bool = False  # send the run's number as `seed`


class Price(Part):
    """US dollars for a million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Model(Part):
    """A respondent: how it is asked for, and where it comes from."""

    culture: str
    endpoint: str
    request: str = ""  # the endpoint's name of the model; default: the name here
    provider: dict = {}  # a broker's provider pin, sent as `provider`
    price: Price | None = None
    reply_tokens: dict[str, int] = {}  # expected output tokens a reply, by step
    max_tokens: int | None = None  # where this model's context is smaller than the study's max_tokens


class Sampling(Part):
    """What is sent with every request."""

    temperature: float = Field(default=1.0, ge=0, le=2)
    max_tokens: int = Field(default=4096, ge=1)


class Cap(Part):
    """Where asking stops, for the whole study."""

    usd: float | None = None
    calls: int | None = None


class Expected(Part):
    """Sizes to plan with before the debates are there."""

    statements: int
    pairs: int
    labelled: int


class Dimension(Part):
    """A dimension of the study's own, by language: name, definition and the two poles."""

    name: str
    definition: str
    positive_pole: str
    negative_pole: str


class Trouble(Part):
    """Shares of replies that are no answer."""

    refused: float = 0.0
    unreadable: float = 0.0
    cut_off: float = 0.0
    wrong_language: float = 0.0


class Simulation(Part):
    """What the simulated respondents are like."""

    seed: int
    leanings: dict[str, dict[str, list[float]]]  # model -> dimension -> mean score in each language, -2..2
    language_correlation: float = Field(ge=0, le=1)
    judge_noise: float = Field(ge=0, le=0.5)  # share of labels on which a judge differs from the plan
    run_noise: float = Field(ge=0, le=0.5)  # share of runs that give another answer
    trouble: Trouble = Trouble()


class Annotators(Part):
    """Simulated annotators with known error; never beside real sheets."""

    simulated: int = Field(default=0, ge=0)
    error: float = Field(default=0.0, ge=0, le=1)
    seed: int = 0


class Import(Part):
    """How a table of answers from elsewhere is read (`python -m utils.replies import`)."""

    columns: dict[str, str]
    where: dict[str, str] = {}
    models: dict[str, str] = {}
    language: str = "en"
    polarity: int = 1


class Study(Part):
    """Everything that a study file says."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    respondents: Respondents
    debates: Debates
    material: str = ""  # the study whose debates, translations and planted labels this one uses; default: its own
    translator: str = "table"  # table, google, simulated, none, or a model of the study
    languages: list[str] = ["en", "zh"]
    dimensions: list[str] | dict[str, dict[str, Dimension]] = DIMENSIONS
    cultures: dict[str, Culture]
    endpoints: dict[str, Endpoint] = {}
    models: dict[str, Model]
    judges: list[str] = []
    sampling: Sampling = Sampling()
    attempts: int = Field(default=2, ge=1, le=10)  # how often an unreadable or cut-off reply is asked for
    show_texts: bool = False  # the texts may stand on pages: only where nobody else has a right in them
    cap: Cap | None = None
    expected: Expected | None = None
    parameters: dict[str, str | int | float | bool] = {}
    labels: str = ""  # a file of labels in data/raw/<study>/ that takes the place of notebooks 04 and 05
    simulation: Simulation | None = None
    annotators: Annotators = Annotators()
    table: Import | None = None

    @model_validator(mode="after")
    def _names_are_known(self) -> "Study":
        _known("culture", {m.culture for m in self.models.values()}, self.cultures)
        _known("judge", self.judges, self.models)
        _known("language", {c.language for c in self.cultures.values()}, self.languages)
        if self.respondents != "imported":
            _known("endpoint", {m.endpoint for m in self.models.values()}, self.endpoints)
        if self.respondents == "simulated":
            if self.simulation is None:
                raise ValueError('respondents: simulated needs a part "simulation" that says what they are like')
            _known("simulated model", self.simulation.leanings, self.models)
            _known("model with leanings", self.models, self.simulation.leanings)
        return self

    def limit(self, model: str) -> int:
        """The most tokens that a model may answer with."""
        return self.models[model].max_tokens or self.sampling.max_tokens


def _known(what: str, names, known) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f'{what} "{name}" is not one of {", ".join(known)}.{nearest(name, known)}')


class _Loader(yaml.SafeLoader):
    """YAML, but a key that stands twice is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise Problem(f'{Path(node.start_mark.name).name}, line {node.start_mark.line + 1}: "{key}" stands there twice.')
        return super().construct_mapping(node, deep)


def find(name: str) -> Path:
    """The file of a study, by its name (`demo`) or its path."""
    for path in (STUDIES / f"{name}.yaml", Path(name), ROOT / name):
        if path.is_file() and path.suffix == ".yaml":
            return path.resolve()
    known = sorted(p.stem for p in STUDIES.glob("*.yaml"))
    raise Problem(f'There is no study "{name}"; those in studies/ are {", ".join(known)}.{nearest(name, known)}')


def files(path: Path) -> list[Path]:
    """A study's file and those that it extends, the base last."""
    raw = _parse(path)
    return [path, *(files(_base(path, raw)) if "extends" in raw else [])]


def load(name: str | Path) -> Study:
    """Load and check a study file; every mistake in it is told in one Problem."""
    path = find(str(name))
    try:
        return Study.model_validate(_merged(path))
    except ValidationError as error:
        lines = "\n".join(f"  - {_sentence(e)}" for e in error.errors())
        raise Problem(f"{shown(path)} cannot be used:\n{lines}") from None


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
    return re.sub(r"\$\{(\w+)\}", lambda m: _variable(m[1], path), value) if isinstance(value, str) else value


def _variable(name: str, path: Path) -> str:
    if name not in os.environ:
        raise Problem(f"{shown(path)} needs the environment variable {name}; set it, as in: {name}=... ./run_all.sh --study ...")
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
