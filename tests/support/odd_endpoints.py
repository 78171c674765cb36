"""Odd ways in which endpoints answer, each as it is written on the wire."""

import json

from servers import answer


def completion(content="Some reasons.\n\nAnswer: yes", finish_reason="stop", **more) -> dict:
    message = {"role": "assistant", "content": content}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return {"id": "x", "model": "m-1", "choices": [choice], "usage": usage} | more


def says(body, status: int = 200, **headers: str):
    """Answer with a body, as JSON unless it is bytes already."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda send: answer(send, status, content, **headers)


def error(message: str, **more) -> dict:
    return {"error": {"message": message} | more}


def events(*parts: dict, end: bytes = b"data: [DONE]\n\n") -> bytes:
    return b"".join(b"data: " + json.dumps(part).encode() + b"\n\n" for part in parts) + end


def chunk(words: str, finish_reason: str | None = None) -> dict:
    return {"choices": [{"delta": {"content": words}, "finish_reason": finish_reason}]}


THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Answer: no"}]}
TEXT = b'"content": "'


def as_usual(content: str = "Some reasons.\n\nAnswer: yes") -> dict:
    """Return odd dresses of one reply, by name: each is read as if it came as usual."""
    plain, whole = completion(content), json.dumps(completion(content)).encode()
    return {
        "white space first": says(b"\n\n    \n" + whole),
        "comments first": says(b": processing\n\n: processing\n\n" + whole),
        "a byte-order mark": says(b"\xef\xbb\xbf" + whole),
        "not a number": says(
            whole.replace(b'"finish_reason"', b'"logprobs": NaN, "finish_reason"')
        ),
        "half a character": says(whole.replace(TEXT, TEXT + b"\\ud83d ")),
        "bytes that are no text": says(whole.replace(TEXT, TEXT + b"\xff\xfe ")),
        "parts": says(completion([THOUGHT, {"type": "text", "text": content}])),
        "events": says(events(chunk(content[:6]), chunk(content[6:]), chunk("", "stop"))),
        "one event": says(events(plain)),
        "no usage": says(completion(content, usage=None)),
        "a usage without numbers": says(completion(content, usage={"prompt_tokens": "many"})),
        "a usage that is a list": says(completion(content, usage=[1, 2])),
        "an empty error": says(completion(content, error={"code": 0, "message": ""})),
        "a second choice": says(plain | {"choices": plain["choices"] * 2}),
    }


WHOLE = json.dumps(completion()).encode()
AS_USUAL = as_usual()  # each holds "Answer: yes"
FAILED = {  # nothing to pay, tried again, never an answer
    "an error in the body": says(error("upstream failed", code=502)),
    "an error in words": says({"error": "the model is loading"}),
    "an error in the choice": says(
        {"choices": [completion("")["choices"][0] | {"error": {"code": 502, "message": "down"}}]}
    ),
    "ended by an error": says(completion("For: a.\n\nAnswer: yes", "error")),
    "no choices at all": says({"base_resp": {"status_code": 1002, "status_msg": "busy"}}),
    "choices that are null": says({"choices": None, "object": "error", "message": "busy"}),
    "an error among events": says(events(chunk("Answer: yes"), error("lost", code=503))),
    "a gateway's status": says(b"<html>524</html>", 524),
}
UNUSABLE = {  # perhaps paid, so tried only a few times
    "a page": says(b"<html>welcome</html>"),
    "nothing": says(b""),
    "cut in a character": says(WHOLE[: WHOLE.index(b"Some") + 2] + b"\xe5\x90"),
    "events without an end": says(events(chunk("Answer: yes"), end=b"")),
    "a list": says(b"[]"),
    "a choice that is no object": says({"choices": ["Answer: yes"]}),
    "a part without text": says(completion([{"type": "text"}])),
}
BLOCKED = {  # refused, and nothing to pay where it is an error
    "a code": says(error("Inappropriate content.", code="data_inspection_failed"), 400),
    "an inner code": says(
        error("Bad request", innererror={"code": "ResponsibleAIPolicyViolation"}), 400
    ),
    "only words": says(error("Content Exists Risk", type="invalid_request_error"), 400),
    "moderation": says(error("Your input was flagged", metadata={"reasons": ["x"]}), 403),
    "no choice": says(completion() | {"choices": []}),
    "by its end": says(completion(None, "content_filter")),
    "without a message": says(
        {"choices": [{"index": 0, "message": None, "finish_reason": "content_filter"}]}
    ),
}
STOPPED = {  # at once, with the words after it
    "no credit in the body": (says(error("Insufficient credits", code=402)), "no credit"),
    "an unknown field": (
        says(error("Unsupported parameter: 'max_tokens'", code="unsupported_parameter"), 400),
        "Unsupported parameter: 'max_tokens'.*`fields:`",
    ),
    "another address": (
        says(b"", 308, location="https://elsewhere.example/v1/chat/completions"),
        "points to https://elsewhere.example",
    ),
    "no such address": (says(error("not found"), 404), "asked was http://127.0.0.1"),
    "the limit of a day": (
        says(error("limit exceeded: free-models-per-day", code=429), 429, retry_after="0.01"),
        "used up: 429: limit exceeded: free-models-per-day",
    ),
}
