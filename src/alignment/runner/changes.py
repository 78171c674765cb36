"""What a changed parameter changed: an execution beside the study's default one."""

from fractions import Fraction
from pathlib import Path

import pandas as pd

from alignment.stats.significance import ALPHA
from alignment.stats.specifications.claims import describe_claims
from alignment.study import table_files
from alignment.study.workspace import Workspace
from utils.cells import PAIR
from utils.errors import Problem

MODEL, PAIRS = ["dimension", "model", "language"], ["dimension", "model", "base", "other"]


def default_of(workspace: Workspace) -> Workspace:
    """Return the study's unchanged execution; Problem where there is none to compare with."""
    if not (workspace.base.processed / "05_sociocultural_statements.csv").exists():
        mend = f"run the study {workspace.study.name} unchanged first"
        raise Problem(f"There is nothing to compare with: {mend}.")
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
    """Return the whole change on one screen: what, before, after, and in words what moved."""
    sides, flipped, held = (default_of(workspace), workspace), labels(workspace), claims(workspace)
    gone, new = flipped["polarity_after"].isna().sum(), flipped["polarity_before"].isna().sum()
    of_labels = f"{gone} gone, {new} new, {len(flipped) - gone - new} with another value"
    positions = moved(workspace, "09_figure3", MODEL, "mean")
    of_positions = f"{len(positions)} moved"
    if len(positions):
        farthest = ", the farthest {model} on {dimension} by {change:+.2f}"
        of_positions += farthest.format(**positions.iloc[0])
    languages = "changes with the language, exact p < 0.05, uncorrected (Table 3)"
    of_languages = f"{len(moved(workspace, '10_table3', PAIRS, 'p_exact'))} p-values moved"
    of_directions = f"{len(turned(workspace))} turned"
    of_claims = ", ".join(f"{n} {word}" for word, n in held["became"].value_counts().items())
    of_verdicts = f"{len(verdicts(workspace))} others"
    of_figures = f"{len(figures(workspace))} are not the same picture"
    pictures = [len(list(side.figures.glob("*.png"))) for side in sides]
    rows = [
        ("statements kept", *_sizes(sides, "02_statements"), ""),
        ("labels", *_sizes(sides, "05_sociocultural_statements"), of_labels),
        ("positions of models (Figure 3)", *_sizes(sides, "09_figure3"), of_positions),
        (languages, *map(_count_significant, sides), of_languages),
        ("directions as people's (Figure 1)", *map(_count_agreeing, sides), of_directions),
        ("claims that hold", *(_count_held(held[when]) for when in ("before", "after")), of_claims),
        ("verdicts of the ledger", *_sizes(sides, "13_ledger"), of_verdicts),
        ("figures", *pictures, of_figures),
    ]
    table = pd.DataFrame(rows, columns=["what", "before", "after", "what moved"])
    return table.astype({"before": str, "after": str})


def _sizes(sides: tuple[Workspace, Workspace], name: str) -> list[object]:
    return [len(e.read(name)) if e.path_of(name).exists() else "" for e in sides]


def _count_significant(side: Workspace) -> str:
    p = side.read("10_table3")["p_exact"]
    return f"{(p < ALPHA).sum()} of {len(p)}"


def _count_agreeing(side: Workspace) -> str:
    agrees = side.read("08_directions")["agrees"]
    return f"{agrees.eq('yes').sum()} of {len(agrees)}"


def _count_held(of_claims: pd.Series) -> str:
    """Count the claims that hold whole ("5 of 6" does not)."""
    whole = [text for text in of_claims if text != "open" and len(set(text.split(" of "))) == 1]
    return f"{len(whole)} of {len(of_claims)}"


def counts(workspace: Workspace) -> pd.DataFrame:
    """Return Figure 2's counts before and after, in its order."""
    pairs = both(workspace, "11_counts", ["item"]).set_index("item")
    pairs = pairs.loc[workspace.read("11_counts")["item"]].reset_index()
    pairs["change"] = pairs["here_after"] - pairs["here_before"]
    return pairs[["item", "here_before", "here_after", "change"]]


