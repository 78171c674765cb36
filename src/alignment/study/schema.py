"""What a study file may say: its parts, their types and their defaults."""

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    model_validator,
)

from alignment.study import endpoint_checks
from alignment.study.endpoint_checks import FILLED
from alignment.study.parts import Annotators, Part, Simulation
from utils.cells import DIMENSIONS, SCORES, STEPS, WORDINGS
from utils.errors import nearest
from utils.reply_parser import bare

# What `-p part.setting=value` may change: how a study is set up, not what was collected or paid for
# or may be shown.
CHANGEABLE = "languages dimensions cultures models judges wordings sampling attempts".split()
CHANGEABLE += "labels simulation annotators expected".split()
# Of an answer in somebody's table.
MEANINGS = ("agree", "disagree", "neither", "refused", "unreadable")


class Debates(Part):
    """Where the debates come from: kept responses, live Kialo, exports, or a table."""

    source: Literal["interface", "kialo", "exports", "table"]
    folder: str = ""  # of exports; default: data/raw/<study>/debates
    votes: str = ""  # of vote files, for exports
    keep_twins: bool = False
    base_url: str = "https://www.kialo.com"
    permission: bool = False  # Kialo gave permission to collect
    contact: str = ""  # an address in the name that the client gives itself
    wait_seconds: float = Field(default=1.0, ge=0)
    filter: str = Field(default="promoted", pattern=r"^\w+$")
    sort: str = Field(default="view_count", pattern=r"^\w+$")
    limit: int = Field(default=1000, ge=1, le=1000)  # debates on one page of the list
    max_debates: int | None = Field(default=None, ge=1)  # fetch no more than this, to try it out


class Culture(Part):
    """A group of models and the people it is compared with."""

    language: str  # the native language
    people: str  # a country of data/reference/human_values.csv


# What a request has otherwise: another name of a field in FILLED or, with null, none; any other
# field with its value.
Fields = Annotated[dict[str, JsonValue], AfterValidator(endpoint_checks.check_fields)]


class Endpoint(Part):
    """An OpenAI-compatible chat-completions endpoint."""

    base_url: str = ""
    # name of the environment variable that holds the key
    key: Annotated[str, AfterValidator(endpoint_checks.check_variable)] = ""
    # further headers, each with the name of the variable that holds its value
    headers: Annotated[dict[str, str], AfterValidator(endpoint_checks.check_headers)] = {}
    fields: Fields = {}
    in_flight: int = Field(default=64, ge=1, le=1024)
    timeout_seconds: float = Field(default=600.0, gt=0)
    send_seed: bool = False  # send the run's number as `seed`


class Price(Part):
    """US dollars for a million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Batch(Part):
    """How a model is asked by batch file: replies come later, and mostly for less."""

    price: Price | None = None  # default: the model's
    queued_tokens: int | None = Field(default=None, ge=1)  # of questions that may wait at once
    requests: int = Field(default=50_000, ge=1, le=50_000)  # in a file, at most
    megabytes: float = Field(default=200.0, gt=0, le=200)  # of a file, at most


class Model(Part):
    """A respondent: how it is asked for, and where it comes from."""

    culture: str
    endpoint: str
    request: str = ""  # the endpoint's name of the model; default: the name here
    provider: dict[str, JsonValue] = {}  # a broker's provider pin, sent as `provider`
    fields: Fields = {}  # these win over the endpoint's
    price: Price | None = None
    reply_tokens: dict[str, int] = {}  # expected output tokens a reply, by step
    reasoning: bool = False  # it thinks before it answers, which is billed as output
    max_tokens: int | None = None  # where its context is smaller than the study's max_tokens
    batch: Batch | None = None  # asked by batch file (`alignment batch`), not live


class Sampling(Part):
    """What is sent with every request."""

    temperature: float = Field(default=1.0, ge=0, le=2)
    max_tokens: int = Field(default=4096, ge=1)


class Cap(Part):
    """Where asking stops, for the whole study."""

    usd: float | None = Field(default=None, ge=0)
    calls: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _says_something(self) -> "Cap":
        if self.usd is None and self.calls is None:
            raise ValueError("a cap says usd, calls, or both")
        return self


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


def _with_text_keys(meanings: object) -> object:
    """Return a mapping whose numbers are text, as in a table; YAML's yes and no need quotes."""
    if not isinstance(meanings, dict):
        return meanings
    if any(isinstance(key, bool) for key in meanings):
        raise ValueError('write yes, no, true and false in quotation marks, as in {"yes": agree}')
    return {str(key): meaning for key, meaning in meanings.items()}


