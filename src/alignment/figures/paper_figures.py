"""The paper's figures: each function takes a tidy table and returns a Figure to be saved."""

import textwrap
from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from alignment.figures import style
from alignment.figures.style import GREEN, GREY, INK, LANGUAGES
from alignment.stats.language_changes import name_pairs
from alignment.stats.significance import ALPHA

ARROW = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 0, "shrinkB": 0}
SCORE, SIDE = "Mean score", "Right: closer to the pole that names the panel."
KINDS = {"models": "Models, in their native language", "people": "People, from surveys"}
MODELS_ONLY = "models, not people"  # what a stamp stands on, where it is not all that is drawn
SIDES = {
    "between": ("between annotators", "o", INK, -0.15),
    "models": ("annotators to models", "D", "#2F8F7B", 0.15),
}


def groups_and_people(
    table: pd.DataFrame, title: str, address: Callable[[str, str], str] | None = None
) -> Figure:
    """Draw Figure 1: groups of models and the people of their cultures, 0 to 100.

    A bar each from the middle of the scale. A row for each dimension, group (culture) and kind
    (models, people): value, low, high (NaN: no interval), n (statements; NaN for people). `address`
    gives the page to which the line of a group on a dimension leads in an svg.
    """
    style.require_columns(table, "dimension group kind value low high n", "groups and people")
    if table.empty:
        return style.empty_figure(title)
    kinds = [kind for kind in KINDS if kind in set(table["kind"])]
    colours, dimensions = style.colour_cultures(table["group"]), table["dimension"].unique()
    step = len(colours) + 0.8
    lines = [(k * step + j, d, g) for k, d in enumerate(dimensions) for j, g in enumerate(colours)]
    note = "Bars start at 50, the middle of the scale. "
    note += "Right: closer to the pole that names the dimension."
    note += style.describe_intervals(table, "value")
    note += " n: statements." if table["n"].notna().any() else ""
    height = 0.6 + 0.185 * step * len(dimensions)
    figure, axes = style.new_figure(title, note, height, 1, len(kinds), sharey=True)
    for panel, kind in zip(axes[0], kinds, strict=True):
        _draw_scale(panel, KINDS[kind])
        unknown = "not known" if kind == "people" else style.NO_ANSWERS
        rows = table[table["kind"] == kind].set_index(["dimension", "group"]).to_dict("index")
        for y, dimension, group in lines:
            row = rows.get((dimension, group), {"value": float("nan")})
            _draw_group(panel, y, row, colours[group], unknown)
            if address and kind == "models":
                panel.axhspan(y - 0.5, y + 0.5, alpha=0, zorder=5, url=address(dimension, group))
    axes[0, 0].set_ylim(step * len(dimensions) - 1.1, -0.7)
    _label_groups(axes[0, 0], lines, colours)
    figure.set_label(MODELS_ONLY if len(kinds) > 1 else "")
    return figure


def _draw_scale(panel: Axes, title: str) -> None:
    panel.set_title(title)
    panel.axvline(50, color=INK, linewidth=0.8, zorder=2.5)
    panel.set(xlim=(0, 100), xticks=range(0, 101, 25), xlabel="score (0 to 100)")
    panel.grid(axis="x")


def _draw_group(panel: Axes, y: float, row: dict, colour: str, unknown: str) -> None:
    n = row.get("n", float("nan"))
    if pd.isna(row["value"]):
        style.draw_note(panel, 50, y, "no statements (n = 0)" if n == 0 else unknown)
        return
    style.draw_bar(panel, y, row["value"], row["low"], row["high"], colour, 50)
    size = "" if pd.isna(n) else f"   n = {n:.0f}"
    style.write_beside(panel, y, f"{row['value']:.0f}{size}")


def _label_groups(panel: Axes, lines: list[tuple], colours: dict[str, str]) -> None:
    """Write cultures as coloured labels of the bars, and left of them the dimensions."""
    panel.set_yticks([y for y, _, _ in lines], [group for _, _, group in lines])
    for label in panel.get_yticklabels():
        label.set_color(style.darken(colours[label.get_text()]))
    left = -14 - 4.2 * max(len(group) for group in colours)
    how = {"xycoords": panel.get_yaxis_transform(), "textcoords": "offset points", "ha": "right"}
    for dimension in dict.fromkeys(d for _, d, _ in lines):
        heights = [y for y, d, _ in lines if d == dimension]
        words = style.name_dimension(dimension).replace(": ", "\n")
        middle = (0, sum(heights) / len(heights))
        panel.annotate(words, middle, (left, 0), va="center", fontsize=8.5, **how)


