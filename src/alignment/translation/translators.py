"""Who translates: Google Cloud Translation over REST, or a model of the study."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import requests
from urllib3.util import Retry

from alignment.asking import archive, collection
from alignment.asking.request import Request, hash_json, request_keys
from alignment.study.workspace import Workspace
from utils import answer_words, prompts, reply_parser
from utils.errors import Problem

GOOGLE = "https://translation.googleapis.com/language/translate/v2"
GOOGLE_KEY = "GOOGLE_TRANSLATE_KEY"
GOOGLE_CODES = {"zh": "zh-CN"}
BATCH = 100  # texts in a request; Google allows 128
CHARACTERS = 5000  # in one request, as Google recommends; a longer text goes alone
WAIT = 1.0  # seconds before a request is repeated, doubling; Retry-After wins
BUSY = (429, 500, 502, 503, 504)
VARIETIES = {"zh": "Chinese (Simplified)"}  # where a language alone does not say how to write it
TEMPLATE = Path(__file__).parent / "templates" / "translate.txt"
TEMPLATE_LANGUAGE = "en"
STEP = "translate"  # of a model's translations, in the archive
RESUME = "What was translated is kept: running again asks only for the rest."

Batches = Iterator[tuple[pd.DataFrame, list[str]]]


def today() -> str:
    """Return the date, in UTC, that a translation made now bears."""
    return datetime.now(UTC).date().isoformat()


def translate_with_google(workspace: Workspace, missing: pd.DataFrame, language: str) -> Batches:
    """Yield batches of statements with their texts from Google, each as soon as it is there."""
    key, source = os.environ.get(GOOGLE_KEY), workspace.study.languages[0]
    if not key:
        raise Problem(
            "Google Cloud Translation needs its key in the environment variable "
            f"{GOOGLE_KEY}; set it and run again."
        )
    retry = Retry(
        5, status_forcelist=BUSY, allowed_methods=None, raise_on_status=False, backoff_factor=WAIT
    )
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=retry))
        for batch in split_batches(missing):
            yield batch, ask_google(session, list(batch["text"]), source, language, key)


def split_batches(statements: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield parts of a table that fit into one request each, in order."""
    start, size = 0, 0
    for end, length in enumerate(statements["text"].str.len()):
        if end > start and (size + length > CHARACTERS or end - start == BATCH):
            yield statements.iloc[start:end]
            start, size = end, 0
        size += length
    yield statements.iloc[start:]


def ask_google(
    session: requests.Session, texts: list[str], source: str, language: str, key: str
) -> list[str]:
    """Send one request to Google Cloud Translation (basic, REST); return the texts in order.

    The key travels in a header, so that it stands in no address and in no error.
    """
    source, target = (GOOGLE_CODES.get(l, l) for l in (source, language))
    body = {"q": texts, "format": "text", "source": source, "target": target}
    options = {"headers": {"X-Goog-Api-Key": key}, "timeout": 60, "allow_redirects": False}
    try:
        response = session.post(GOOGLE, json=body, **options)
    except requests.RequestException as error:
        raise _failure(f": the connection failed ({type(error).__name__}).") from None
    if response.status_code != 200:
        message = _error_message(response).replace(key, "***")
        raise _failure(f" answered {response.status_code}{message}.")
    try:
        translated = [t["translatedText"] for t in response.json()["data"]["translations"]]
    except (LookupError, TypeError, ValueError):
        raise _failure(" sent no translations where some were due.") from None
    if len(translated) != len(texts):
        counts = f"{len(translated)} texts for {len(texts)}"
        raise _failure(f" returned {counts}; none of these was kept.")
    if not all(isinstance(text, str) and text.strip() for text in translated):
        raise _failure(" returned an empty text; none of its request was kept.")
    return translated


def _failure(why: str) -> Problem:
    return Problem(f"Google Cloud Translation{why} {RESUME}")


