"""Statements in the study's other languages: brought, made by a service, or a marked placeholder; and checks of them."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import requests

from utils import tables
from utils.errors import Problem
from utils.execution import Execution
from utils.paths import shown
from utils.text import content_hash

COLUMNS = ["statement_id", "language", "text", "translator", "date", "source_hash", "corrected"]
GOOGLE = "https://translation.googleapis.com/language/translate/v2"
GOOGLE_KEY = "GOOGLE_TRANSLATE_KEY"
GOOGLE_CODES = {"zh": "zh-CN"}
BATCH = 100  # texts a request
PLACEHOLDER = "【模拟译文】{id}"  # says of itself that it is no translation


def translations(here: Execution, statements: pd.DataFrame) -> pd.DataFrame:
    """The statements in every language but the first, in the columns of `COLUMNS`.

    What data/raw/<study>/translations.csv holds for the text as it is today is used (a reader's correction wins);
    the rest comes from the study's translator. Problem where a translation is missing and nothing can make it.
    """
    store, parts = here.raw / "translations.csv", []
    for language in here.study.languages[1:]:
        known = _known(store, statements, language)
        missing = statements[~statements["statement_id"].isin(known["statement_id"])]
        parts += [known, _made(here, store, missing, language)] if len(missing) else [known]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    order = {s: i for i, s in enumerate(statements["statement_id"])}
    return pd.concat(parts).sort_values("statement_id", key=lambda ids: ids.map(order), kind="stable").reset_index(drop=True)


def _known(store: Path, statements: pd.DataFrame, language: str) -> pd.DataFrame:
    """Stored translations of just these texts; one whose source changed since is not used."""
    if not store.exists():
        return pd.DataFrame(columns=COLUMNS)
    hashes = dict(zip(statements["statement_id"], statements["text"].map(content_hash), strict=True))
    stored = tables.read(store).query("language == @language")
    current = stored[stored["statement_id"].map(hashes) == stored["source_hash"]]
    return current.sort_values("corrected", kind="stable").drop_duplicates("statement_id", keep="last")[COLUMNS]


def _made(here: Execution, store: Path, missing: pd.DataFrame, language: str) -> pd.DataFrame:
    translator = here.study.translator
    if translator == "simulated":
        return rows(missing, [PLACEHOLDER.format(id=s) for s in missing["statement_id"]], language, "simulated", "")
    if translator == "google":
        return _through_google(store, missing, language)
    names = ", ".join(missing["statement_id"].head(3))
    raise Problem(
        f"{len(missing)} statements have no {language} text for their present wording in {shown(store)} (such as {names}): "
        "add them there, or name a translator in the study file (google, simulated)."
    )


def rows(statements: pd.DataFrame, texts: list[str], language: str, translator: str, date: str) -> pd.DataFrame:
    """Translations as rows of the table, each with the hash of the text that it was made from."""
    made = {"text": texts, "language": language, "translator": translator, "date": date, "corrected": False}
    out = statements[["statement_id"]].assign(**made, source_hash=statements["text"].map(content_hash).to_numpy())
    return out[COLUMNS]


def _through_google(store: Path, missing: pd.DataFrame, language: str) -> pd.DataFrame:
    """Translate through Google Cloud Translation, each batch on disk before the next is asked for."""
    key = os.environ.get(GOOGLE_KEY)
    if not key:
        raise Problem(f"Google Cloud Translation needs its key in the environment variable {GOOGLE_KEY}; set it and run again.")
    made = []
    for start in range(0, len(missing), BATCH):
        batch = missing.iloc[start : start + BATCH]
        texts = google(list(batch["text"]), language, key)
        made.append(rows(batch, texts, language, "google", datetime.now(UTC).date().isoformat()))
        _store(store, made[-1])
    return pd.concat(made)


def google(texts: list[str], language: str, key: str, url: str = GOOGLE) -> list[str]:
    """One request to Google Cloud Translation (basic, REST); the texts come back in order."""
    body = {"q": texts, "source": "en", "target": GOOGLE_CODES.get(language, language), "format": "text"}
    try:
        response = requests.post(url, params={"key": key}, json=body, timeout=60)
        response.raise_for_status()
        out = [t["translatedText"] for t in response.json()["data"]["translations"]]
    except (requests.RequestException, LookupError, TypeError, ValueError) as error:
        raise Problem(f"Google Cloud Translation did not answer as expected: {str(error).replace(key, '***')}") from None
    if len(out) != len(texts):
        raise Problem(f"Google Cloud Translation returned {len(out)} texts for {len(texts)}; nothing of this batch was kept.")
    return out


def _store(store: Path, made: pd.DataFrame) -> None:
    before = [tables.read(store)] if store.exists() else []
    tables.write(pd.concat([*before, made]), store)


def checks(statements: pd.DataFrame, translated: pd.DataFrame) -> pd.DataFrame:
    """What looks wrong without reading the language: one row a statement, language and finding."""
    both = translated.merge(statements[["statement_id", "text"]], on="statement_id", suffixes=("", "_source"))
    both = both[both["translator"] != "simulated"]
    ratio = both["text"].str.len() / both["text_source"].str.len()
    usual = ratio.median() if len(ratio) else 1.0
    found = []
    for row, r in zip(both.itertuples(index=False), ratio, strict=True):
        found += [(row.statement_id, row.language, what) for what in _findings(row.text_source, row.text, r / usual)]
    return pd.DataFrame(found, columns=["statement_id", "language", "reason"])


def _findings(source: str, text: str, relative_length: float) -> list[str]:
    """
    >>> _findings("Ban 5 cars", "禁止汽车", 1.0)
    ['a number is lost: 5']
    """
    lost = [n for n in re.findall(r"\d+", source) if n not in text]
    return [
        *(["not translated"] if text.strip() == source.strip() or not re.search(r"[\u3400-\u9fff]", text) else []),
        *([f"a number is lost: {', '.join(lost)}"] if lost else []),
        *(["unusual length"] if not 0.4 < relative_length < 2.5 else []),
    ]
