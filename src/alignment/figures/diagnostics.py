"""Figures beside the paper's: what was filtered and labelled, what was recovered, and how much hangs on the choices."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from alignment.figures import style
from alignment.figures.style import GREY, INK, LANGUAGES, PALE, need, nothing

KEPT, FAILED, MISSED = "#4C566A", "#A9B1BD", "#C2410C"


def vote_distribution(votes: pd.Series, threshold: int) -> Figure:
    """How many statements have how many votes; those below the threshold are pale, unknown ones (NA) counted apart."""
    known = votes.dropna().astype(int)
    if known.empty:
        return nothing("Votes on the thesis", "no vote counts")
    kept, unknown = int((known >= threshold).sum()), len(votes) - len(known)
    title = f"{kept:,} of {len(votes):,} statements have at least {threshold} votes"
    last = int(max(threshold + 5, min(known.max(), 30)))
    key = f"Dark: enough votes. Pale: fewer than {threshold}."
    key += (
        f" Not drawn: statements with an unknown number of votes ({unknown:,})." if unknown else ""
    )
    figure, axes = style.sheet(title, key, 2.6)
    panel, bars = axes[0, 0], known.clip(upper=last).value_counts().sort_index()
    panel.bar(
        bars.index, bars, width=0.85, color=[KEPT if v >= threshold else PALE for v in bars.index]
    )
    panel.axvline(threshold - 0.5, color=INK, linewidth=1)
    ticks = sorted({*range(0, last, 5 if last > 12 else 1), last})
    panel.set_xticks(
        ticks, [f"{t} or more" if t == last and known.max() > last else str(t) for t in ticks]
    )
    panel.set(
        xlim=(-0.7, last + 0.7),
        ylim=(0, bars.max() * 1.12),
        xlabel="votes on the thesis",
        ylabel="statements",
    )
    panel.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    panel.text(threshold - 0.35, bars.max() * 1.1, f"enough: {kept:,}", va="top")
    return figure


def vote_shares(votes: pd.DataFrame, label: str, title: str) -> Figure:
    """How the votes (or their medians) are spread, a panel for each dimension; bars of what was kept are dark.

    A row for each statement and dimension: value (yes votes 0..8, or a median -2..2), kept (bool).
    """
    need(votes, "dimension value kept", "the votes")
    if votes.empty or votes["value"].isna().all():
        return nothing(title)
    without = int(votes["value"].isna().sum())
    key = f"Statements by their {label}. Dark: kept; pale: left out."
    key += f" Not drawn: {without:,} without a value." if without else ""
    votes = votes.dropna(subset="value")
    figure, panels = style.small_multiples(title, key, list(dict.fromkeys(votes["dimension"])), 5)
    ticks = np.sort(votes["value"].unique())
    width = 0.8 * (np.diff(ticks).min() if len(ticks) > 1 else 1)
    for dimension, panel in panels.items():
        rows = votes[votes["dimension"] == dimension]
        kept, left = (rows.loc[rows["kept"] == k, "value"].value_counts() for k in (True, False))
        panel.bar(kept.index, kept, width=width, color=KEPT)
        panel.bar(
            left.index, left, bottom=kept.reindex(left.index, fill_value=0), width=width, color=PALE
        )
        panel.set_ylabel("statements" if panel.get_subplotspec().is_first_col() else "")
        panel.set_xlabel(f"{label} (kept {int(kept.sum()):,} of {len(rows):,})")
    counts = votes.groupby(["dimension", "value"]).size()
    panel.set(ylim=(0, counts.max() * 1.08), xlim=(ticks[0] - width, ticks[-1] + width))
    panel.xaxis.set_major_locator(MaxNLocator(9, integer=True))
    panel.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return figure


def recovery(table: pd.DataFrame) -> Figure:
    """Planted against estimated mean scores, a panel for each language; on the diagonal they agree.

    A row for each dimension, model and language: planted, estimate, low, high (-2..2). Intervals that miss are named.
    """
    need(table, "dimension model language planted estimate low high", "what was recovered")
    title, drawn = (
        "What was planted, and what was found",
        table.dropna(subset=["planted", "estimate"]),
    )
    if drawn.empty:
        return nothing(title)
    languages = list(dict.fromkeys(drawn["language"]))
    half = style.span(drawn[["planted", "estimate", "low", "high"]])[0]
    missed = ~_held(drawn)
    key = "A point is a model on a dimension; on the slanted line both are the same. Vertical lines: 95% intervals."
    key += " Hollow, named below: the interval misses what was planted." if missed.any() else ""
    height = 0.55 + 6.2 / len(languages) + (0.55 if missed.any() else 0)
    figure, axes = style.sheet(title, key, height, 1, len(languages), sharey=True)
    for panel, language in zip(axes[0], languages, strict=True):
        panel.set(xlim=(-half, half), ylim=(-half, half), aspect="equal", anchor="N")
        rows = drawn[drawn["language"] == language].sort_values("planted", kind="stable")
        _recovered(panel, rows, LANGUAGES.get(language, language))
    axes[0, 0].set_ylabel("mean score found (−2 to 2)")
    return figure


def _held(rows: pd.DataFrame) -> pd.Series:
    """Whether an interval holds what was planted."""
    return rows["planted"].between(rows["low"] - 1e-9, rows["high"] + 1e-9)


def _recovered(panel, rows: pd.DataFrame, language: str) -> None:
    hit = _held(rows)
    panel.axline((0, 0), slope=1, color=GREY, linewidth=0.8)
    panel.grid(True)
    for row, inside in zip(rows.to_dict("records"), hit, strict=True):
        colour, face = (KEPT, KEPT) if inside else (MISSED, "white")
        panel.plot(
            [row["planted"]] * 2, [row["low"], row["high"]], color=colour, linewidth=1, alpha=0.7
        )
        panel.plot(
            row["planted"],
            row["estimate"],
            "o",
            color=colour,
            markerfacecolor=face,
            markersize=4.5,
            zorder=3,
        )
    names = ", ".join(
        f"{m} {d}" for m, d in rows.loc[~hit, ["model", "dimension"]].itertuples(index=False)
    )
    panel.set_title(f"{language}: {hit.sum()} of {len(rows)} intervals hold what was planted")
    panel.set_xlabel(
        "mean score planted (−2 to 2)"
        + (f"\n{textwrap.fill('missed, from the left: ' + names, 52)}" if names else "")
    )


def specification_curve(specs: pd.DataFrame, choices: list[str], claims: dict[str, str]) -> Figure:
    """Every specification a column: above, how much is as each claim says; below, the choices that it makes.

    A row for each specification: its choices and, for each claim (its words in `claims`), whether it holds (NA: open),
    `<claim>_right` and `<claim>_of`, as `sensitivity.outcomes` gives them. At the right of a choice: in what share of
    its specifications each claim holds.
    """
    need(specs, " ".join([*choices, *claims]), "the specification curve")
    title, drawn = (
        "The claims under every choice of rules",
        [c for c in claims if specs[c].notna().any()],
    )
    if not drawn:
        return nothing(title, "no specification decides any claim here")
    need(
        specs,
        " ".join(f"{c}{end}" for c in drawn for end in ("_right", "_of")),
        "the specification curve",
    )
    right = specs.assign(
        **{f"{c}_right": specs[f"{c}_right"].astype(float).where(specs[c].notna()) for c in drawn}
    )
    specs = right.sort_values(
        [*(f"{c}_right" for c in drawn), *choices], kind="stable", na_position="first"
    ).reset_index(drop=True)
    lines = [(c, v) for c in choices for v in sorted(specs[c].unique(), key=str)]
    heights = [0.55] * len(drawn) + [0.2 * len(lines) + 0.4]
    note = f"Each of the {len(specs):,} columns is a specification. Dark: the claim holds, below for a. Nothing: it is open."
    note += " At the right: in what share of a choice's specifications each claim holds."
    sizes = {"height_ratios": heights}
    figure, axes = style.sheet(
        title,
        note,
        sum(heights) + 0.32 * len(drawn) + 0.3,
        len(heights),
        1,
        sharex=True,
        gridspec_kw=sizes,
    )
    for letter, claim, panel in zip("abc", drawn, axes[:, 0], strict=False):
        _outcomes(panel, specs, claim, f"{letter}  {claims[claim]}")
    _choices(axes[-1, 0], specs, lines, drawn)
    return figure


def _outcomes(panel, specs: pd.DataFrame, claim: str, words: str) -> None:
    """How much is as a claim says in each specification, and in how many all of it is."""
    known = specs[specs[claim].notna()]
    right, holds, of = (
        known[f"{claim}_right"],
        known[claim].astype(bool),
        int(known[f"{claim}_of"].max()),
    )
    size = max(2, min(14, 1500 / len(specs)))
    panel.scatter(known.index, right, s=size, c=np.where(holds, KEPT, FAILED))
    left = f", {len(specs) - len(known):,} open" if len(known) < len(specs) else ""
    panel.set_title(f"{words}: in {holds.sum():,} of {len(known):,}{left}")
    panel.set(
        ylim=(right.min() - 0.6, of + 0.6), yticks=sorted({int(right.min()), of}), ylabel=f"of {of}"
    )
    panel.xaxis.set_tick_params(length=0)


def _choices(panel, specs: pd.DataFrame, lines: list[tuple], claims: list[str]) -> None:
    """The lower panel: a line for each choice, marked where a specification makes it."""
    held = specs[claims[0]].eq(True).fillna(False).astype(bool)
    for y, (choice, value) in enumerate(lines):
        made = specs[specs[choice] == value]
        width = max(0.3, min(3, 300 / len(specs)))
        panel.vlines(
            made.index,
            y - 0.36,
            y + 0.36,
            color=np.where(held[made.index], KEPT, FAILED),
            linewidth=width,
            rasterized=True,
        )
        for k, claim in enumerate(claims):
            known = made[claim].dropna()
            _column(panel, k, y, f"{known.astype(float).mean():.0%}" if len(known) else "–")
        if y and lines[y - 1][0] != choice:
            panel.axhline(y - 0.5, color=PALE, linewidth=0.7)
    for k in range(len(claims)):
        _column(panel, k, -1, "abc"[k])
    panel.set_yticks(
        range(len(lines)), [f"{c}: {v}".replace("_", " ") for c, v in lines], fontsize=8
    )
    panel.set(
        ylim=(len(lines) - 0.4, -0.6),
        xlim=(-0.7, len(specs) - 0.3),
        xticks=[],
        xlabel="specifications, ordered by a",
    )


def _column(panel, k: int, y: float, words: str) -> None:
    """Words in the k-th column at the right of a panel."""
    place = {
        "xycoords": panel.get_yaxis_transform(),
        "xytext": (32 + 32 * k, 0),
        "textcoords": "offset points",
    }
    panel.annotate(
        words, (1, y), **place, va="center", ha="right", fontsize=8, annotation_clip=False
    )


def null_directions(
    table: pd.DataFrame, title: str = "How many directions agree by chance", marked: str = "found"
) -> Figure:
    """The share of simulated worlds under the null by the number of directions that agree with people, with the observed number marked.

    A direction is that of two groups on one dimension: six for two groups, eighteen for three.

    A row for each design and number of directions: share (0..1), observed (the number `marked`; NaN: none).
    """
    need(table, "design directions share observed", "directions under chance")
    if table.empty:
        return nothing(title, "no peoples are known to differ on these dimensions")
    designs = list(dict.fromkeys(table["design"]))
    key = "Models that answer at random: how many directions (two groups, one dimension) are those of the peoples."
    figure, axes = style.sheet(title, key, 2.5, 1, len(designs), sharey=True)
    for panel, design in zip(axes[0], designs, strict=True):
        _chance(panel, table[table["design"] == design], design, marked)
    axes[0, 0].set(ylabel="share of simulated worlds", ylim=(0, table["share"].max() * 1.42))
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1, 0))
    return figure


def _chance(panel, rows: pd.DataFrame, design: str, marked: str) -> None:
    observed = rows["observed"].iloc[0]
    colour = [KEPT if d == observed else PALE for d in rows["directions"]]
    bars = panel.bar(rows["directions"], rows["share"], width=0.8, color=colour)
    crowded = len(rows) > 10
    if not crowded:
        panel.bar_label(bars, [f"{s:.1%}" for s in rows["share"]], fontsize=8, padding=1)
    panel.grid(crowded, axis="y")
    panel.set(
        xticks=rows["directions"][:: 3 if crowded else 1],
        xlabel="directions that agree with people",
    )
    panel.set_title(f"Statements with {design}")
    if pd.notna(observed):
        tail = rows.loc[rows["directions"] >= observed, "share"].sum()
        words = f"{marked}: {observed:.0f} (dark)\nas many or more: {tail:.1%}"
        panel.text(
            0.02, 0.98, words, transform=panel.transAxes, va="top", fontsize=8.5, bbox=style.BLANK
        )
