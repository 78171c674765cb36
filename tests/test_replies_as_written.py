"""Replies as models write them, labelled by somebody who had not seen the reader: what counts as answered is right."""

import json
from pathlib import Path

import pytest

from utils import prompts

LINES = Path(__file__).with_name("replies_as_written.jsonl").read_text(encoding="utf-8").splitlines()
REPLIES = [json.loads(line) for line in LINES]
THIRD = ("Spanish reply", "German reply", "Portuguese", "Japanese", "Korean")  # neither English nor Chinese


def read(reply: dict) -> tuple[str, str]:
    return prompts.read(reply["step"], reply["language"], reply["text"], reply["finish_reason"])


def wrong(replies: list[dict]) -> list[str]:
    """What was read as an answer and is none, or another one; unreadable is allowed, wrong is not."""
    pairs = [(reply, *read(reply)) for reply in replies]
    return [r["note"] for r, state, answer in pairs if state == "answered" and (r["state"], r["answer"]) != (state, answer)]


def test_no_reply_in_english_or_chinese_is_read_as_an_answer_that_it_does_not_give():
    assert len(REPLIES) >= 300
    assert wrong([r for r in REPLIES if r["note"] not in THIRD]) == []


@pytest.mark.xfail(strict=True, reason="a reply in a third language of the same letters passes for the prompt's language")
def test_a_reply_in_a_third_language_is_no_answer():
    assert wrong([r for r in REPLIES if r["note"] in THIRD]) == []


def test_most_answers_are_read():
    answered = [r for r in REPLIES if r["state"] == "answered"]
    assert sum(read(r)[0] == "answered" for r in answered) >= 0.85 * len(answered)
