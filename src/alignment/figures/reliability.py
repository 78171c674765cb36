"""What a score is made of, and positions beside their partially pooled ones."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from alignment.figures import style
from alignment.figures.style import GREY, INK, PALE

PARTS = {  # of a score: which components, and a colour, those of positions first
    "model": (["model"], "#7A3E9D"),
    "language": (["language", "model x language"], "#2F8F7B"),
    "statement": (["statement"], "#8A93A3"),
    "statement x model": (["statement x model"], "#B4BBC6"),
    "statement x language": (
        ["statement x language", "statement x model x language"], "#D9DDE3"),
    "run": (["run"], "#FFFFFF"),
}  # fmt: skip
NARROW = 0.07  # a part that is narrower bears no number


def score_composition(components: pd.DataFrame) -> Figure:
    """Draw what one score is made of, a bar for each dimension.

    `components`: as `reliability.decompose` gives them: dimension, statements, component, share.
    Coloured is what a position can be, pale what changes with the statement, white what changes
    from run to run.
    """
    style.require_columns(components, "dimension statements component share", "components")
    title = "What one score is made of"
    components = components.dropna(subset="share")
    if components.empty:
        return style.empty_figure(title, "too few answers in common")
    dimensions = list(components["dimension"].unique())
    note = "Shares of the variance of a single answer's score. Coloured: what a position can show; "
    note += "grey: depends on which statements were asked; white: changes from run to run."
    figure, axes = style.new_figure(title, note, 0.42 * len(dimensions) + 1.0)
    panel, share = axes[0, 0], components.set_index(["dimension", "component"])["share"]
    for y, dimension in enumerate(dimensions):
        left = 0.0
        for names, colour in PARTS.values():
            width = sum(share.get((dimension, name), 0.0) for name in names)
            panel.barh(y, width, left=left, color=colour, edgecolor=INK, linewidth=0.5, height=0.7)
            if width >= NARROW:
                ink = "white" if colour in (PARTS["model"][1], PARTS["language"][1]) else INK
                panel.text(left + width / 2, y, f"{width:.0%}", ha="center", va="center", color=ink)
            left += width
    n = components.drop_duplicates("dimension")["statements"]
    labels = [f"{d} (n = {k})" for d, k in zip(dimensions, n, strict=True)]
    panel.set_yticks(range(len(dimensions)), labels)
    panel.set(xlim=(0, 1), ylim=(len(dimensions) - 0.5, -0.5))
    panel.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    handles = [
        Patch(facecolor=colour, edgecolor=INK, label=name.replace(" x ", " × "))
        for name, (_, colour) in PARTS.items()
    ]
    panel.legend(
        handles=handles, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.14), frameon=False
    )
    return figure


def partial_pooling(pooled: pd.DataFrame) -> Figure:
    """Draw each model's mean score in each language, and the same partially pooled.

    A row for each dimension, model and language: raw, pooled, low, high (-2 to 2). Hollow: the mean
    of the scores; filled, with a 95 % interval: pooled.
    """
    style.require_columns(pooled, "dimension model language raw pooled low high", "positions")
    title = "Positions, and how far few statements carry them"
    if pooled.empty:
        return style.empty_figure(title)
    note = "Hollow: the mean score. Filled, with 95 % interval: partially pooled, which few "
    note += "statements draw towards the mean of all models. From −2 to 2."
    rows = pooled[["model", "language"]].drop_duplicates()
    rows = rows.sort_values("model", key=lambda m: m.map(_order(m)), kind="stable")
    names = [f"{r.model} {r.language}" for r in rows.itertuples()]
    places = {(r.model, r.language): y for y, r in enumerate(rows.itertuples())}
    dimensions = list(pooled["dimension"].unique())
    figure, panels = style.small_multiples(title, note, dimensions, len(rows))
    half, _ = style.half_width(pooled[["raw", "low", "high"]])
    for row in pooled.itertuples():
        _draw_pooled(panels[row.dimension], places[row.model, row.language], row)
    for panel in panels.values():
        panel.axvline(0, color=PALE, linewidth=0.8, zorder=0)
        panel.set(xlim=(-half, half), ylim=(len(rows) - 0.5, -0.5))
        panel.set_yticks(range(len(rows)), names)
    return figure


def _order(models: pd.Series) -> dict[str, int]:
    return {name: i for i, name in enumerate(dict.fromkeys(models))}


def _draw_pooled(panel: Axes, y: int, row) -> None:
    panel.plot([row.low, row.high], [y, y], color=GREY, linewidth=1.4, zorder=1)
    panel.plot([row.raw, row.pooled], [y, y], color=INK, linewidth=0.6, zorder=2)
    panel.plot(row.pooled, y, "o", color=INK, markersize=4, zorder=3)
    if not np.isnan(row.raw):
        panel.plot(row.raw, y, "o", color=INK, markerfacecolor="white", markersize=4, zorder=3)
