"""446 endings of replies, by an author who had not seen the reader nor other examples of its tests.

reply_endings.tsv: language, expectation, text (`\\n` a line break). A, D: a clear agree or disagree;
a, d: it leans there, and may stay unreadable; N: no answer of its own. Most of A and D that are not
read have no marked line, a quotation around it, or a remark behind it: these are asked again.
"""

from collections import Counter
from pathlib import Path

from utils.reply_parser import read

FILE = Path(__file__).with_name("reply_endings.tsv")
LINES = FILE.read_text(encoding="utf-8").rstrip("\n").split("\n")
ENDINGS = [line.split("\t") for line in LINES]
MEANS = {"A": "agree", "a": "agree", "D": "disagree", "d": "disagree"}


def answer(language: str, text: str) -> str:
    return read("stance", language, text.replace("\\n", "\n"))[1]


def test_no_ending_is_read_as_the_opposite():
    wrong = []
    for number, (language, meant, text) in enumerate(ENDINGS, 1):
        if meant in MEANS and answer(language, text) not in ("", MEANS[meant]):
            wrong.append(number)
    assert not wrong


def test_what_is_no_answer_is_none():
    wrong = []
    for number, (language, meant, text) in enumerate(ENDINGS, 1):
        if meant == "N" and answer(language, text):
            wrong.append(number)
    assert not wrong


def test_most_clear_endings_are_read():
    read_of, of = Counter(), Counter()
    for language, meant, text in ENDINGS:
        if meant in "AD":
            of[language] += 1
            read_of[language] += bool(answer(language, text))
    assert of == {"en": 90, "zh": 88}
    assert read_of["en"] >= 70 and read_of["zh"] >= 67, read_of
