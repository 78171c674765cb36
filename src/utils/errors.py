"""The one error that is meant for a person."""

from collections.abc import Iterable
from difflib import get_close_matches


class Problem(Exception):
    """Something a person can mend; its text says what was wrong, where, and what to do."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return the right spelling, as the end of a sentence; nothing when no choice is near.

    A word that differs in case alone is nearest. Abbreviations are all alike, so that one of three
    letters is not near another that has only two of them.

    >>> nearest("relevance_qorum", ["relevance_quorum", "min_votes"])
    ' Did you mean "relevance_quorum"?'
    >>> nearest("pdi", ["PDI", "IND"]), nearest("IVR", ["IDV", "IND"])
    (' Did you mean "PDI"?', '')
    """
    word, choices = str(word), [str(choice) for choice in choices]
    matches = [choice for choice in choices if choice.casefold() == word.casefold()]
    if not matches:
        matches = get_close_matches(word, choices, n=1, cutoff=0.6 if len(word) > 3 else 0.75)
    return f' Did you mean "{matches[0]}"?' if matches else ""


def check_choice(name: str, value: str, choices: Iterable[str]) -> str:
    """Return the value, or raise a Problem that names the choices.

    >>> check_choice("step", "stance", ("polarity", "stance"))
    'stance'
    """
    choices = list(choices)
    if value in choices:
        return value
    listed, near = ", ".join(choices), nearest(value, choices)
    raise Problem(f'{name} is one of {listed}, not "{value}".{near}')
