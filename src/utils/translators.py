"""Who translates: Google Cloud Translation over REST, or a model of the study; text by text, each on disk at once."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import openai
import orjson
import pandas as pd
import requests
from urllib3.util import Retry

from utils import plan, prompts, replies, words
from utils.errors import Problem
from utils.execution import Execution

GOOGLE = "https://translation.googleapis.com/language/translate/v2"
GOOGLE_KEY = "GOOGLE_TRANSLATE_KEY"
GOOGLE_CODES = {"zh": "zh-CN"}
BATCH = 100  # texts a request; Google allows 128
CHARACTERS = 5000  # in one request, as Google recommends; a longer text goes alone
WAIT = 1.0  # seconds before a request is repeated, doubling; Retry-After wins
VARIETIES = {"zh": "Chinese (Simplified)"}  # where a language alone does not say how to write it
AGAIN = "What was translated is kept: running again asks only for the rest."

Made = Iterator[tuple[pd.DataFrame, list[str]]]


def today() -> str:
    """The date, in UTC, that a translation made now bears."""
    return datetime.now(UTC).date().isoformat()


def through_google(here: Execution, missing: pd.DataFrame, language: str) -> Made:
    """Batches of statements with their texts from Google Cloud Translation, each as soon as it is there."""
    key = os.environ.get(GOOGLE_KEY)
    if not key:
        raise Problem(
            f"Google Cloud Translation needs its key in the environment variable {GOOGLE_KEY}; set it and run again."
        )
    with _session() as session:
        for batch in batches(missing):
            yield batch, google(session, list(batch["text"]), here.study.languages[0], language, key)


def batches(statements: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Parts of a table that fit into one request each, in order."""
    start, size = 0, 0
    for end, length in enumerate(statements["text"].str.len()):
        if end > start and (size + length > CHARACTERS or end - start == BATCH):
            yield statements.iloc[start:end]
            start, size = end, 0
        size += length
    yield statements.iloc[start:]


def google(session: requests.Session, texts: list[str], source: str, language: str, key: str) -> list[str]:
    """One request to Google Cloud Translation (basic, REST); the texts come back in order.

    The key travels in a header, so that it stands in no address and in no error.
    """
    codes = {"source": GOOGLE_CODES.get(source, source), "target": GOOGLE_CODES.get(language, language)}
    body = {"q": texts, "format": "text"} | codes
    try:
        response = session.post(GOOGLE, headers={"X-Goog-Api-Key": key}, json=body, timeout=60, allow_redirects=False)
    except requests.RequestException as error:
        raise Problem(f"Google Cloud Translation: the connection failed ({type(error).__name__}). {AGAIN}") from None
    if response.status_code != 200:
        said = _said(response).replace(key, "***")
        raise Problem(f"Google Cloud Translation answered {response.status_code}{said}. {AGAIN}")
    try:
        out = [t["translatedText"] for t in response.json()["data"]["translations"]]
    except (LookupError, TypeError, ValueError):
        raise Problem(f"Google Cloud Translation sent no translations where some were due. {AGAIN}") from None
    if len(out) != len(texts):
        raise Problem(
            f"Google Cloud Translation returned {len(out)} texts for {len(texts)}; none of these was kept. {AGAIN}"
        )
    if not all(isinstance(text, str) and text.strip() for text in out):
        raise Problem(f"Google Cloud Translation returned an empty text; none of its request was kept. {AGAIN}")
    return out


def _session() -> requests.Session:
    session = requests.Session()
    busy = (429, 500, 502, 503, 504)
    retry = Retry(5, status_forcelist=busy, allowed_methods=None, raise_on_status=False, backoff_factor=WAIT)
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=retry))
    return session


def _said(response: requests.Response) -> str:
    """What an error says of itself."""
    try:
        return f": {str(response.json()['error']['message']).rstrip('.')[:200]}"
    except (LookupError, TypeError, ValueError):
        return ""


def through_model(here: Execution, missing: pd.DataFrame, language: str) -> Made:
    """Statements with their texts from the study's model, one at a time; replies and costs stand in the archive.

    The study's cap holds for them too. A reply that is no translation is asked for again, and then named in a Problem.
    """
    model, failed = here.study.translator, []
    if here.study.respondents != "live":
        raise Problem("Only a live study has models that translate: use `translator: simulated` or a table.")
    if here.study.cap is None:
        raise Problem(
            f"{len(missing)} statements are to be translated by {model}, which costs money: "
            "give the study a cap (or --cap USD)."
        )
    path = here.raw / "replies.sqlite"
    with replies.archive(path) as connection, replies.only_one(path), _client(here, model) as client:
        for statement in missing.itertuples():
            text = _translated(here, connection, client, model, statement.text, language)
            if text:
                yield missing.loc[[statement.Index]], [text]
            else:
                failed.append(statement.statement_id)
    if failed:
        raise Problem(f"{model} gave no translation of {len(failed)} statements ({', '.join(failed[:5])}). {AGAIN}")


