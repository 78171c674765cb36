"""The paper's figures: every function takes a tidy table and returns a matplotlib Figure, to be saved with `save`."""

import textwrap
from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from alignment.figures import style
from alignment.figures.style import (
    GREEN,
    GREY,
    INK,
    LANGUAGES,
    beside,
    colours,
    dark,
    need,
    nothing,
    number,
    ordered,
)
from alignment.stats.significance import ALPHA, named_pairs

ARROW = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 0, "shrinkB": 0}
SCORE, SIDE = "Mean score", "Right: closer to the pole that names the panel."
SIDES = {
    "between": ("between annotators", "o", INK, -0.15),
    "models": ("annotators to models", "D", "#2F8F7B", 0.15),
}


def groups_and_people(
    table: pd.DataFrame, title: str, address: Callable[[str, str], str] | None = None
) -> Figure:
    """Figure 1: groups of models and the people of their cultures, 0 to 100, a bar each from the middle of the scale.

    A row for each dimension, group (culture) and kind (models, people): value, low, high (NaN: no interval),
    n (statements; NaN for people). `address` gives the page to which the line of a group on a dimension leads in an svg.
    """
    need(table, "dimension group kind value low high n", "groups and people")
    if table.empty:
        return nothing(title)
    kinds = [k for k in ("models", "people") if k in set(table["kind"])]
    groups, dimensions = ordered(table["group"]), list(dict.fromkeys(table["dimension"]))
    step, colour = len(groups) + 0.8, colours(table["group"])
    lines = [(k * step + j, d, g) for k, d in enumerate(dimensions) for j, g in enumerate(groups)]
    height = 0.6 + 0.185 * step * len(dimensions)
    figure, axes = style.sheet(title, _groups_note(table), height, 1, len(kinds), sharey=True)
    for panel, kind in zip(axes[0], kinds, strict=True):
        _scale_of_people(panel, kind)
        cells = table[table["kind"] == kind].set_index(["dimension", "group"]).to_dict("index")
        for y, dimension, group in lines:
            empty = "not known" if kind == "people" else "no readable answers"
            _group(
                panel,
                y,
                cells.get((dimension, group), {"value": float("nan")}),
                colour[group],
                empty,
            )
            if address and kind == "models":
                panel.axhspan(y - 0.5, y + 0.5, alpha=0, zorder=5, url=address(dimension, group))
    axes[0, 0].set_ylim(step * len(dimensions) - 1.1, -0.7)
    _names_of_groups(axes[0, 0], lines, colour)
    return figure


def _groups_note(table: pd.DataFrame) -> str:
    known = style.intervals(table, "value")
    counted = " n: statements." if table["n"].notna().any() else ""
    return f"Bars start at 50, the middle of the scale. Right: closer to the pole that names the dimension.{known}{counted}"


def _scale_of_people(panel, kind: str) -> None:
    panel.set_title(
        {"models": "Models, in their native language", "people": "People, from surveys"}[kind]
    )
    panel.axvline(50, color=INK, linewidth=0.8, zorder=2.5)
    panel.set(xlim=(0, 100), xticks=range(0, 101, 25), xlabel="score (0 to 100)")
    panel.grid(axis="x")


def _group(panel, y: float, cell: dict, colour: str, empty: str) -> None:
    n = cell.get("n", float("nan"))
    if pd.isna(cell["value"]):
        style.remark(panel, 50, y, "no statements (n = 0)" if n == 0 else empty)
        return
    style.lane(panel, y, cell["value"], cell["low"], cell["high"], colour, 50)
    beside(panel, y, f"{cell['value']:.0f}" + ("" if pd.isna(n) else f"   n = {n:.0f}"))


def _names_of_groups(panel, lines: list[tuple], colour: dict) -> None:
    """Cultures as coloured labels of the bars, and left of them the dimensions."""
    panel.set_yticks([y for y, _, _ in lines], [group for _, _, group in lines])
    for label in panel.get_yticklabels():
        label.set_color(dark(colour[label.get_text()]))
    left = -14 - 4.2 * max(len(group) for group in colour)
    for dimension in dict.fromkeys(d for _, d, _ in lines):
        middle = [y for y, d, _ in lines if d == dimension]
        panel.annotate(style.titled(dimension).replace(": ", "\n"), (0, sum(middle) / len(middle)), (left, 0),
                       xycoords=panel.get_yaxis_transform(), textcoords="offset points", ha="right", va="center",
                       fontsize=8.5)  # fmt: skip


