"""What a changed parameter changed: an execution beside the study's default one."""

from pathlib import Path

import pandas as pd

from alignment.stats.significance import ALPHA
from alignment.stats.specifications.claims import describe_claims
from alignment.study import table_files
from alignment.study.workspace import Workspace
from utils.cells import PAIR
from utils.errors import Problem

MODEL, PAIRS = ["dimension", "model", "language"], ["dimension", "model", "a", "b"]


def default_of(workspace: Workspace) -> Workspace:
    """The study's unchanged execution, which has to be there to compare with."""
    if not (workspace.base.processed / "05_sociocultural_statements.csv").exists():
        raise Problem(
            "There is nothing to compare with: "
            f"run the study {workspace.study.name} unchanged first."
        )
    return workspace.base


def both(workspace: Workspace, name: str, keys: list[str]) -> pd.DataFrame:
    """Join a table of the default and of the changed execution (suffixes _before, _after)."""
    before, after = table_files.read(default_of(workspace).path_of(name)), workspace.read(name)
    return before.merge(after, on=keys, how="outer", suffixes=("_before", "_after"))


def labels(workspace: Workspace) -> pd.DataFrame:
    """Return labels that came, went or changed, with polarity before and after (NaN: none)."""
    pairs = both(workspace, "05_sociocultural_statements", PAIR)
    same = pairs["polarity_before"].eq(pairs["polarity_after"])
    return workspace.in_order(pairs.loc[~same, [*PAIR, "polarity_before", "polarity_after"]])


def summary(workspace: Workspace) -> pd.DataFrame:
    """The whole change on one screen: what, before, after, and in words what moved."""
    default, flipped, held = default_of(workspace), labels(workspace), claims(workspace)
    moved_, tested = (
        moved(workspace, "09_figure3", MODEL, "mean"),
        moved(workspace, "10_table3", PAIRS, "p_exact"),
    )
    turned_, told = turned(workspace), verdicts(workspace)
    far = (
        ""
        if moved_.empty
        else ", the farthest {model} on {dimension} by {change:+.2f}".format(**moved_.iloc[0])
    )
    gone, new = flipped["polarity_after"].isna().sum(), flipped["polarity_before"].isna().sum()
    rows = [
        ("statements kept", *_sizes(default, workspace, "02_statements"), ""),
        (
            "labels",
            *_sizes(default, workspace, "05_sociocultural_statements"),
            f"{gone} gone, {new} new, {len(flipped) - gone - new} with another value",
        ),
        (
            "positions of models (Figure 3)",
            *_sizes(default, workspace, "09_figure3"),
            f"{len(moved_)} moved{far}",
        ),
        (
            "changes with the language, exact p < 0.05, uncorrected (Table 3)",
            *(_found(e) for e in (default, workspace)),
            f"{len(tested)} p-values moved",
        ),
        (
            "directions as people's (Figure 1)",
            *(_agreeing(e) for e in (default, workspace)),
            f"{len(turned_)} turned",
        ),
        (
            "claims that hold",
            *(_held(held[side]) for side in ("before", "after")),
            _counted(held["became"]),
        ),
        ("verdicts of the ledger", *_sizes(default, workspace, "13_ledger"), f"{len(told)} others"),
        (
            "figures",
            *(len(list(e.figures.glob("*.png"))) for e in (default, workspace)),
            f"{len(figures(workspace))} are not the same picture",
        ),
    ]
    return pd.DataFrame(rows, columns=["what", "before", "after", "what moved"]).astype(
        {"before": str, "after": str}
    )


def _sizes(default: Workspace, workspace: Workspace, name: str) -> list[object]:
    return [len(e.read(name)) if e.path_of(name).exists() else "" for e in (default, workspace)]


def _found(execution: Workspace) -> str:
    p = execution.read("10_table3")["p_exact"]
    return f"{(p < ALPHA).sum()} of {len(p)}"


def _agreeing(execution: Workspace) -> str:
    agrees = execution.read("08_directions")["agrees"]
    return f"{agrees.eq('yes').sum()} of {len(agrees)}"


def _held(claims_: pd.Series) -> str:
    """How many claims hold whole ("5 of 6" does not)."""
    whole = [text for text in claims_ if text != "open" and len(set(text.split(" of "))) == 1]
    return f"{len(whole)} of {len(claims_)}"


def _counted(became: pd.Series) -> str:
    return ", ".join(f"{n} {word}" for word, n in became.value_counts().items())


def counts(workspace: Workspace) -> pd.DataFrame:
    """Figure 2's counts before and after, in its order."""
    pairs = (
        both(workspace, "11_counts", ["item"])
        .set_index("item")
        .loc[workspace.read("11_counts")["item"]]
        .reset_index()
    )
    return pairs.assign(change=pairs["here_after"] - pairs["here_before"])[
        ["item", "here_before", "here_after", "change"]
    ]