def request(statement: str, source: str, language: str) -> list[dict]:
    """The messages that ask a model for a translation; whatever the statement says, it fills no other slot."""
    source_name, name = (VARIETIES.get(l) or words.words(l)["name"] for l in (source, language))
    names = {"source_language": source_name, "target_language": name}
    template = (words.TEMPLATES / "translate.txt").read_text(encoding="utf-8").strip()
    shielded = re.sub(r"(?<=<)(?=\s*/?\s*statement)|(?<=<)(?=[|｜])", r"\\", statement, flags=re.I)
    values = names | {"statement": shielded}
    return [{"role": "user", "content": prompts.SLOT.sub(lambda slot: values[slot[1]], template)}]


def read(reply: str, finish_reason: str) -> str:
    """The translation in a reply: what follows the thoughts, on one line; nothing when it was cut off or refused.

    >>> read("<think>Hm.</think>\\n应当禁止汽车。", "stop"), read("应当禁止", "length")
    ('应当禁止汽车。', '')
    """
    text = re.sub(r"</?statement>", "", reply.rpartition("</think>")[2]).strip()
    refused = any(prompts.read("stance", language, text, finish_reason)[0] == "refused" for language in prompts.languages())
    return "" if finish_reason == "length" or "<think>" in text or refused else " ".join(text.split())


def _client(here: Execution, model: str) -> openai.OpenAI:
    endpoint = here.study.endpoints[here.study.models[model].endpoint]
    key = plan.key_of(here.study, here.study.models[model].endpoint)
    return openai.OpenAI(base_url=endpoint.base_url, api_key=key, max_retries=5, timeout=endpoint.timeout_seconds)


def _translated(here: Execution, connection, client: openai.OpenAI, model: str, statement: str, language: str) -> str:
    """A statement's translation, from the archive where a reply is there; empty when no attempt gave one."""
    messages, study = request(statement, here.study.languages[0], language), here.study
    name, sampling = study.models[model].request or model, {"temperature": 0.0, "max_tokens": study.limit(model)}
    provider, endpoint = study.models[model].provider, study.models[model].endpoint
    key = replies.digest(["translate", replies.digest(messages), endpoint, name, provider, sampling])
    query = "select text, finish_reason from replies where key = ? order by attempt"
    known = [read(text or "", reason or "") for text, reason in connection.execute(query, [key])]
    body = {"model": name, "messages": messages} | sampling | ({"provider": provider} if provider else {})
    for attempt in range(len(known) + 1, len(known) + 1 + study.attempts):
        if any(known):
            break
        _afford(here, connection, model, messages)
        row = _asked(here, client, model, body)
        replies.keep(connection, [row | {"key": key, "attempt": attempt, "language": language}])
        known.append(read(row["text"], row["finish_reason"]))
    return next(filter(None, known), "")


def _afford(here: Execution, connection, model: str, messages: list[dict]) -> None:
    (calls, usd), cap = replies.spent(connection), here.study.cap
    over = cap.usd is not None and usd + plan.most(here.study, model, messages) > cap.usd
    if over or (cap.calls is not None and calls >= cap.calls):
        raise Problem(f"The study's cap is reached: {calls:,} calls and ${usd:,.2f} so far. {AGAIN}")


def _asked(here: Execution, client: openai.OpenAI, model: str, body: dict) -> dict:
    """One request to the model, as a row of the archive; Problem, without the key, when the endpoint refuses."""
    try:
        response = client.post("/chat/completions", body=body, cast_to=object)
        choice, usage = response["choices"][0], response.get("usage") or {}
        text, finish_reason = choice["message"].get("content") or "", choice.get("finish_reason") or ""
    except openai.APIStatusError as error:
        raise Problem(f'The endpoint of "{model}" answered {error.status_code} to a translation. {AGAIN}') from None
    except (openai.APIError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise Problem(
            f'The endpoint of "{model}" sent no reply that can be read ({type(error).__name__}). {AGAIN}'
        ) from None
    simulated = str(response.get("system_fingerprint") or "").startswith("simulated")
    return {
        "step": "translate",
        "model": model,
        "text": text,
        "finish_reason": finish_reason,
        "respondents": "simulated" if simulated else "live",
        "returned_model": response.get("model"),
        "prompt_tokens": usage.get("prompt_tokens"),
        "completion_tokens": usage.get("completion_tokens"),
        "cost": plan.cost(here.study, model, usage),
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "request": orjson.dumps(body).decode(),
        "response": orjson.dumps(response).decode(),
    }