def models_by_dimension(
    table: pd.DataFrame, title: str = "Each model's mean score in its native language"
) -> Figure:
    """Figure 3: the mean score of each model on each dimension, -1 to 1 (widened with a note when values lie outside).

    A row for each dimension and model: culture, language, mean, low, high (NaN for printed numbers), n.
    """
    need(table, "dimension model culture language mean low high n", "models by dimension")
    if table.empty:
        return nothing(title)
    half, widened = style.span(table[["mean", "low", "high"]])
    known = style.intervals(table, "mean")
    note = f"{SCORE} on the statements of a dimension, from −2 to 2. {SIDE}{known}{_in_brackets(table)}{widened}"
    models, colour = _by_culture(table), colours(table["culture"])
    languages = table.drop_duplicates("culture").set_index("culture")["language"]
    key = {f"{c}, asked in {LANGUAGES.get(languages[c], languages[c])}": colour[c] for c in colour}
    figure, panels = style.small_multiples(
        title, note, list(dict.fromkeys(table["dimension"])), len(models), key
    )
    for dimension, panel in panels.items():
        for row in table[table["dimension"] == dimension].to_dict("records"):
            y = models.index(row["model"])
            style.lane(panel, y, row["mean"], row["low"], row["high"], colour[row["culture"]])
            beside(panel, y, "" if pd.isna(row["mean"]) else number(row["mean"]) + _n(row))
    _frame(panels, half, models, _inks(table, models))
    return figure


def _n(row: dict) -> str:
    return f" ({row['n']:.0f})" if pd.notna(row.get("n")) else ""


def _in_brackets(table: pd.DataFrame) -> str:
    return " In brackets: statements." if "n" in table and table["n"].notna().any() else ""


def _by_culture(table: pd.DataFrame) -> list[str]:
    """Models, those of one culture together, in the order of the rows."""
    first = table.drop_duplicates("model")
    return [
        m
        for culture in ordered(first["culture"])
        for m in first.loc[first["culture"] == culture, "model"]
    ]


def _inks(table: pd.DataFrame, models: list[str]) -> pd.Series:
    """The colour of each model, which is its culture's."""
    return (
        table.drop_duplicates("model")
        .set_index("model")
        .loc[models, "culture"]
        .map(colours(table["culture"]))
    )


def _frame(panels: dict, half: float, names: list[str], inks: pd.Series) -> None:
    """The axis of scores in every panel, with a zero line, and the models as coloured labels on the left of every row."""
    for panel in panels.values():
        panel.set(xlim=(-half, half), xticks=(-1, 0, 1))
        panel.set_yticks(range(len(names)), names)
        panel.axvline(0, color=INK, linewidth=0.8, zorder=2.5)
        if panel.get_subplotspec().is_last_row():
            panel.set_xlabel("mean score")
        panel.grid(axis="x")
        if panel.get_subplotspec().is_first_col():
            for label, ink in zip(panel.get_yticklabels(), inks, strict=True):
                label.set_color(dark(ink))


def language_changes(table: pd.DataFrame, title: str = "") -> Figure:
    """Table 3 as a figure: the means of a model in language a and in language b, joined, with what is significant.

    In a study with one language a and b are two models, and the line joins their means.

    A row for each dimension and model: culture, a, b (languages), mean_a, mean_b, p_bootstrap, p_holm (NaN: not known),
    and n where it is known.
    """
    need(table, "dimension model culture a b mean_a mean_b p_bootstrap p_holm", "language changes")
    title = title or (
        "Two models in the same language"
        if _of_models(table)
        else "The same model asked in two languages"
    )
    if table.empty:
        return nothing(title)
    table, note = named_pairs(table), _changes_note(table)
    half, widened = style.span(table[["mean_a", "mean_b"]])
    models, colour = _by_culture(table), colours(table["culture"])
    key = colour if len(colour) > 1 else None
    figure, panels = style.small_multiples(
        title, note + widened, list(dict.fromkeys(table["dimension"])), len(models), key
    )
    for dimension, panel in panels.items():
        for row in table[table["dimension"] == dimension].to_dict("records"):
            _change(panel, models.index(row["model"]), row, colour[row["culture"]])
    _frame(panels, half, models, _inks(table, models))
    return figure


def _of_models(table: pd.DataFrame) -> bool:
    """Whether the rows compare two models, and not two languages of one."""
    return len(table) > 0 and bool((table["model"] == table["a"] + " / " + table["b"]).all())


def _changes_note(table: pd.DataFrame) -> str:
    pairs, which = table[["a", "b"]].drop_duplicates(), "of" if _of_models(table) else "in"
    each = "model" if which == "of" else "language"
    a, b = (
        [LANGUAGES.get(c, c) for c in pairs.iloc[0]]
        if len(pairs) == 1
        else (f"the first {each}", "the second")
    )
    marks = f" Shaded green: p < {ALPHA} (bootstrap)." if table["p_bootstrap"].notna().any() else ""
    holm = (
        f" ◆: p < {ALPHA} in the exact test after Holm's correction."
        if table["p_holm"].notna().any()
        else ""
    )
    return f"{SCORE} {which} {a} (○) and {b} (●), from −2 to 2, and the difference. {SIDE}{_in_brackets(table)}{marks}{holm}"