def moved(
    workspace: Workspace, name: str, keys: list[str], value: str, least: float = 0.005
) -> pd.DataFrame:
    """Rows of a table whose value moved by at least so much, the farthest first."""
    pairs = both(workspace, name, keys)
    pairs = pairs.assign(change=pairs[f"{value}_after"] - pairs[f"{value}_before"])
    far = pairs[pairs["change"].abs().ge(least) | pairs["change"].isna()]
    order = far["change"].abs().sort_values(ascending=False, kind="stable").index
    return far.loc[order, [*keys, f"{value}_before", f"{value}_after", "change"]].reset_index(
        drop=True
    )


def turned(workspace: Workspace) -> pd.DataFrame:
    """Return the directions of Figure 1 that agree with people only before, or only after."""
    pairs = both(workspace, "08_directions", ["dimension", "first", "second"])
    return pairs.loc[
        pairs["agrees_before"] != pairs["agrees_after"],
        ["dimension", "first", "second", "agrees_before", "agrees_after"],
    ]


def claims(workspace: Workspace) -> pd.DataFrame:
    """How much of each claim holds under each execution's own rules: claim, before, after, became.

    Before and after: "5 of 6", or "open" where it is undecided. Became: rose, fell, as before, or
    decided otherwise.

    Empty as long as notebook 14 has not run in both.
    """
    files = [e.path_of("14_specifications") for e in (default_of(workspace), workspace)]
    if not all(file.exists() for file in files):
        return pd.DataFrame(columns=["claim", "before", "after", "became"], dtype="str")
    own = [
        table_files.read(file).iloc[0] for file in files
    ]  # the first specification is the execution's own
    words = describe_claims(workspace.study.respondents == "simulated")
    rows = [(text, *(_so_much(row, claim) for row in own)) for claim, text in words.items()]
    return pd.DataFrame(
        [(*row, _became(*row[1:])) for row in rows], columns=["claim", "before", "after", "became"]
    )


def _became(before: str, after: str) -> str:
    """What a changed execution made of a claim.

    >>> _became("5 of 6", "6 of 6"), _became("22 of 23", "18 of 23")
    ('rose', 'fell')
    >>> _became("6 of 6", "5 of 5"), _became("open", "6 of 6")
    ('as before', 'decided otherwise')
    """
    if "open" in (before, after):
        return "as before" if before == after else "decided otherwise"
    (right, of), (now, of_now) = (map(int, text.split(" of ")) for text in (before, after))
    return (
        "as before"
        if right * of_now == now * of
        else "rose"
        if now * of > right * of_now
        else "fell"
    )


def _so_much(row: pd.Series, claim: str) -> str:
    right, of = row.get(f"{claim}_right"), row.get(f"{claim}_of")
    return f"{right:.0f} of {of:.0f}" if pd.notna(of) and of else "open"


def verdicts(workspace: Workspace) -> pd.DataFrame:
    """Return the items of the ledger with another verdict than before, of both executions."""
    if not all(e.path_of("13_ledger").exists() for e in (default_of(workspace), workspace)):
        return pd.DataFrame(columns=["item", "paper", "verdict_before", "verdict_after"])
    pairs = both(workspace, "13_ledger", ["item", "paper"])
    turned_ = pairs["verdict_before"] != pairs["verdict_after"]
    return pairs.loc[
        turned_, ["item", "paper", "here_before", "here_after", "verdict_before", "verdict_after"]
    ]


def figures(workspace: Workspace) -> list[tuple[str, Path, Path]]:
    """Return figures that are not the same picture: name, before, after; the paper's first."""
    pairs = [
        (p.stem, workspace.base.figures / p.name, p)
        for p in sorted(workspace.figures.glob("*.png"))
    ]
    other = [
        (name, old, new)
        for name, old, new in pairs
        if old.exists() and old.read_bytes() != new.read_bytes()
    ]
    return sorted(other, key=lambda figure: not figure[0].startswith(("figure", "table")))


def side_by_side(workspace: Workspace):
    """The figures that changed, before and after, for the page."""
    import PIL.Image
    from IPython.display import Image, Markdown, display

    found = figures(workspace)
    for name, old, new in found:
        for when, path in (("before", old), ("after", new)):
            display(Markdown(f"**{name}, {when}**"))
            says = PIL.Image.open(path).text["Description"]
            display(Image(path.read_bytes(), width=620, alt=f"{name} {when} the change: {says}"))
    same = sorted(
        {p.stem for p in workspace.figures.glob("*.png")} - {name for name, _, _ in found}
    )
    display(Markdown(f"The same before and after: {', '.join(same) or 'none'}."))
