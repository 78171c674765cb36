"""The archive's record of one reply: its fields, and how each is read from what arrived.

A new field is a line of FIELDS and one of `read_completion`, and SCHEMA becomes another number.
"""

from datetime import UTC, datetime

import orjson

from alignment.asking import budget
from alignment.asking.request import Request
from alignment.study.schema import Study

SCHEMA = 1
FIELDS = {
    "key": "text not null",  # of everything that decides the request
    "attempt": "integer not null",  # 1, 2, ... of the same request
    "step": "text not null",
    "model": "text not null",  # the study's name of the respondent
    "language": "text not null",
    "text": "text",  # the reply; null when the request failed
    "finish_reason": "text",
    "error": "text",  # why the request failed
    "respondents": "text not null",  # live, simulated
    "returned_model": "text",
    "provider": "text",
    "quantisation": "text",
    "fingerprint": "text",
    "request_id": "text",
    "prompt_tokens": "integer",
    "completion_tokens": "integer",
    "cost": "real",  # US dollars
    "lost": "integer",  # tries that brought no reply and may have been charged all the same
    "lost_cost": "real",  # US dollars that these cost at most
    "latency": "real",  # seconds of the try that brought the reply
    "time": "text",  # UTC
}
WIRE = {"request": "text", "response": "text"}  # as sent and received; apart, as they are long
ORIGIN = ("key", "attempt", "step", "model", "language")  # the fields that a request decides


def read_completion(study: Study, request: Request, content: bytes, request_id: str | None) -> dict:
    """Return the record of a reply, but for what only the scheduler knows of it.

    Errors: ValueError, LookupError, TypeError or AttributeError when it is no chat completion.
    """
    completion = orjson.loads(content)
    choice, usage = completion["choices"][0], completion.get("usage") or {}
    text, finish_reason = _read_choice(choice)
    fingerprint = _text(completion.get("system_fingerprint")) or ""
    simulated = study.respondents == "simulated" or fingerprint.startswith("simulated")
    pinned = study.models[request.model].provider.get("quantizations") or []
    quantisation = str(pinned[0]) if len(pinned) == 1 else None
    return _origin(request) | {
        "text": text,
        "finish_reason": finish_reason,
        "respondents": "simulated" if simulated else "live",
        "returned_model": _text(completion.get("model")),
        "provider": _text(completion.get("provider")),
        "quantisation": _text(completion.get("quantization")) or quantisation,
        "fingerprint": fingerprint,
        "request_id": request_id or _text(completion.get("id")),
        "prompt_tokens": _count(usage.get("prompt_tokens")),
        "completion_tokens": _count(usage.get("completion_tokens")),
        "cost": budget.reply_cost(study, request.model, usage),
        "response": content.decode("utf-8", "replace"),
    }


def describe_failure(study: Study, request: Request, error: str) -> dict:
    """Return the record of a request without a reply."""
    respondents = "simulated" if study.respondents == "simulated" else "live"
    return _origin(request) | {"error": error, "respondents": respondents, "cost": 0.0}


def _origin(request: Request) -> dict:
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {name: getattr(request, name) for name in ORIGIN} | {"text": None, "time": time}


def _read_choice(choice: dict) -> tuple[str, str]:
    """Return the text of a choice and why it ended; some refusals have a place of their own."""
    message = choice["message"]
    content, refusal = message.get("content"), message.get("refusal")
    if not isinstance(content, str | None):
        raise TypeError("the content is not text")
    if not content and isinstance(refusal, str) and refusal:
        return refusal, "refusal"
    return content or "", _text(choice.get("finish_reason")) or ""


def _text(value) -> str | None:
    return value if isinstance(value, str | None) else orjson.dumps(value).decode()


def _count(value) -> int | None:
    return value if isinstance(value, int | None) else int(value)
