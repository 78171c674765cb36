"""What a changed parameter changed: an execution beside the study's default one."""

from pathlib import Path

import pandas as pd

from utils import tables
from utils.claims import in_words
from utils.errors import Problem
from utils.execution import Execution
from utils.paths import FIGURES, PROCESSED

PAIR = ["statement_id", "dimension"]


def default_of(here: Execution) -> Execution:
    """The study's unchanged execution, which has to be there to compare with."""
    if not (PROCESSED / here.study.name / "05_sociocultural_statements.csv").exists():
        raise Problem(f"There is nothing to compare with: run the study {here.study.name} unchanged first.")
    return Execution(here.study, here.study.name)


def both(here: Execution, name: str, keys: list[str]) -> pd.DataFrame:
    """A table of the default and of the changed execution side by side, joined on its keys (suffixes _before, _after)."""
    before, after = tables.read(default_of(here).path_of(name)), here.read(name)
    return before.merge(after, on=keys, how="outer", suffixes=("_before", "_after"))


def labels(here: Execution) -> pd.DataFrame:
    """Labels that came, went or changed: statement_id, dimension, polarity before and after (NaN: no label)."""
    pairs = both(here, "05_sociocultural_statements", PAIR)
    same = pairs["polarity_before"].eq(pairs["polarity_after"])
    return here.in_order(pairs.loc[~same, [*PAIR, "polarity_before", "polarity_after"]])


def counts(here: Execution) -> pd.DataFrame:
    """Figure 2's counts before and after, in its order."""
    pairs = both(here, "11_counts", ["item"]).set_index("item").loc[here.read("11_counts")["item"]].reset_index()
    return pairs.assign(change=pairs["here_after"] - pairs["here_before"])[["item", "here_before", "here_after", "change"]]


def moved(here: Execution, name: str, keys: list[str], value: str, least: float = 0.005) -> pd.DataFrame:
    """Rows of a table whose value moved by at least so much, the farthest first."""
    pairs = both(here, name, keys)
    pairs = pairs.assign(change=pairs[f"{value}_after"] - pairs[f"{value}_before"])
    far = pairs[pairs["change"].abs().ge(least) | pairs["change"].isna()]
    order = far["change"].abs().sort_values(ascending=False, kind="stable").index
    return far.loc[order, [*keys, f"{value}_before", f"{value}_after", "change"]].reset_index(drop=True)


def turned(here: Execution) -> pd.DataFrame:
    """Directions of Figure 1 that agree with people before and not after, or the other way round."""
    pairs = both(here, "08_directions", ["dimension", "first", "second"])
    return pairs.loc[pairs["agrees_before"] != pairs["agrees_after"], ["dimension", "first", "second", "agrees_before", "agrees_after"]]


def claims(here: Execution) -> pd.DataFrame:
    """How much of each claim holds under each execution's own rules: claim, before, after ("5 of 6"; "open": undecided).

    Empty as long as notebook 14 has not run in both.
    """
    files = [e.path_of("14_specifications") for e in (default_of(here), here)]
    if not all(file.exists() for file in files):
        return pd.DataFrame(columns=["claim", "before", "after"])
    own = [tables.read(file).iloc[0] for file in files]  # the first specification is the execution's own
    words = in_words(here.study.respondents == "simulated")
    return pd.DataFrame([(text, *(_so_much(row, claim) for row in own)) for claim, text in words.items()],
                        columns=["claim", "before", "after"])  # fmt: skip


def _so_much(row: pd.Series, claim: str) -> str:
    right, of = row.get(f"{claim}_right"), row.get(f"{claim}_of")
    return f"{right:.0f} of {of:.0f}" if pd.notna(of) and of else "open"


def verdicts(here: Execution) -> pd.DataFrame:
    """Items of the ledger with another verdict than before: item, paper, here and verdict of both executions."""
    if not all(e.path_of("13_ledger").exists() for e in (default_of(here), here)):
        return pd.DataFrame(columns=["item", "paper", "verdict_before", "verdict_after"])
    pairs = both(here, "13_ledger", ["item", "paper"])
    turned_ = pairs["verdict_before"] != pairs["verdict_after"]
    return pairs.loc[turned_, ["item", "paper", "here_before", "here_after", "verdict_before", "verdict_after"]]


def figures(here: Execution) -> list[tuple[str, Path, Path]]:
    """Figures of both executions that are not the same picture: name, before, after."""
    pairs = [(p.stem, FIGURES / here.study.name / p.name, p) for p in sorted(here.figures.glob("*.png"))]
    return [(name, old, new) for name, old, new in pairs if old.exists() and old.read_bytes() != new.read_bytes()]


def side_by_side(here: Execution):
    """The figures that changed, before and after, for the page."""
    import PIL.Image
    from IPython.display import Image, Markdown, display

    for name, old, new in figures(here):
        display(Markdown(f"**{name}**: before, then after"))
        for when, path in (("before", old), ("after", new)):
            says = PIL.Image.open(path).text["Description"]
            display(Image(path.read_bytes(), width=620, alt=f"{name} {when} the change: {says}"))
