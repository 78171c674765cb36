"""What is known of each language of replies: `templates/words.*.yaml`, made into patterns."""

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import yaml

from utils.cells import SCORES, is_stance
from utils.errors import Problem, nearest

TEMPLATES = Path(__file__).parent / "templates"

NEEDED = ("name", "statement", "letters", "letters_a_word", "keywords", "mark", "said", "answers")
EVERYWHERE = ("doubts", "retracts", "refusals", "decides", "supposes")
NOTHING = "(?!)"  # of an entry that a language need not have
GAP = r"[*_`\s]*"
PLAIN = r"(?:[^\w\"'“”‘’「」『』«»>\n]|_)*"
OPTIONS = r"(?:[(\[][^()\[\]\n]*(?:/|\||\bor\b|或|、)[^()\[\]\n]*[)\]])?"
AFTER = r"[\s_\"'“”’」』»】\])}>]*(?:$|(?P<rest>(?:[,.;:!(\[=、。—–]|-+\s|\s*(?:BECAUSE)).*))"


@cache
def list_languages() -> tuple[str, ...]:
    """List the languages that have a file of words."""
    return tuple(sorted(p.name.split(".")[1] for p in TEMPLATES.glob("words.*.yaml")))


@cache
def words(language: str) -> dict:
    """Return what `words.<language>.yaml` says; its patterns may run over several lines."""
    if language not in list_languages():
        listed, near = ", ".join(list_languages()), nearest(language, list_languages())
        raise Problem(f"There is no words.{language}.yaml (languages: {listed}).{near}")
    entries = yaml.safe_load((TEMPLATES / f"words.{language}.yaml").read_text(encoding="utf-8"))
    if missing := [name for name in NEEDED if name not in entries]:
        how = "words.en.yaml explains each entry"
        raise Problem(f"words.{language}.yaml has no entry {', '.join(missing)}; {how}.")
    return {k: v.replace("\n", "") if isinstance(v, str) else v for k, v in entries.items()}


@cache
def patterns() -> SimpleNamespace:
    """Return the patterns of all languages: a reply may be in one that was not asked for."""
    every = {language: words(language) for language in list_languages()}
    frequent = {}
    for language, own in every.items():
        common, foreign = own.get("common", ""), own.get("foreign", "")
        frequent[language] = frozenset(common.split()), frozenset(foreign.split())
    names = ("opener", "turns", "because", "number", "after")
    either = {
        k: "|".join(w.get(k, NOTHING).replace("\n", "") for w in every.values()) for k in names
    }
    traditional = "".join(w.get("traditional", "") for w in every.values())
    tags = [w["statement"] for w in every.values()]
    return SimpleNamespace(
        **_marks(every, either["opener"], either["number"]),
        keywords={k: language for language, w in every.items() for k in w["keywords"]},
        turns=re.compile(
            rf"\W*(?:{either['turns']})\W{{0,3}}(?:\d+|{either['number']})?[\s*_]*(?::|$)"
        ),
        after=re.compile(either["after"]),
        reason=re.compile(rf"\s*(?:[.;!—–]|-+\s|[,(]?\s*(?:{either['because']}))"),
        simplified=str.maketrans(traditional[::2], traditional[1::2]),
        named={*tags, *(k for w in every.values() for k in w["keywords"])},
        **{k: _any(w.get(k, NOTHING) for w in every.values()) for k in EVERYWHERE},
        says={step: _says(every, step, either["because"]) for step in SCORES},
        claim=_any(w.get("states", {}).get("claim", NOTHING) for w in every.values()),
        states={side: _states(every, side, either["opener"]) for side in ("agree", "disagree")},
        statements=re.compile("|".join(rf"<{tag}>.*?</{tag}>" for tag in tags), re.S),
        opened=[f"<{tag}>" for tag in tags],
        letters={language: re.compile(f"[{w['letters']}]+") for language, w in every.items()},
        frequent=frequent,
    )


def _states(every: dict, side: str, opener: str) -> re.Pattern:
    """Return how a sentence before the marked line takes a side by itself."""
    own = (words.get("states", {}).get(side, NOTHING) for words in every.values())
    return _any(pattern.replace("OPENER", opener) for pattern in own)


def _marks(every: dict, opener: str, number: str) -> dict[str, re.Pattern]:
    """Return `head`, the mark of an answer ("Final answer:"), and `line`, a line that holds one."""
    mark, said = ("|".join(w[k] for w in every.values()) for k in ("mark", "said"))
    colon = r"(?:[:=∶]|\s[-–—]\s+(?=[^\W\d])|$)"  # a dash before a number may be its sign
    named = rf"""(?:"(?:{mark})"|'(?:{mark})'|(?:{mark})){GAP}{OPTIONS}{GAP}{colon}"""
    head = rf"{named}|[【\[](?:{mark})[】\]]{GAP}[:=∶]?|(?:{said}){GAP}:?"
    boxed = rf"(?:(?:{said}|{mark}){GAP}:?)?[*\s$\\(\[]*\\boxed\{{"
    numbered = rf"{PLAIN}(?:(?:\d{{1,2}}|{number})[.)、]{PLAIN})?"
    sentence = rf".*?(?<!\be\.g)(?<!\bi\.e)[.!?;。\]】]{PLAIN}"
    before = rf"(?!\s*>)(?:{numbered}|{sentence}|.*?,\s*(?=(?:{opener})))(?:(?:{opener}),?:?{GAP})?"
    line = rf"{before}(?P<head>{boxed}|{head})(?P<content>.*)$"
    return {"head": re.compile(rf"(?:{head}){GAP}"), "line": re.compile(line)}


def _says(every: dict, step: str, because: str) -> list[tuple]:
    """Return, in all languages: answer, language, how it is said, its echoes, what denies it."""
    out, after = [], AFTER.replace("BECAUSE", because)
    entries = {language: _answers(own["answers"], step) for language, own in every.items()}
    for language, own in entries.items():
        for answer, entry in own.items():
            all_of = [others[answer] for others in entries.values() if answer in others]
            says = re.compile(f"(?P<said>{_any([entry['says']]).pattern}){after}")
            echoes = _any([e["echoes"] for e in all_of if e.get("echoes")] or [r"(?!)"])
            out.append((answer, language, says, echoes, _any(e["denies"] for e in all_of)))
    return out


def _answers(answers: dict, step: str) -> dict:
    """Return the entries of a step's answers; a wording's own ones lie over those of `stance`."""
    return (answers["stance"] if is_stance(step) else {}) | answers.get(step, {})


def _any(alternatives) -> re.Pattern:
    return re.compile("|".join(pattern.replace("\n", "") for pattern in alternatives))
