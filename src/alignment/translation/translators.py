"""Who translates: Google Cloud Translation over REST, or a model of the study; every reply is on disk at once."""

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import requests
from urllib3.util import Retry

from alignment.asking import archive
from alignment.asking.request import Request, hash_json, request_keys
from alignment.study.progress import Progress
from alignment.study.workspace import Workspace
from utils import answer_words, prompts, reply_parser
from utils.errors import Problem

GOOGLE = "https://translation.googleapis.com/language/translate/v2"
GOOGLE_KEY = "GOOGLE_TRANSLATE_KEY"
GOOGLE_CODES = {"zh": "zh-CN"}
BATCH = 100  # texts a request; Google allows 128
CHARACTERS = 5000  # in one request, as Google recommends; a longer text goes alone
WAIT = 1.0  # seconds before a request is repeated, doubling; Retry-After wins
VARIETIES = {"zh": "Chinese (Simplified)"}  # where a language alone does not say how to write it
TEMPLATE_LANGUAGE = "en"
STEP = "translate"  # of a model's translations, in the archive
AGAIN = "What was translated is kept: running again asks only for the rest."

Made = Iterator[tuple[pd.DataFrame, list[str]]]


def today() -> str:
    """The date, in UTC, that a translation made now bears."""
    return datetime.now(UTC).date().isoformat()


def through_google(workspace: Workspace, missing: pd.DataFrame, language: str) -> Made:
    """Batches of statements with their texts from Google Cloud Translation, each as soon as it is there."""
    key = os.environ.get(GOOGLE_KEY)
    if not key:
        raise Problem(
            f"Google Cloud Translation needs its key in the environment variable {GOOGLE_KEY}; set it and run again."
        )
    with _session() as session:
        for batch in batches(missing):
            yield (
                batch,
                google(session, list(batch["text"]), workspace.study.languages[0], language, key),
            )