def models_by_dimension(
    table: pd.DataFrame, title: str = "Each model's mean score in its native language"
) -> Figure:
    """Draw Figure 3: the mean score of each model on each dimension.

    The axis is -1 to 1, widened with a note when values lie outside. A row for each dimension and
    model: culture, language, mean, low, high (NaN for printed numbers), n.
    """
    needed = "dimension model culture language mean low high n"
    style.require_columns(table, needed, "models by dimension")
    if table.empty:
        return style.empty_figure(title)
    half, widened = style.half_width(table[["mean", "low", "high"]])
    note = f"{SCORE} on the statements of a dimension, from −2 to 2. {SIDE}"
    note += style.describe_intervals(table, "mean") + _explain_n(table) + widened
    models, colours = _order_models(table), style.colour_cultures(table["culture"])
    languages = table.drop_duplicates("culture").set_index("culture")["language"]
    asked_in = languages.map(lambda code: LANGUAGES.get(code, code))
    key = {f"{c}, asked in {asked_in[c]}": colours[c] for c in colours}
    dimensions = list(table["dimension"].unique())
    figure, panels = style.small_multiples(title, note, dimensions, len(models), key)
    for row in table.to_dict("records"):
        y, panel = list(models).index(row["model"]), panels[row["dimension"]]
        style.draw_bar(panel, y, row["mean"], row["low"], row["high"], colours[row["culture"]])
        if pd.notna(row["mean"]):
            style.write_beside(panel, y, style.format_signed(row["mean"]) + _format_n(row))
    _draw_score_axes(panels, half, models)
    return figure


def _format_n(row: dict) -> str:
    return f" ({row['n']:.0f})" if pd.notna(row.get("n")) else ""


def _explain_n(table: pd.DataFrame) -> str:
    return " In brackets: statements." if "n" in table and table["n"].notna().any() else ""


def _order_models(table: pd.DataFrame) -> dict[str, str]:
    """Return models with their colour, those of one culture together, in the order of the rows."""
    models = table.drop_duplicates("model").set_index("model")["culture"]
    colours = style.colour_cultures(models)
    return {m: colours[c] for c in colours for m in models.index[models == c]}


def _draw_score_axes(panels: dict[str, Axes], half: float, models: dict[str, str]) -> None:
    """Draw the axis of scores in every panel, and the models as coloured labels on the left."""
    for panel in panels.values():
        panel.set(xlim=(-half, half), xticks=(-1, 0, 1))
        panel.set_yticks(range(len(models)), models)
        panel.axvline(0, color=INK, linewidth=0.8, zorder=2.5)
        if panel.get_subplotspec().is_last_row():
            panel.set_xlabel("mean score")
        panel.grid(axis="x")
        if panel.get_subplotspec().is_first_col():
            for label, colour in zip(panel.get_yticklabels(), models.values(), strict=True):
                label.set_color(style.darken(colour))


def language_changes(table: pd.DataFrame, title: str = "") -> Figure:
    """Draw Table 3: the means of a model in two languages, joined, with what is significant.

    A row for each dimension and model: culture, base, other (languages), mean_base, mean_other,
    p_bootstrap, p_holm (NaN: not known), and n where it is known; from print also `named` (the
    paper's text calls the change significant). In a study with one language two models are
    compared, and the line joins their means.
    """
    needed = "dimension model culture base other mean_base mean_other p_bootstrap p_holm"
    style.require_columns(table, needed, "language changes")
    of_models = len(table) > 0 and (table["model"] == table["base"] + " / " + table["other"]).all()
    words = "Two models in the same language", "The same model asked in two languages"
    title = title or words[0 if of_models else 1]
    if table.empty:
        return style.empty_figure(title)
    note = _explain_changes(table, "model" if of_models else "language")
    table = name_pairs(table)
    half, widened = style.half_width(table[["mean_base", "mean_other"]])
    models, colours = _order_models(table), style.colour_cultures(table["culture"])
    dimensions, key = list(table["dimension"].unique()), colours if len(colours) > 1 else None
    figure, panels = style.small_multiples(title, note + widened, dimensions, len(models), key)
    for row in table.to_dict("records"):
        y, panel = list(models).index(row["model"]), panels[row["dimension"]]
        _draw_change(panel, y, row, colours[row["culture"]])
    _draw_score_axes(panels, half, models)
    return figure


def _explain_changes(table: pd.DataFrame, compared: str) -> str:
    pairs = table[["base", "other"]].drop_duplicates()
    a, b = f"the first {compared}", "the second"
    if len(pairs) == 1:
        a, b = (LANGUAGES.get(code, code) for code in pairs.iloc[0])
    which = "of" if compared == "model" else "in"
    note = f"{SCORE} {which} {a} (○) and {b} (●), from −2 to 2, and the difference. {SIDE}"
    note += _explain_n(table)
    if table["p_bootstrap"].notna().any():
        note += f" Shaded green: p < {ALPHA} (bootstrap)."
    if table["p_holm"].notna().any():
        note += f" ◆: p < {ALPHA} in the exact test after Holm's correction."
    if "named" in table:
        note += " *: called significant in the paper's text."
    return note


