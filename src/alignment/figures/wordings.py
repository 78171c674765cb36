"""What the wording of the question does: leanings of each model, and its positions without them."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from alignment.figures import style
from alignment.figures.style import GREY, INK, PALE

PANELS = {  # measures of `wordings.measure`, and what their panels are called
    "leaning to agree": "Leaning to agree",
    "leaning to the first": "Leaning to the first side",
    "neither if offered": "Neither, if offered",
}


def leanings(measures: pd.DataFrame) -> Figure:
    """Draw how far each model in each language answers by habit, with 95 % intervals.

    A row for each model, language and measure: value, low, high, n (statements).
    """
    style.require_columns(measures, "model language measure n value low high", "leanings")
    title = "What each model does whatever it is asked"
    drawn = measures[measures["measure"].isin(PANELS)].dropna(subset="value")
    if drawn.empty:
        return style.empty_figure(title, "asked in one wording only")
    note = (
        "Shares of statements. Left of 0: leans to disagree, or to the last side. Points: models "
    )
    note += "in a language; lines: 95 % intervals. Filled: a leaning whose interval leaves out 0."
    voters = list(dict.fromkeys(zip(drawn["model"], drawn["language"], strict=True)))
    names = [name for name in PANELS if name in set(drawn["measure"])]
    figure, panels = style.small_multiples(title, note, [PANELS[n] for n in names], len(voters))
    for row in drawn.itertuples():
        panel, y = panels[PANELS[row.measure]], voters.index((row.model, row.language))
        panel.plot([row.low, row.high], [y, y], color=GREY, linewidth=1.4, zorder=1)
        leans = row.measure.startswith("leaning") and (row.low > 0 or row.high < 0)
        fill = INK if leans else "white"
        panel.plot(row.value, y, "o", color=INK, markerfacecolor=fill, markersize=4.5, zorder=3)
    half = max(0.5, drawn[["low", "high"]].abs().max().max() * 1.05)
    for panel in panels.values():
        panel.set_xlim(-min(half, 1.0), min(half, 1.0))
        panel.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}".replace("-", "−"))
        _finish(panel, [f"{model} {language}" for model, language in voters])
    return figure


def asked_and_corrected(positions: pd.DataFrame, always: pd.Series) -> Figure:
    """Draw each model's position as asked, and corrected for a leaning to agree.

    `positions`: as `wordings.place_models` gives them, one language a model; `always`: what always
    agreeing would give, by dimension.
    """
    style.require_columns(positions, "wording dimension model culture mean low high", "positions")
    title = "Which positions depend on the question?"
    drawn = positions.pivot(
        index=["dimension", "model", "culture"], columns="wording", values=["mean", "low", "high"]
    )
    if ("mean", "corrected") not in drawn:
        return style.empty_figure(title, "the negation was not asked")
    note = "Mean score in each model's language, −2 to 2. Hollow: as asked; filled, with 95 % "
    note += "interval: corrected (mean of asked and negated). Dotted: always agreeing."
    drawn = drawn.reset_index(["model", "culture"])
    colours = style.colour_cultures(drawn["culture"])
    models = [m for c in colours for m in drawn.loc[drawn["culture"] == c, "model"].unique()]
    dimensions = list(dict.fromkeys(positions["dimension"]))
    figure, panels = style.small_multiples(title, note, dimensions, len(models), colours)
    for dimension, row in drawn.iterrows():
        y, colour = models.index(row["model", ""]), colours[row["culture", ""]]
        _draw_change(panels[dimension], y, row, colour)
    drawn_at = [*drawn[["mean", "low", "high"]].to_numpy(dtype=float).ravel(), *always]
    half, _ = style.half_width(np.nan_to_num(drawn_at))
    for dimension, panel in panels.items():
        panel.axvline(always[dimension], color=INK, linewidth=0.9, linestyle=":", zorder=1)
        panel.set_xlim(-half, half)
        _finish(panel, models)
    return figure


def _draw_change(panel: Axes, y: int, row: pd.Series, colour: str) -> None:
    asked, corrected = row["mean", "asked"], row["mean", "corrected"]
    ends = [row["low", "corrected"], row["high", "corrected"]]
    panel.plot(ends, [y, y], color=PALE, linewidth=3, solid_capstyle="butt", zorder=1)
    panel.plot([asked, corrected], [y, y], color=colour, linewidth=1.2, zorder=2)
    panel.plot(asked, y, "o", color=colour, markerfacecolor="white", markersize=5, zorder=3)
    panel.plot(corrected, y, "o", color=colour, markersize=5, zorder=4)


def _finish(panel: Axes, names: list[str]) -> None:
    panel.axvline(0, color=PALE, linewidth=0.8, zorder=0)
    panel.set_ylim(len(names) - 0.5, -0.5)
    panel.set_yticks(range(len(names)), names)
