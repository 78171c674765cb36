"""Who answered, and the words for it: above pages, in figures, on the site, after a result."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Kind:
    """The words for one kind of respondents; an empty text is not shown."""

    stamp: str  # inside every figure
    caution: str = ""  # after a sentence that states a result
    banner: str = ""  # above a page of answers
    labels: str = ""  # above the page on which annotators check the labels
    site: str = ""  # on the front page of the site


KINDS = {  # a number that rests on several kinds bears the name of the first of them
    "simulated": Kind(
        "simulated respondents",
        "Simulated respondents: no finding.",
        "**Simulated respondents.** Every answer of this study was made up by a program with "
        "planted leanings. It shows whether the pipeline recovers what was planted; it says "
        "nothing about any real model or people.",
        "**Simulated respondents.** The labels on this page were made up by a program with "
        "planted leanings.",
        "**This study is simulated.** No model was asked: *simulated respondents* with planted "
        "leanings answered. It shows whether the pipeline recovers what was planted, and says "
        "nothing about any model or people.",
    ),
    "planted": Kind(
        "real models, planted labels",
        "Planted labels: no finding about cultures.",
        "**Planted labels.** Real models gave the answers of this study, but its labels are the "
        "input of a simulation: no judge and no person gave them. How often a model agrees, what "
        "changes with the language and what could not be read is the models' doing; a score on a "
        "dimension says nothing about any culture.",
        "**Planted labels.** The labels on this page are the input of a simulation.",
        "**The labels of this study are planted.** Real models answered, but no judge or person "
        "gave the labels. A score on a dimension says nothing about any culture.",
    ),
    "imported": Kind(
        "imported answers",
        "Imported answers.",
        "**Imported answers.** The answers on this page were collected elsewhere and imported.",
        "**Imported answers.** The labels on this page were collected elsewhere and imported.",
        "**The answers of this study were collected elsewhere** and imported.",
    ),
    "live": Kind(
        "",
        labels="The labels on this page are real models'.",
        site="The answers of this study are those of the models that it names.",
    ),
    "printed": Kind(
        "from the paper's printed numbers",
        banner="**The paper's printed numbers.** Nothing of this study is used on this page, "
        "whether simulated or not.",
    ),
}
RATERS = {  # the words for who rated the sheets
    "simulated": "**Simulated annotators.** The ratings were generated with a known error, and are "
    "not people's.",
    "live": "The ratings are real people's.",
    "": "**Not yet rated.** Table 2 is the paper's alone.",
}


def words_of(kind: str, scope: str = "") -> str:
    """Return a kind's stamp as the beginning of a caption; "" for live answers.

    `scope` says on which part it stands, where only a part is simulated.

    >>> words_of("simulated"), words_of("live", "models")
    ('Simulated respondents', '')
    >>> words_of("simulated", "models, not people")
    'Simulated respondents (models, not people)'
    """
    words = KINDS[kind].stamp
    if not words:
        return ""
    return words[0].upper() + words[1:] + (f" ({scope})" if scope else "")


def combine(*kinds: str) -> str:
    """Return the kind of a number that rests on several: simulated if any of them is.

    >>> combine("live", "simulated"), combine("simulated", "live"), combine("imported", "")
    ('simulated', 'simulated', 'imported')
    """
    return next(kind for kind in KINDS if kind in kinds)


def raters_of(ratings: pd.DataFrame) -> str:
    """Return who rated: live, simulated, or nobody ("") as long as every sheet is empty."""
    rated = ratings.dropna(subset=["relevant", "polarity"], how="all")
    return next(iter(rated["respondents"].unique()), "")
