"""Replies as models write them, labelled by somebody who had not seen the reader: what counts as answered is right."""

import json
from pathlib import Path

from utils import reply_parser

LINES = (
    Path(__file__).with_name("replies_as_written.jsonl").read_text(encoding="utf-8").splitlines()
)
REPLIES = [json.loads(line) for line in LINES]


def read(reply: dict) -> tuple[str, str]:
    return reply_parser.read(
        reply["step"], reply["language"], reply["text"], reply["finish_reason"]
    )


def wrong(replies: list[dict]) -> list[str]:
    """What was read as an answer and is none, or another one; unreadable is allowed, wrong is not."""
    pairs = [(reply, *read(reply)) for reply in replies]
    return [
        r["note"]
        for r, state, answer in pairs
        if state == "answered" and (r["state"], r["answer"]) != (state, answer)
    ]


def test_no_reply_is_read_as_an_answer_that_it_does_not_give():
    assert len(REPLIES) >= 300
    assert wrong(REPLIES) == []


def test_most_answers_are_read():
    answered = [r for r in REPLIES if r["state"] == "answered"]
    assert sum(read(r)[0] == "answered" for r in answered) >= 0.85 * len(answered)
