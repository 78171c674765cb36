"""The archive's record of one reply: its fields, and how each is read from what arrived.

A new field is a line of FIELDS and one of `read_completion`, and SCHEMA becomes another number.
"""

import json
from datetime import UTC, datetime

import orjson

from alignment.asking import budget
from alignment.asking.request import Request
from alignment.study.schema import Study

SCHEMA = 1
NEVER_SENT = "never sent: "  # begins the error of a request that never left this machine
FIELDS = {
    "key": "text not null",  # of everything that decides the request
    "attempt": "integer not null",  # 1, 2, ... of the same request
    "step": "text not null",
    "model": "text not null",  # the study's name of the respondent
    "language": "text not null",
    "text": "text",  # the reply; null when the request failed
    "finish_reason": "text",
    "error": "text",  # why the request failed, or its prompt was blocked
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


def parse(content: bytes) -> dict:
    """Return the JSON object that a body holds, read as leniently as is safe.

    Comments before it, NaN, half characters and the events of a stream do no harm. ValueError for
    anything else.

    >>> parse(b': wait\\n\\n {"choices": [NaN, "\\\\ud83d"]}')
    {'choices': [nan, '\ufffd']}
    """
    try:
        value = orjson.loads(content)
    except ValueError:
        lines = content.decode("utf-8-sig", "replace").strip().splitlines()
        lines = [line for line in lines if not line.startswith((":", "event:", "id:", "retry:"))]
        text = "\n".join(lines).strip()
        is_stream = text.startswith("data:")
        value = _join_events(text) if is_stream else json.loads(text)
        value = json.loads(_storable(json.dumps(value, ensure_ascii=False)))
    if not isinstance(value, dict):
        raise ValueError("the body is no JSON object") from None
    return value


def _join_events(text: str) -> dict:
    """Return the completion that the events of a stream make; ValueError when it has no end."""
    events = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
    events = [json.loads(event) for event in events if event != "[DONE]"]
    whole: dict = {}
    words, ends = [], []
    for event in events:
        whole |= {name: value for name, value in event.items() if value is not None}
        for choice in event.get("choices") or []:
            message = choice.get("delta") or choice.get("message") or {}
            words.append(message.get("content") or "")
            ends.append(choice.get("finish_reason"))
    if "error" in whole:
        return whole
    if not any(ends):
        raise ValueError("a stream without an end")
    message = {"content": "".join(words)}
    return whole | {"choices": [{"message": message, "finish_reason": [*filter(None, ends)][-1]}]}


def _storable(text: str) -> str:
    """Return a text without half characters, which UTF-8 cannot hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def find_error(completion: dict) -> tuple[int, object] | None:
    """Return the error that stands in place of a reply, and the status that it has or 502.

    It may be in the body, in a choice, or only said by the reason for which the reply ended.
    """
    choices = completion.get("choices")
    choice = choices[0] if choices and isinstance(choices[0], dict) else {}
    error = completion.get("error") or choice.get("error")
    if isinstance(error, dict) and not any(error.values()):
        error = None
    if not error and str(choice.get("finish_reason") or "").lower() == "error":
        error = "the reply ended in an error"
    if not error and choices is None:
        error = completion or "an empty object"
    if not error:
        return None
    details = error if isinstance(error, dict) else {"message": error}
    for name in ("code", "status", "status_code", "http_status"):
        value = str(details.get(name) or "")
        if value.isdecimal() and 400 <= int(value) < 600:
            return int(value), details
    limited = "rate_limit" in f"{details.get('type')} {details.get('code')}".lower()
    return 429 if limited else 502, details


def read_completion(
    study: Study, request: Request, completion: dict, content: bytes, request_id: str | None
) -> dict:
    """Return the record of a reply, but for what only the scheduler knows of it.

    `content` is the body as it came, `completion` what it holds. A reply without any choice is a
    prompt that was blocked. Errors: LookupError, TypeError, ValueError or AttributeError when it is
    no chat completion.
    """
    usage = completion.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    text, finish_reason = "", "content_filter"
    if completion["choices"] != []:
        text, finish_reason = _read_choice(completion["choices"][0])
    fingerprint = _text(completion.get("system_fingerprint")) or ""
    simulated = study.respondents == "simulated" or fingerprint.startswith("simulated")
    pinned = study.models[request.model].provider.get("quantizations") or []
    quantisation = str(pinned[0]) if len(pinned) == 1 else None
    input_tokens, output_tokens = budget.read_tokens(usage)
    return _origin(request) | {
        "text": text,
        "finish_reason": finish_reason,
        "respondents": "simulated" if simulated else "live",
        "returned_model": _text(completion.get("model")),
        "provider": _text(completion.get("provider")),
        "quantisation": _text(completion.get("quantization")) or quantisation,
        "fingerprint": fingerprint,
        "request_id": request_id or _text(completion.get("id")),
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "cost": budget.reply_cost(study, request, usage, len(content)),
        "response": content.decode("utf-8", "backslashreplace"),
    }


def describe_refusal(study: Study, request: Request, reason: str) -> dict:
    """Return the record of a request whose prompt the endpoint blocked: a reply without words."""
    blocked = {"text": "", "finish_reason": "content_filter", "error": reason}
    return describe_failure(study, request, reason) | blocked


def describe_failure(study: Study, request: Request, error: str, sent: bool = True) -> dict:
    """Return the record of a request without a reply; one that was not `sent` is no call."""
    error = error if sent else NEVER_SENT + error
    respondents = "simulated" if study.respondents == "simulated" else "live"
    return _origin(request) | {"error": error, "respondents": respondents, "cost": 0.0}


def _origin(request: Request) -> dict:
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {name: getattr(request, name) for name in ORIGIN} | {"text": None, "time": time}


def _read_choice(choice: dict) -> tuple[str, str]:
    """Return the text of a choice and why it ended; some refusals have a place of their own."""
    message = choice["message"] or {}
    content, refusal = message.get("content"), message.get("refusal")
    if isinstance(content, list):
        content = "".join(map(_read_part, content))
    if not isinstance(content, str | None):
        raise TypeError("the content is not text")
    if not content and isinstance(refusal, str) and refusal:
        return refusal, "refusal"
    return content or "", _text(choice.get("finish_reason")) or ""


def _read_part(part: str | dict) -> str:
    """Return the text of a part of a reply's content; a model's thinking is none."""
    if isinstance(part, str):
        return part
    return part["text"] if part.get("type") in ("text", "output_text") else ""


def _text(value) -> str | None:
    return value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False)