def moved(workspace: Workspace, name: str, keys: list[str], value: str) -> pd.DataFrame:
    """Return the rows of a table whose value moved by 0.005 or more, the farthest first."""
    pairs = both(workspace, name, keys)
    pairs["change"] = pairs[f"{value}_after"] - pairs[f"{value}_before"]
    far = pairs[pairs["change"].abs().ge(0.005) | pairs["change"].isna()]
    far = far.sort_values("change", key=abs, ascending=False, kind="stable", ignore_index=True)
    return far[[*keys, f"{value}_before", f"{value}_after", "change"]]


def turned(workspace: Workspace) -> pd.DataFrame:
    """Return the directions of Figure 1 that agree with people only before, or only after."""
    pairs = both(workspace, "08_directions", ["dimension", "group", "other_group"])
    columns = ["dimension", "group", "other_group", "agrees_before", "agrees_after"]
    return pairs.loc[pairs["agrees_before"] != pairs["agrees_after"], columns]


def claims(workspace: Workspace) -> pd.DataFrame:
    """Return how far each claim holds under each execution's own rules, and what became of it.

    Columns: claim; before and after ("5 of 6", or "open" where it is undecided); became (rose,
    fell, as before, decided otherwise). Empty as long as notebook 14 has not run in both.
    """
    columns = ["claim", "before", "after", "became"]
    files = [e.path_of("14_specifications") for e in (default_of(workspace), workspace)]
    if not all(file.exists() for file in files):
        return pd.DataFrame(columns=columns, dtype="str")
    own = [table_files.read(file).iloc[0] for file in files]  # the first specification is its own
    rows = []
    for claim, text in describe_claims(workspace.study.respondents == "simulated").items():
        before, after = (_share(row, claim) for row in own)
        rows.append((text, before, after, _compare(before, after)))
    return pd.DataFrame(rows, columns=columns)


def _compare(before: str, after: str) -> str:
    """Return what a changed execution made of a claim.

    >>> _compare("5 of 6", "6 of 6"), _compare("22 of 23", "18 of 23")
    ('rose', 'fell')
    >>> _compare("6 of 6", "5 of 5"), _compare("open", "6 of 6")
    ('as before', 'decided otherwise')
    """
    if "open" in (before, after):
        return "as before" if before == after else "decided otherwise"
    old, new = (Fraction(*map(int, text.split(" of "))) for text in (before, after))
    if new == old:
        return "as before"
    return "rose" if new > old else "fell"


def _share(row: pd.Series, claim: str) -> str:
    right, of = row.get(f"{claim}_right"), row.get(f"{claim}_of")
    return f"{right:.0f} of {of:.0f}" if pd.notna(of) and of else "open"


def verdicts(workspace: Workspace) -> pd.DataFrame:
    """Return the items of the ledger with another verdict than before, of both executions."""
    columns = ["item", "paper", "here_before", "here_after", "verdict_before", "verdict_after"]
    if not all(e.path_of("13_ledger").exists() for e in (default_of(workspace), workspace)):
        return pd.DataFrame(columns=columns)
    pairs = both(workspace, "13_ledger", ["item", "paper"])
    return pairs.loc[pairs["verdict_before"] != pairs["verdict_after"], columns]


def figures(workspace: Workspace) -> list[tuple[str, Path, Path]]:
    """Return figures that are not the same picture: name, before, after; the paper's first."""
    others = []
    for new in sorted(workspace.figures.glob("*.png")):
        old = workspace.base.figures / new.name
        if old.exists() and old.read_bytes() != new.read_bytes():
            others.append((new.stem, old, new))
    return sorted(others, key=lambda figure: not figure[0].startswith(("figure", "table")))


def side_by_side(workspace: Workspace) -> None:
    """Display the figures that changed, before and after, on the page."""
    import PIL.Image
    from IPython.display import Image, Markdown, display

    same = {path.stem for path in workspace.figures.glob("*.png")}
    for name, old, new in figures(workspace):
        same.remove(name)
        for when, path in (("before", old), ("after", new)):
            display(Markdown(f"**{name}, {when}**"))
            description = PIL.Image.open(path).text["Description"]
            alt = f"{name} {when} the change: {description}"
            display(Image(path.read_bytes(), width=620, alt=alt))
    display(Markdown(f"The same before and after: {', '.join(sorted(same)) or 'none'}."))
