"""The one error that is meant for a person."""

from collections.abc import Iterable
from difflib import get_close_matches


class Problem(Exception):
    """Something a person can mend; its text says what was wrong, where, and what to do."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return the right spelling, as the end of a sentence; nothing when no choice is near.

    >>> nearest("relevance_qorum", ["relevance_quorum", "min_votes"])
    ' Did you mean "relevance_quorum"?'
    >>> nearest("zebra", ["min_votes"])
    ''
    """
    matches = get_close_matches(str(word), [str(choice) for choice in choices], n=1)
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