def _error_message(response: requests.Response) -> str:
    try:
        return f": {str(response.json()['error']['message']).rstrip('.')[:200]}"
    except (LookupError, TypeError, ValueError):
        return ""


def translate_with_model(workspace: Workspace, missing: pd.DataFrame, language: str) -> Batches:
    """Yield the statements with their texts from the study's model.

    It is asked as for any other reply: replies and costs are in the archive, and the study's cap
    holds. A reply that is no translation is asked for again, and then named in a Problem.
    """
    study, model = workspace.study, workspace.study.translator
    if study.respondents != "live":
        mend = "use `translator: simulated` or a table"
        raise Problem(f"Only a live study has models that translate: {mend}.")
    if study.cap is None:
        what = f"{len(missing)} statements are to be translated by {model}, which costs money"
        raise Problem(f"{what}: give the study a cap (or --cap USD).")
    calm = study.sampling.model_copy(update={"temperature": 0.0})
    study = study.model_copy(update={"sampling": calm})
    workspace = replace(workspace, study=study)
    messages, keys, stopped = {}, {}, None
    for text in missing["text"].unique():
        messages[text] = fill_request(text, study.languages[0], language)
        keys[text] = request_keys(study, STEP, model, hash_json(messages[text]), runs=[1])[0]

    def open_requests(connection) -> list[Request]:
        archived, todo = _read_archived(connection), []
        for text, key in keys.items():
            n, translation = archived[key]
            if not translation:
                request = Request(key, STEP, language, model, 1, n + 1, messages[text], replies=n)
                todo.append(request)
        return todo

    try:
        collection.ask_rounds(workspace, len(keys), open_requests, "translations")
    except Problem as problem:
        stopped = problem
    with archive.open_archive(workspace.raw / archive.FILE) as connection:
        archived = _read_archived(connection)
    texts = missing["text"].map(lambda text: archived[keys[text]].text)
    yield missing[texts != ""], list(texts[texts != ""])
    if stopped:
        raise stopped
    if failed := list(missing.loc[texts == "", "statement_id"]):
        what = f"{len(failed)} statements ({', '.join(failed[:5])})"
        raise Problem(f"{model} gave no translation of {what}. {RESUME}")


class Archived(NamedTuple):
    """What the archive holds of one request for a translation."""

    attempts: int = 0
    text: str = ""


def _read_archived(connection) -> dict[str, Archived]:
    """Return the translations in the archive, by key; the first reply that is one counts."""
    archived: dict[str, Archived] = defaultdict(Archived)
    query = "select key, attempt, text, finish_reason from replies where step = ? order by attempt"
    for key, attempt, text, finish_reason in connection.execute(query, [STEP]):
        text = archived[key].text or read_reply(text or "", finish_reason or "")
        archived[key] = Archived(attempt, text)
    return archived


def fill_request(statement: str, source: str, language: str) -> list[dict]:
    """Return the messages that ask a model to translate a statement, which fills no other slot."""
    names = [VARIETIES.get(l) or answer_words.words(l)["name"] for l in (source, language)]
    values = dict(zip(("source_language", "target_language"), names, strict=True))
    values["statement"] = prompts.shield(statement, TEMPLATE_LANGUAGE)
    template = TEMPLATE.read_text(encoding="utf-8").strip()
    return [{"role": "user", "content": prompts.SLOT.sub(lambda slot: values[slot[1]], template)}]


def read_reply(reply: str, finish_reason: str) -> str:
    """Return the translation in a reply, on one line; nothing when it was cut off or refused.

    >>> read_reply("<think>Hm.</think>\\n应当禁止汽车。", "stop"), read_reply("应当禁止", "length")
    ('应当禁止汽车。', '')
    """
    text = re.sub(r"</?statement>", "", reply.rpartition("</think>")[2]).strip()
    if finish_reason == "length" or "<think>" in text:
        return ""
    for language in prompts.languages():
        if reply_parser.read("stance", language, text, finish_reason)[0] == "refused":
            return ""
    return " ".join(text.split())