class Columns(Part):
    """What the columns of somebody's own table of answers are called."""

    model: str
    answer: str
    statement: str = ""  # the text; statements are numbered in the order in which they come
    statement_id: str = ""
    dimension: str = ""
    language: str = ""
    wording: str = ""  # without it, all were asked in the paper's
    run: str = ""  # without it, different rows of a statement, model and language are its runs
    state: str = ""

    @model_validator(mode="after")
    def _names_statements(self) -> "Columns":
        if not (self.statement or self.statement_id):
            raise ValueError("the table needs a column statement (the text) or statement_id")
        names = list(self.named().values())
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f'"{twice.pop()}" is named twice')
        return self

    def named(self) -> dict[str, str]:
        """Return the columns that the study names, by what they hold."""
        return {field: name for field, name in self if name}


# What stands in the table -> what it means here, whatever its letters' case.
Meanings = Annotated[dict[str, str], BeforeValidator(_with_text_keys)]


class Import(Part):
    """How a table of answers from elsewhere is read (`alignment import answers`)."""

    columns: Columns
    where: dict[str, str] = {}
    models: dict[str, str] = {}
    languages: dict[str, str] = {}
    wordings: dict[str, str] = {}
    answers: Meanings = {}  # such as {1: agree, 2: agree, 3: unreadable, 4: disagree, 5: disagree}
    language: str = ""  # of all answers, where no column says it
    rows_are_runs: bool = False  # also rows that are the same in every column
    polarity: int = 1

    @model_validator(mode="after")
    def _means_something(self) -> "Import":
        _check_listed("meaning of an answer", self.answers.values(), MEANINGS)
        known: dict[str, str] = {}
        for text, meaning in self.answers.items():
            if known.setdefault(bare(text), meaning) != meaning:
                why = "the case of letters, quotation marks and a full stop do not count"
                raise ValueError(f'"{text}" has two meanings: {why}')
        if self.polarity not in SCORES["polarity"].values():
            raise ValueError(f"the polarity {self.polarity} is not one of -2, -1, 1, 2")
        return self


def _check_cluster(text: str) -> str:
    if text and not re.fullmatch(r"local:[1-9]\d*|(tcp|tls)://\S+:\d+|.+\.yaml", text):
        listed = (
            "local:N, tcp://HOST:PORT (a scheduler of Dask), or a file .yaml that describes jobs"
        )
        raise ValueError(f'"{text}" names no cluster: {listed}')
    return text


# Where a study is asked from; "" is this process.
Cluster = Annotated[str, AfterValidator(_check_cluster)]