def batches(statements: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Parts of a table that fit into one request each, in order."""
    start, size = 0, 0
    for end, length in enumerate(statements["text"].str.len()):
        if end > start and (size + length > CHARACTERS or end - start == BATCH):
            yield statements.iloc[start:end]
            start, size = end, 0
        size += length
    yield statements.iloc[start:]


def google(
    session: requests.Session, texts: list[str], source: str, language: str, key: str
) -> list[str]:
    """One request to Google Cloud Translation (basic, REST); the texts come back in order.

    The key travels in a header, so that it stands in no address and in no error.
    """
    codes = {
        "source": GOOGLE_CODES.get(source, source),
        "target": GOOGLE_CODES.get(language, language),
    }
    body = {"q": texts, "format": "text"} | codes
    try:
        response = session.post(
            GOOGLE, headers={"X-Goog-Api-Key": key}, json=body, timeout=60, allow_redirects=False
        )
    except requests.RequestException as error:
        raise Problem(
            f"Google Cloud Translation: the connection failed ({type(error).__name__}). {AGAIN}"
        ) from None
    if response.status_code != 200:
        said = _said(response).replace(key, "***")
        raise Problem(f"Google Cloud Translation answered {response.status_code}{said}. {AGAIN}")
    try:
        out = [t["translatedText"] for t in response.json()["data"]["translations"]]
    except (LookupError, TypeError, ValueError):
        raise Problem(
            f"Google Cloud Translation sent no translations where some were due. {AGAIN}"
        ) from None
    if len(out) != len(texts):
        raise Problem(
            f"Google Cloud Translation returned {len(out)} texts for {len(texts)}; none of these was kept. {AGAIN}"
        )
    if not all(isinstance(text, str) and text.strip() for text in out):
        raise Problem(
            f"Google Cloud Translation returned an empty text; none of its request was kept. {AGAIN}"
        )
    return out


def _session() -> requests.Session:
    session = requests.Session()
    busy = (429, 500, 502, 503, 504)
    retry = Retry(
        5, status_forcelist=busy, allowed_methods=None, raise_on_status=False, backoff_factor=WAIT
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=retry))
    return session


def _said(response: requests.Response) -> str:
    """What an error says of itself."""
    try:
        return f": {str(response.json()['error']['message']).rstrip('.')[:200]}"
    except (LookupError, TypeError, ValueError):
        return ""


def through_model(workspace: Workspace, missing: pd.DataFrame, language: str) -> Made:
    """Statements with their texts from the study's model, asked as any other question; replies and costs stand in the archive.

    The study's cap holds for them too. A reply that is no translation is asked for again, and then named in a Problem.
    """
    from alignment.asking import scheduler  # the client takes longer to import than all else here

    model, path, stopped = workspace.study.translator, workspace.raw / archive.FILE, None
    if workspace.study.respondents != "live":
        raise Problem(
            "Only a live study has models that translate: use `translator: simulated` or a table."
        )
    if workspace.study.cap is None:
        raise Problem(
            f"{len(missing)} statements are to be translated by {model}, which costs money: give the study a cap (or --cap USD)."
        )
    calm = workspace.study.sampling.model_copy(update={"temperature": 0.0})
    workspace = Workspace(workspace.study.model_copy(update={"sampling": calm}), workspace.folder)
    messages = {
        statement: request(statement, workspace.study.languages[0], language)
        for statement in missing["text"]
    }
    keys = {statement: _key(workspace, model, asked) for statement, asked in messages.items()}
    with archive.open_archive(path) as connection, archive.lock(path):
        archive.add_lost_tries(path, connection, workspace.study.respondents)
        for _ in range(workspace.study.attempts):
            known = _known(connection)
            todo = [
                Request(
                    key=key,
                    step=STEP,
                    language=language,
                    model=model,
                    run=1,
                    attempt=known[key].attempts + 1,
                    messages=messages[statement],
                    replies=known[key].attempts,
                )
                for statement, key in keys.items()
                if not known[key].text
            ]
            if stopped or not todo:
                break
            try:
                progress = Progress(
                    len(keys),
                    len(keys) - len(todo),
                    archive.sum_spending(connection)[1],
                    workspace.study.cap.usd,
                    "translations",
                    workspace.progress,
                )
                scheduler.ask(workspace, todo, connection, progress)
            except Problem as problem:
                stopped = problem
        known = _known(connection)
    texts = missing["text"].map(lambda statement: known[keys[statement]].text)
    yield missing[texts != ""], list(texts[texts != ""])
    if stopped:
        raise stopped
    if failed := list(missing.loc[texts == "", "statement_id"]):
        raise Problem(
            f"{model} gave no translation of {len(failed)} statements ({', '.join(failed[:5])}). {AGAIN}"
        )


class Known(NamedTuple):
    """What the archive holds of one question for a translation."""

    attempts: int = 0
    text: str = ""


def _key(workspace: Workspace, model: str, messages: list[dict]) -> str:
    return request_keys(workspace.study, STEP, model, hash_json(messages), runs=[1])[0]


def _known(connection) -> dict[str, Known]:
    """The translations in the archive, by key; the first reply that is one counts."""
    found: dict[str, Known] = defaultdict(Known)
    rows = connection.execute(
        "select key, attempt, text, finish_reason from replies where step = ? order by attempt",
        [STEP],
    )
    for key, attempt, text, finish_reason in rows:
        found[key] = Known(attempt, found[key].text or read(text or "", finish_reason or ""))
    return found


def request(statement: str, source: str, language: str) -> list[dict]:
    """The messages that ask a model for a translation; whatever the statement says, it fills no other slot."""
    source_name, name = (
        VARIETIES.get(l) or answer_words.words(l)["name"] for l in (source, language)
    )
    names = {"source_language": source_name, "target_language": name}
    template = (
        (Path(__file__).parent / "templates" / "translate.txt").read_text(encoding="utf-8").strip()
    )
    values = names | {"statement": prompts.shield(statement, TEMPLATE_LANGUAGE)}
    return [{"role": "user", "content": prompts.SLOT.sub(lambda slot: values[slot[1]], template)}]


def read(reply: str, finish_reason: str) -> str:
    """The translation in a reply: what follows the thoughts, on one line; nothing when it was cut off or refused.

    >>> read("<think>Hm.</think>\\n应当禁止汽车。", "stop"), read("应当禁止", "length")
    ('应当禁止汽车。', '')
    """
    text = re.sub(r"</?statement>", "", reply.rpartition("</think>")[2]).strip()
    refused = any(
        reply_parser.read("stance", language, text, finish_reason)[0] == "refused"
        for language in prompts.languages()
    )
    return (
        "" if finish_reason == "length" or "<think>" in text or refused else " ".join(text.split())
    )