def _change(panel, y: int, row: dict, colour: str) -> None:
    a, b = row["mean_a"], row["mean_b"]
    if pd.isna(a) or pd.isna(b):
        style.remark(panel, 0, y)
        return
    if row["p_bootstrap"] < ALPHA:
        panel.axhspan(y - 0.45, y + 0.45, color=GREEN, linewidth=0, zorder=0)
    panel.plot([a, b], [y, y], color=colour, linewidth=1.8, zorder=2.6)
    panel.plot(
        a,
        y,
        "o",
        color=colour,
        markerfacecolor="white",
        markeredgewidth=1.3,
        markersize=7.5,
        zorder=2.7,
    )
    panel.plot(b, y, "o", color=colour, markersize=4.8, zorder=2.8)
    beside(panel, y, number(b - a) + _n(row) + (" ◆" if row["p_holm"] < ALPHA else ""))


def pipeline_counts(counts: list[tuple[str, str, str]]) -> Figure:
    """Figure 2: the steps as boxes, one below the other, each with its count and a note: (step, count, note)."""
    if not counts:
        return nothing("From debates to scores", "no steps")
    figure, axes = style.sheet("From debates to scores", "", 0.66 * len(counts))
    panel = axes[0, 0]
    panel.axis("off")
    panel.set(xlim=(0, style.WIDTH), ylim=(len(counts) - 0.46, -0.42))
    for y, (step, count, note) in enumerate(counts):
        _box(panel, y, step, count)
        panel.text(
            4.05, y, textwrap.fill(note, 46), va="center", fontsize=9, color=GREY, linespacing=1.25
        )
        if y:
            panel.annotate("", (1.95, y - 0.33), (1.95, y - 0.67), arrowprops=ARROW)
    return figure


def _box(panel, y: float, step: str, count: str) -> None:
    panel.fill(
        [0.05, 3.85, 3.85, 0.05],
        [y - 0.33, y - 0.33, y + 0.33, y + 0.33],
        facecolor="#EEF1F6",
        edgecolor=GREY,
    )
    panel.text(0.2, y, textwrap.fill(step, 26), va="center", fontsize=9.5)
    panel.text(
        3.72,
        y,
        textwrap.fill(count, 20),
        va="center",
        ha="right",
        fontsize=11 if len(count) < 9 else 9,
    )


def mae_bars(table: pd.DataFrame) -> Figure:
    """Table 2 as a figure: mean absolute error between annotators, and between annotators and models, by dimension.

    A row for each dimension: between, between_low, between_high, models, models_low, models_high (NaN: not known),
    what the paper prints, paper_between and paper_models (NaN: not drawn), and n where it is known.
    """
    title = "Annotators: how far apart, and how far from models"
    names = [f"{side}{end}" for side in SIDES for end in ("", "_low", "_high")]
    need(table, " ".join(["dimension", *names, "paper_between", "paper_models"]), "the annotators")
    if table.empty:
        return nothing(title, "no ratings")
    hollow = table[["paper_between", "paper_models"]].notna().any(axis=None)
    key = "Mean absolute error of polarity labels (−2 to 2); smaller is closer."
    key += " Lines: 95% intervals." if table["between_low"].notna().any() else ""
    key += _in_brackets(table) + (" Hollow: as the paper prints it." if hollow else "")
    figure, axes = style.sheet(title, key, 0.75 + 0.46 * len(table))
    panel = axes[0, 0]
    for y, row in enumerate(table.to_dict("records")):
        for side in SIDES:
            _error(panel, y, row, side)
    panel.set_yticks(
        range(len(table)),
        [style.titled(row["dimension"]) + _n(row) for row in table.to_dict("records")],
    )
    panel.set(ylim=(len(table) - 0.5, -0.5), xlabel="mean absolute error")
    panel.set_xlim(
        0, max(1.5, float(table[[*names, "paper_between", "paper_models"]].max(axis=None)) * 1.05)
    )
    panel.grid(axis="x")
    handles = [
        panel.plot([], [], shape, color=colour, label=label)[0]
        for label, shape, colour, _ in SIDES.values()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _error(panel, y: float, row: dict, side: str) -> None:
    _, shape, colour, shift = SIDES[side]
    style.interval(panel, y + shift, row[f"{side}_low"], row[f"{side}_high"], colour)
    panel.plot(row[side], y + shift, shape, color=colour, markersize=6, zorder=4, clip_on=False)
    printed = {
        "color": colour,
        "markerfacecolor": "none",
        "markersize": 8,
        "zorder": 5,
        "clip_on": False,
    }
    panel.plot(row[f"paper_{side}"], y + shift, shape, **printed)