def _draw_change(panel: Axes, y: int, row: dict, colour: str) -> None:
    a, b = row["mean_base"], row["mean_other"]
    if pd.isna(a) or pd.isna(b):
        style.draw_note(panel, 0, y)
        return
    if row["p_bootstrap"] < ALPHA:
        panel.axhspan(y - 0.45, y + 0.45, color=GREEN, linewidth=0, zorder=0)
    hollow = {"markerfacecolor": "white", "markeredgewidth": 1.3, "markersize": 7.5}
    panel.plot([a, b], [y, y], color=colour, linewidth=1.8, zorder=2.6)
    panel.plot(a, y, "o", color=colour, zorder=2.7, **hollow)
    panel.plot(b, y, "o", color=colour, markersize=4.8, zorder=2.8)
    mark = (" ◆" if row["p_holm"] < ALPHA else "") + (" *" if row.get("named") else "")
    style.write_beside(panel, y, style.format_signed(b - a) + _format_n(row) + mark)


def pipeline_counts(counts: list[tuple[str, str, str]]) -> Figure:
    """Draw Figure 2: the steps as boxes, one below the other: (step, count, note)."""
    if not counts:
        return style.empty_figure("From debates to scores", "no steps")
    figure, axes = style.new_figure("From debates to scores", "", 0.66 * len(counts))
    panel = axes[0, 0]
    panel.axis("off")
    panel.set(xlim=(0, style.WIDTH), ylim=(len(counts) - 0.46, -0.42))
    for y, (step, count, note) in enumerate(counts):
        _draw_box(panel, y, step, count)
        how = {"fontsize": 9, "color": GREY, "linespacing": 1.25}
        panel.text(4.05, y, textwrap.fill(note, 46), va="center", **how)
        if y:
            panel.annotate("", (1.95, y - 0.33), (1.95, y - 0.67), arrowprops=ARROW)
    return figure


def _draw_box(panel: Axes, y: float, step: str, count: str) -> None:
    corners = [y - 0.33, y - 0.33, y + 0.33, y + 0.33]
    panel.fill([0.05, 3.85, 3.85, 0.05], corners, facecolor="#EEF1F6", edgecolor=GREY)
    panel.text(0.2, y, textwrap.fill(step, 26), va="center", fontsize=9.5)
    size = 11 if len(count) < 9 else 9
    panel.text(3.72, y, textwrap.fill(count, 20), va="center", ha="right", fontsize=size)


def mae_bars(table: pd.DataFrame) -> Figure:
    """Draw Table 2: mean absolute error between annotators, and between annotators and models.

    A row for each dimension: between, between_low, between_high, models, models_low, models_high
    (NaN: not known), what the paper prints, paper_between and paper_models (NaN: not drawn), and n
    where it is known.
    """
    title = "Errors between annotators, and between annotators and models"
    values = [f"{side}{end}" for side in SIDES for end in ("", "_low", "_high")]
    values += ["paper_between", "paper_models"]
    style.require_columns(table, " ".join(["dimension", *values]), "the annotators")
    if table.empty:
        return style.empty_figure(title, "no ratings")
    note = "Mean absolute error of polarity labels (−2 to 2); smaller is closer."
    note += " Lines: 95% intervals." if table["between_low"].notna().any() else ""
    note += _explain_n(table)
    if table[["paper_between", "paper_models"]].notna().any(axis=None):
        note += " Hollow: printed in the paper."
    figure, axes = style.new_figure(title, note, 0.75 + 0.46 * len(table))
    if table[["between", "models"]].notna().any(axis=None):
        figure.set_label("filled marks")
    panel, rows = axes[0, 0], table.to_dict("records")
    for y, row in enumerate(rows):
        for side in SIDES:
            _draw_error(panel, y, row, side)
    names = [style.name_dimension(row["dimension"]) + _format_n(row) for row in rows]
    panel.set_yticks(range(len(table)), names)
    panel.set(ylim=(len(table) - 0.5, -0.5), xlabel="mean absolute error")
    panel.set_xlim(0, max(1.5, float(table[values].max(axis=None)) * 1.05))
    panel.grid(axis="x")
    handles = []
    for label, shape, colour, _ in SIDES.values():
        handles += panel.plot([], [], shape, color=colour, label=label)
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _draw_error(panel: Axes, y: float, row: dict, side: str) -> None:
    _, shape, colour, shift = SIDES[side]
    how = {"color": colour, "clip_on": False}
    y += shift
    style.draw_interval(panel, y, row[f"{side}_low"], row[f"{side}_high"], colour)
    panel.plot(row[side], y, shape, markersize=6, zorder=4, **how)
    printed = row[f"paper_{side}"]
    panel.plot(printed, y, shape, markerfacecolor="none", markersize=8, zorder=5, **how)