class Study(Part):
    """Everything that a study file says."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    respondents: Literal["live", "simulated", "imported"]
    debates: Debates
    material: str = ""  # whose debates, translations and planted labels it uses; default: its own
    translator: str = "table"  # table, google, simulated, none, or a model of the study
    languages: list[str] = ["en", "zh"]
    dimensions: list[str] | dict[str, dict[str, Dimension]] = DIMENSIONS
    cultures: dict[str, Culture]
    endpoints: dict[str, Endpoint] = {}
    models: dict[str, Model]
    judges: list[str] = []
    wordings: list[str] = []  # in which stances are asked as well: negated, turned, ...
    sampling: Sampling = Sampling()
    attempts: int = Field(default=2, ge=1, le=10)  # at a reply, while it is unreadable or cut off
    show_texts: bool = False  # on pages: only where nobody else has a right in the texts
    cap: Cap | None = None
    cluster: Cluster = ""
    expected: Expected | None = None
    parameters: dict[str, str | int | float | bool] = {}
    labels: str = ""  # a file in data/raw/<study>/ that takes the place of notebooks 04 and 05
    simulation: Simulation | None = None
    annotators: Annotators = Annotators()
    table: Import | None = None

    @model_validator(mode="after")
    def _names_are_listed(self) -> "Study":
        _check_listed("culture", {m.culture for m in self.models.values()}, self.cultures)
        _check_listed("judge", self.judges, self.models)
        _check_listed("wording", self.wordings, WORDINGS)
        if len(set(self.wordings)) < len(self.wordings):
            raise ValueError(f"wordings: one is named twice ({', '.join(self.wordings)})")
        _check_listed("language", {c.language for c in self.cultures.values()}, self.languages)
        if self.respondents != "imported":
            endpoints = {m.endpoint for m in self.models.values()}
            _check_listed("endpoint", endpoints, self.endpoints)
        if self.table is not None:
            self._check_table(self.table)
        if self.respondents == "live":
            self._check_requests()
        if self.respondents == "simulated":
            self._check_leanings()
        return self

    def _check_table(self, table: Import) -> None:
        _check_listed("model", table.models.values(), self.models)
        _check_listed("language", table.languages.values(), self.languages)
        if not (table.columns.language or table.language) and len(self.languages) > 1:
            both = "its column (columns: language), or one for all answers (language)"
            raise ValueError(f"table: the study has several languages, so it needs {both}")
        if table.language:
            _check_listed("language", [table.language], self.languages)
        if table.columns.dimension and self.debates.source != "table":
            raise ValueError("table: columns: dimension goes with debates: {source: table}")
        if table.columns.statement and not table.columns.statement_id:
            if self.debates.source != "table":
                why = "these debates have ids already"
                raise ValueError(f"table: columns: statement_id is needed, since {why}")

    def _check_requests(self) -> None:
        """Refuse an endpoint without a right address, and fields that contradict each other."""
        for name, endpoint in self.endpoints.items():
            try:
                endpoint_checks.check_address(endpoint.base_url)
            except ValueError as error:
                raise ValueError(f"endpoints.{name}.base_url: {error}") from None
        for name, model in self.models.items():
            endpoint, fields = self.endpoints[model.endpoint], self.fields(name)
            if not endpoint.base_url:
                needs = 'needs its base_url, as in "https://api.openai.com/v1"'
                raise ValueError(f'the endpoint "{model.endpoint}" {needs}')
            names = [fields.get(field, field) for field in FILLED]
            names = [n for n in [*names, *(f for f in fields if f not in FILLED)] if n]
            if twice := {n for n in names if names.count(n) > 1}:
                raise ValueError(f'the fields of the model "{name}" have "{twice.pop()}" twice')
            if fields.get("seed") and not endpoint.send_seed:
                mend = f'add "send_seed: true" to the endpoint "{model.endpoint}"'
                raise ValueError(f'the model "{name}" renames a seed that is not sent: {mend}')
            if "max_tokens" in fields and not fields["max_tokens"] and _costs(self.price(name)):
                why = "a reply without max_tokens could cost any sum, and no cap would hold"
                raise ValueError(f'the model "{name}": {why}; give the field another name')

    def _check_leanings(self) -> None:
        if self.simulation is None:
            needed = 'needs a part "simulation" that says what they are like'
            raise ValueError(f"respondents: simulated {needed}")
        leanings, n = self.simulation.leanings, len(self.languages)
        _check_listed("simulated model", leanings, self.models)
        _check_listed("simulated model", self.simulation.habits, self.models)
        for name in self.models:
            model = f'the simulated model "{name}"'
            if name not in leanings:
                raise ValueError(f"{model} needs its leanings under simulation: leanings:")
            if missing := [d for d in self.dimensions if d not in leanings[name]]:
                raise ValueError(f"{model} has no leaning on {', '.join(missing)}")
            for dimension, means in leanings[name].items():
                if len(means) != n:
                    has = f"has {len(means)} leanings on {dimension}, and the study has {n}"
                    listed = ", ".join(self.languages)
                    raise ValueError(f"{model} {has} languages ({listed}): one for each")

    @property
    def steps(self) -> tuple[str, ...]:
        """Return the steps that ask questions, those of the other wordings last."""
        return (*STEPS, *(f"stance_{wording}" for wording in self.wordings))

    @property
    def countries(self) -> dict[str, str]:
        """Return the country whose people each culture is compared with."""
        return {name: culture.people for name, culture in self.cultures.items()}

    def limit(self, model: str) -> int:
        """Return the most tokens that a model may answer with."""
        return self.models[model].max_tokens or self.sampling.max_tokens

    def batches(self, model: str) -> Batch | None:
        """Return how a model is asked by batch file; None where it is asked live."""
        return self.models[model].batch if self.respondents == "live" else None

    def price(self, model: str) -> Price | None:
        """Return what a model's tokens cost: by batch file, where it is asked so."""
        batch = self.batches(model)
        return batch.price if batch and batch.price else self.models[model].price

    def fields(self, model: str) -> dict:
        """Return what a model's requests have otherwise; nothing where a program answers."""
        settings = self.models[model]
        if self.respondents == "simulated":
            return {}
        fields = self.endpoints[settings.endpoint].fields | settings.fields
        return {k: v for k, v in fields.items() if (v != k if k in FILLED else v is not None)}


def _costs(price: Price | None) -> bool:
    return price is not None and price.input + price.output > 0


def _check_listed(what: str, names: Iterable[str], listed: Iterable[str]) -> None:
    for name in names:
        if name not in listed:
            hint = f"{', '.join(listed)}.{nearest(name, listed)}"
            raise ValueError(f'{what} "{name}" is not one of {hint}')
