"""Figures beside the paper's: filters and labels, recovery, specifications and the null model."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from alignment.figures import style
from alignment.figures.style import GREY, INK, LANGUAGES, PALE

KEPT, FAILED, MISSED = "#4C566A", "#A9B1BD", "#C2410C"


def vote_distribution(votes: pd.Series, threshold: int) -> Figure:
    """Draw how many statements have how many votes.

    Those below the threshold are pale; unknown numbers (NA) are counted apart.
    """
    counts = votes.dropna().astype(int)
    if counts.empty:
        return style.empty_figure("Votes on the thesis", "no vote counts")
    kept, unknown = int((counts >= threshold).sum()), len(votes) - len(counts)
    title = f"{kept:,} of {len(votes):,} statements have at least {threshold} votes"
    note = f"Dark: enough votes. Pale: fewer than {threshold}."
    if unknown:
        note += f" Not drawn: statements with an unknown number of votes ({unknown:,})."
    figure, axes = style.new_figure(title, note, 2.6)
    last = int(max(threshold + 5, min(counts.max(), 30)))
    panel, bars = axes[0, 0], counts.clip(upper=last).value_counts().sort_index()
    colours = [KEPT if v >= threshold else PALE for v in bars.index]
    panel.bar(bars.index, bars, width=0.85, color=colours)
    panel.axvline(threshold - 0.5, color=INK, linewidth=1)
    ticks = {tick: str(tick) for tick in sorted({*range(0, last, 5 if last > 12 else 1), last})}
    if counts.max() > last:
        ticks[last] += " or more"
    panel.set_xticks(list(ticks), ticks.values())
    panel.set(xlim=(-0.7, last + 0.7), ylim=(0, bars.max() * 1.12))
    panel.set(xlabel="votes on the thesis", ylabel="statements")
    panel.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    panel.text(threshold - 0.35, bars.max() * 1.1, f"enough: {kept:,}", va="top")
    return figure


def vote_shares(votes: pd.DataFrame, label: str, title: str) -> Figure:
    """Draw how the votes (or their medians) are spread, a panel for each dimension.

    A row for each statement and dimension: value (yes votes 0..8, or a median -2..2), kept (bool).
    Bars of what was kept are dark.
    """
    style.require_columns(votes, "dimension value kept", "the votes")
    if votes.empty or votes["value"].isna().all():
        return style.empty_figure(title)
    without = int(votes["value"].isna().sum())
    note = f"Statements by their {label}. Dark: kept; pale: left out."
    note += f" Not drawn: {without:,} without a value." if without else ""
    votes = votes.dropna(subset="value")
    figure, panels = style.small_multiples(title, note, list(votes["dimension"].unique()), 5)
    ticks = np.sort(votes["value"].unique())
    width = 0.8 * (np.diff(ticks).min() if len(ticks) > 1 else 1)
    for dimension, panel in panels.items():
        rows = votes[votes["dimension"] == dimension]
        kept, left = (rows.loc[rows["kept"] == k, "value"].value_counts() for k in (True, False))
        panel.bar(kept.index, kept, width=width, color=KEPT)
        below = kept.reindex(left.index, fill_value=0)
        panel.bar(left.index, left, bottom=below, width=width, color=PALE)
        panel.set_ylabel("statements" if panel.get_subplotspec().is_first_col() else "")
        panel.set_xlabel(f"{label} (kept {int(kept.sum()):,} of {len(rows):,})")
    counts = votes.groupby(["dimension", "value"]).size()
    panel.set(ylim=(0, counts.max() * 1.08), xlim=(ticks[0] - width, ticks[-1] + width))
    panel.xaxis.set_major_locator(MaxNLocator(9, integer=True))
    panel.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return figure


def recovery(table: pd.DataFrame) -> Figure:
    """Draw planted against estimated mean scores, a panel for each language.

    On the diagonal the two agree. A row for each dimension, model and language: planted, estimate
    (-2..2), tolerance (how far known noise takes an estimate), recovered (bool). Those that lie
    farther off are named.
    """
    needed = "dimension model language planted estimate tolerance recovered"
    style.require_columns(table, needed, "what was recovered")
    title = "Estimates and the simulated ground truth"
    table = table.dropna(subset=["planted", "estimate"])
    if table.empty:
        return style.empty_figure(title)
    table = table.assign(
        low=table["estimate"] - table["tolerance"], high=table["estimate"] + table["tolerance"]
    )
    languages = list(table["language"].unique())
    half = style.half_width(table[["planted", "estimate", "low", "high"]])[0]
    missed = not table["recovered"].all()
    note = "Each point is a model on a dimension; on the diagonal both are equal. "
    note += "Vertical lines: how far known noise takes an estimate."
    note += " Hollow, named below: farther off than that." if missed else ""
    height = 0.55 + 6.2 / len(languages) + (0.55 if missed else 0)
    figure, axes = style.new_figure(title, note, height, 1, len(languages), sharey=True)
    for panel, language in zip(axes[0], languages, strict=True):
        panel.set(xlim=(-half, half), ylim=(-half, half), aspect="equal", anchor="N")
        rows = table[table["language"] == language].sort_values("planted", kind="stable")
        _draw_recovered(panel, rows, LANGUAGES.get(language, language))
    axes[0, 0].set_ylabel("estimated mean score (−2 to 2)")
    return figure


def _draw_recovered(panel: Axes, rows: pd.DataFrame, language: str) -> None:
    panel.axline((0, 0), slope=1, color=GREY, linewidth=0.8)
    panel.grid(True)
    for row in rows.itertuples():
        colour, face = (KEPT, KEPT) if row.recovered else (MISSED, "white")
        x = row.planted
        panel.plot([x, x], [row.low, row.high], color=colour, linewidth=1, alpha=0.7)
        how = {"color": colour, "markerfacecolor": face, "markersize": 4.5}
        panel.plot(x, row.estimate, "o", zorder=3, **how)
    n = rows["recovered"].sum()
    panel.set_title(f"{language}: {n} of {len(rows)} within the tolerance")
    label, missed = "planted mean score (−2 to 2)", rows[~rows["recovered"]]
    if len(missed):
        names = ", ".join(missed["model"] + " " + missed["dimension"])
        label += f"\n{textwrap.fill('missed, from left to right: ' + names, 52)}"
    panel.set_xlabel(label)


def specification_curve(specs: pd.DataFrame, choices: list[str], claims: dict[str, str]) -> Figure:
    """Draw every specification as a column: above, how much is as each claim says; below, choices.

    A row for each specification: its choices and, for each claim (its words in `claims`), whether
    it holds (NA: open), `<claim>_right` and `<claim>_of`, as `specifications.outcomes` gives them.
    At the right of a choice: in what share of its specifications each claim holds.
    """
    what, title = "the specification curve", "The claims under every choice of rules"
    style.require_columns(specs, " ".join([*choices, *claims]), what)
    claims = {c: words for c, words in claims.items() if specs[c].notna().any()}
    if not claims:
        return style.empty_figure(title, "no specification decides any claim")
    style.require_columns(specs, " ".join(f"{c}_right {c}_of" for c in claims), what)
    right = {}
    for claim in claims:
        counts = specs[f"{claim}_right"].astype(float)
        right[f"{claim}_right"] = counts.where(specs[claim].notna())
    how = {"kind": "stable", "na_position": "first", "ignore_index": True}
    mixed = specs.assign(**right).sample(frac=1, random_state=14)  # within the same result
    specs = mixed.sort_values(list(right), **how)
    lines = [(c, v) for c in choices for v in sorted(specs[c].unique(), key=str)]
    heights = [0.55] * len(claims) + [0.2 * len(lines) + 0.4]
    note = f"Each of the {len(specs):,} columns is a specification. Dark: the claim holds (in the "
    note += "choices below: claim a). Blank: open. On the right: the share of a choice's "
    note += "specifications in which each claim holds."
    height, how = sum(heights) + 0.32 * len(claims) + 0.3, {"height_ratios": heights}
    rows = len(heights)
    figure, axes = style.new_figure(title, note, height, rows, sharex=True, gridspec_kw=how)
    for letter, claim, panel in zip("abc", claims, axes[:, 0], strict=False):
        _draw_outcomes(panel, specs, claim, f"{letter}  {claims[claim]}")
    _draw_choices(axes[-1, 0], specs, lines, list(claims))
    return figure


def _draw_outcomes(panel: Axes, specs: pd.DataFrame, claim: str, words: str) -> None:
    """Draw how much is as a claim says in each specification, and count where all of it is."""
    decided = specs[specs[claim].notna()]
    right, holds = decided[f"{claim}_right"], decided[claim].astype(bool)
    of, size = int(decided[f"{claim}_of"].max()), max(2, min(14, 1500 / len(specs)))
    panel.scatter(decided.index, right, s=size, c=np.where(holds, KEPT, FAILED))
    n = len(specs) - len(decided)
    still_open = f" ({n:,} open)" if n else ""
    panel.set_title(f"{words}: in {holds.sum():,} of {len(specs):,}{still_open}")
    least = right.min()
    panel.set(ylim=(least - 0.6, of + 0.6), yticks=sorted({int(least), of}), ylabel=f"of {of}")
    panel.xaxis.set_tick_params(length=0)


def _draw_choices(panel: Axes, specs: pd.DataFrame, lines: list[tuple], claims: list[str]) -> None:
    """Draw a line for each choice, marked where a specification makes it."""
    holds = specs[claims[0]].eq(True).fillna(False).astype(bool)
    how = {"linewidth": max(0.3, min(3, 300 / len(specs))), "rasterized": True}
    for y, (choice, value) in enumerate(lines):
        rows = specs[specs[choice] == value]
        colours = np.where(holds[rows.index], KEPT, FAILED)
        panel.vlines(rows.index, y - 0.36, y + 0.36, color=colours, **how)
        for k, claim in enumerate(claims):
            share = rows[claim].eq(True).fillna(False).astype(float).mean()
            _write_column(panel, k, y, f"{share:.0%}")
        if y and lines[y - 1][0] != choice:
            panel.axhline(y - 0.5, color=PALE, linewidth=0.7)
    for k in range(len(claims)):
        _write_column(panel, k, -1, "abc"[k])
    names = [f"{choice}: {value}".replace("_", " ") for choice, value in lines]
    panel.set_yticks(range(len(lines)), names, fontsize=8)
    panel.set(ylim=(len(lines) - 0.4, -0.6), xlim=(-0.7, len(specs) - 0.3))
    panel.set(xticks=[], xlabel="specifications, ordered by a")


def _write_column(panel: Axes, k: int, y: float, words: str) -> None:
    """Write words in the k-th column at the right of a panel."""
    place = {"xytext": (32 + 32 * k, 0), "textcoords": "offset points", "annotation_clip": False}
    place["xycoords"] = panel.get_yaxis_transform()
    panel.annotate(words, (1, y), va="center", ha="right", fontsize=8, **place)


def null_directions(
    table: pd.DataFrame, title: str = "How many directions agree by chance", marked: str = "found"
) -> Figure:
    """Draw the chance of each number of directions that agree with people under the null.

    A direction is that of two groups on one dimension: six for two groups, eighteen for three. A
    row for each design and number of directions: share (0..1), observed (the number `marked`; NaN:
    none).
    """
    style.require_columns(table, "design directions share observed", "directions under chance")
    if table.empty:
        return style.empty_figure(title, "no human values differ on these dimensions")
    designs = list(table["design"].unique())
    note = "Models answering at random: number of directions (two groups, one dimension) that "
    note += "agree with people."
    figure, axes = style.new_figure(title, note, 2.5, 1, len(designs), sharey=True)
    for panel, design in zip(axes[0], designs, strict=True):
        _draw_null(panel, table[table["design"] == design], marked)
        panel.set_title(f"Statements with {design}")
    axes[0, 0].set(ylabel="chance", ylim=(0, table["share"].max() * 1.42))
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1, 0))
    return figure


def _draw_null(panel: Axes, rows: pd.DataFrame, marked: str) -> None:
    observed = rows["observed"].iloc[0]
    colours = [KEPT if d == observed else PALE for d in rows["directions"]]
    bars = panel.bar(rows["directions"], rows["share"], width=0.8, color=colours)
    crowded = len(rows) > 10
    if not crowded:
        panel.bar_label(bars, [f"{s:.1%}" for s in rows["share"]], fontsize=8, padding=1)
    panel.grid(crowded, axis="y")
    panel.set_xticks(rows["directions"][:: 3 if crowded else 1])
    panel.set_xlabel("directions that agree with people")
    if pd.notna(observed):
        tail = rows.loc[rows["directions"] >= observed, "share"].sum()
        words = f"{marked}: {observed:.0f} (dark)\nas many or more: {100 * tail:.1f} %"
        how = {"va": "top", "fontsize": 8.5, "bbox": style.WHITE_BOX}
        panel.text(0.02, 0.98, words, transform=panel.transAxes, **how)
