"""One look for all figures: the style and its font, the colours of cultures, stamps, and one way to save."""

import io
import math
import textwrap
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Image
from matplotlib import font_manager, patheffects, style
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from alignment.stats.significance import LEAST
from alignment.study.files import write_whole
from alignment.study.respondents import KINDS
from alignment.study.workspace import Workspace
from utils import answer_words
from utils.errors import Problem, nearest

HERE = Path(__file__).parent
WIDTH = 7.0  # inches, the width of a page
FIRST = {
    "US": "#1D4E9A",
    "China": "#F0604D",
}  # far apart for every kind of colour vision, and in greyscale
FURTHER = ["#EBC13D", "#2F8F7B", "#7A4B9D", "#9A9A9A", "#6B3E12"]
INK, GREY, PALE, GREEN = "#222222", "#555555", "#C9CED6", "#CDE8CF"
BLANK = {"facecolor": "white", "edgecolor": "none", "pad": 1}
LANGUAGES = {language: answer_words.words(language)["name"] for language in answer_words.known()}
NAMES = {"PDI": "Power distance", "IDV": "Individualism", "MAS": "Achievement", "UAI": "Uncertainty avoidance",
         "LTO": "Long-term orientation", "IND": "Indulgence"}  # fmt: skip


@cache
def _font() -> None:
    font_manager.fontManager.addfont(HERE / "fonts" / "StudySansSC-Regular.otf")


def use_style() -> None:
    """Load the font and the style sheet; every figure does so itself."""
    _font()
    style.use(HERE / "style.mplstyle")


def save(
    workspace: Workspace, figure: Figure, name: str, caption: str, respondents: str | None = None
) -> Image:
    """Write a figure of a study, stamped with who answered, and return the picture for the page."""
    return write_figure(
        figure, workspace.figures / name, caption, respondents or workspace.respondents
    )


def write_figure(figure: Figure, path: Path, caption: str, respondents: str) -> Image:
    """Stamp a figure with who answered and write it as png and pdf, the same bytes on every run.

    `path` has no suffix; `caption` becomes the alt text; `respondents` is live, simulated, imported or printed,
    several joined by a comma. Returns the written picture, so that as the last line of a cell it is shown.
    """
    words = stamp(figure, respondents)
    alt = f"{caption} [{words}]" if words else caption
    path = Path(path)
    png = _written(
        figure, path.with_name(path.name + ".png"), {"Description": alt, "Software": None}
    )
    plain = dict.fromkeys(("Creator", "Producer", "CreationDate"))
    _written(
        figure, path.with_name(path.name + ".pdf"), {"Title": path.name, "Subject": alt, **plain}
    )
    return Image(png, width=int(WIDTH * 96), alt=alt)


def _written(figure: Figure, path: Path, metadata: dict) -> bytes:
    use_style()
    content = io.BytesIO()
    figure.savefig(content, format=path.suffix[1:], metadata=metadata)
    write_whole(path, content.getvalue())
    return content.getvalue()


def stamp(figure: Figure, respondents: str) -> str:
    """Put the words for its respondents into a figure, once; a figure of live answers bears none.

    >>> stamp(Figure(), "simulated")
    'simulated respondents'
    """
    named = [name.strip() for name in respondents.split(",")]
    for name in named:
        if name not in KINDS:
            raise Problem(
                f'"{name}" is none of the respondents {", ".join(KINDS)}.{nearest(name, KINDS)}'
            )
    words = ", ".join(filter(None, (KINDS[name].stamp for name in sorted(set(named)))))
    for old in [text for text in figure.texts if text.get_gid() == "stamp"]:
        old.remove()
    if words:
        box = {
            "boxstyle": "square,pad=0.35",
            "facecolor": "#FFF1B8",
            "edgecolor": "#8A6A00",
            "linewidth": 0.8,
        }
        place = 1 - 0.1 / figure.get_figwidth(), 1 - 0.1 / figure.get_figheight()
        figure.text(
            *place, words, ha="right", va="top", fontsize=9, color=INK, bbox=box, gid="stamp"
        )
    return words


def ordered(cultures) -> list[str]:
    """Cultures in the order of every figure: US, China, then the others by name.

    >>> ordered(["Great Britain", "China", "US", "China"])
    ['US', 'China', 'Great Britain']
    """
    return [*(c for c in FIRST if c in set(cultures)), *sorted(set(cultures) - set(FIRST))]


def colours(cultures) -> dict[str, str]:
    """The colour of each culture, whatever the order of the rows: US blue, China red, further ones by name, two at once grey."""
    others = [c for c in sorted(set(cultures) - set(FIRST)) if " / " not in c]
    further = {c: FURTHER[k % len(FURTHER)] for k, c in enumerate(others)}
    return {c: (FIRST | further).get(c, GREY) for c in ordered(cultures)}


def dark(colour: str) -> str:
    """The same colour dark enough for small letters on white."""
    return to_hex(np.array(to_rgb(colour)) * 0.72)


def number(value: float) -> str:
    """A signed number of two digits with a true minus.

    >>> number(-0.25), number(0)
    ('−0.25', '0.00')
    """
    text = f"{abs(value):.2f}"
    sign = "" if float(text) == 0 else "−" if value < 0 else "+"
    return sign + text


def need(table: pd.DataFrame, columns: str, what: str) -> None:
    """Problem when a table lacks one of the columns (names with spaces between) that a figure draws."""
    missing = [c for c in columns.split() if c not in table]
    if missing and len(table):
        raise Problem(
            f'The table for {what} has no column "{missing[0]}"; it needs {columns.replace(" ", ", ")}.'
        )


def sheet(
    title: str,
    note: str,
    height: float,
    rows: int = 1,
    columns: int = 1,
    key: dict[str, str] | None = None,
    **how,
) -> tuple[Figure, np.ndarray]:
    """An empty figure of the page's width with its title, note and key (words and their colour) above `height` inches of axes."""
    use_style()
    titles, notes = textwrap.wrap(title, 52), textwrap.wrap(note, 118)
    under = 0.13 + 0.22 * len(titles)
    last = under + 0.165 * len(notes) + 0.04
    total = height + last + (0.24 if key else 0.03)
    figure = Figure((WIDTH, total), layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0, 1, height / total))
    figure.text(
        0.1 / WIDTH, 1 - 0.09 / total, "\n".join(titles), va="top", fontsize=12, linespacing=1.2
    )
    figure.text(
        0.1 / WIDTH,
        1 - under / total,
        "\n".join(notes),
        va="top",
        fontsize=9,
        color=GREY,
        linespacing=1.15,
    )
    if key:
        handles = [Patch(color=colour, label=words) for words, colour in key.items()]
        place = {
            "loc": "upper left",
            "bbox_to_anchor": (0.1 / WIDTH, 1 - last / total),
            "borderpad": 0,
            "borderaxespad": 0,
        }
        figure.legend(
            handles=handles,
            ncols=len(handles),
            handlelength=1,
            handleheight=1,
            columnspacing=1.6,
            **place,
        )
    return figure, figure.subplots(rows, columns, squeeze=False, **how)


def nothing(title: str, why: str = "no readable answers") -> Figure:
    """A figure that says that there is nothing to draw."""
    figure, axes = sheet(title, "", 1.2)
    axes[0, 0].axis("off")
    axes[0, 0].text(
        0.5,
        0.5,
        why,
        ha="center",
        va="center",
        fontsize=11,
        color=GREY,
        transform=axes[0, 0].transAxes,
    )
    return figure


def small_multiples(
    title: str, note: str, dimensions: list[str], lines: int, key: dict[str, str] | None = None
) -> tuple[Figure, dict]:
    """A panel for each dimension, three in a row, of so many lines each, lettered from a."""
    columns = min(3, len(dimensions))
    rows = math.ceil(len(dimensions) / columns)
    figure, axes = sheet(
        title, note, rows * (0.75 + 0.22 * lines), rows, columns, key, sharex=True, sharey=True
    )
    for k, panel in enumerate(axes.flat):
        panel.set_visible(k < len(dimensions))
        panel.xaxis.set_tick_params(labelbottom=True)
    for letter, dimension, panel in zip(
        "abcdefghijklmnopqrstuvwxyz", dimensions, axes.flat, strict=False
    ):
        panel.set_title(f"{letter}  {titled(dimension)}")
    axes[0, 0].set_ylim(lines - 0.4, -0.6)
    return figure, dict(zip(dimensions, axes.flat, strict=False))


def titled(dimension: str) -> str:
    """A dimension with its name, where it has a common one: `PDI: Power distance`."""
    return f"{dimension}: {NAMES[dimension]}" if dimension in NAMES else dimension


def lane(
    axes, y: float, value: float, low: float, high: float, colour: str, start: float = 0
) -> None:
    """A bar from `start` to a value with its interval, or a note where there is no value."""
    if pd.isna(value):
        remark(axes, start, y)
        return
    axes.barh(
        y, value - start, left=start, height=0.66, color=colour, linewidth=1.2
    )  # its edge shows a value of nothing
    interval(axes, y, low, high)


def remark(axes, x: float, y: float, words: str = "no readable answers") -> None:
    """A note in the place of a value that is not there."""
    axes.text(x, y, words, va="center", ha="center", fontsize=8, color=GREY, bbox=BLANK, zorder=4)


def interval(axes, y: float, low: float, high: float, colour: str = INK) -> None:
    """A horizontal interval that stays visible on a dark bar; nothing when it is unknown."""
    if pd.notna(low) and pd.notna(high):
        halo = [patheffects.withStroke(linewidth=2.2, foreground="white")]
        axes.plot(
            [low, high],
            [y, y],
            color=colour,
            linewidth=1.2,
            path_effects=halo,
            solid_capstyle="butt",
            zorder=3,
        )


def intervals(table: pd.DataFrame, value: str) -> str:
    """What a figure says of its intervals: that they are drawn, and that some values rest on too few statements for one."""
    if table["low"].isna().all():
        return ""
    few = table["low"].isna() & table[value].notna() & table["n"].notna()
    return " Black lines: 95% intervals" + (
        f" (none below {LEAST} statements)." if few.any() else "."
    )


def beside(axes, y: float, text: str) -> None:
    """Words to the right of a panel, level with a line of it."""
    axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)


def span(values) -> tuple[float, str]:
    """Half the width of an axis about 0, 1 if that holds all values and else in quarters, and the note that it was widened.

    >>> span([0.2, -0.9]), span([1.18])[0]
    ((1.0, ''), 1.25)
    """
    largest = np.nanmax(np.abs([0.0, *np.ravel(values)]))
    if largest <= 1 + 1e-9:
        return 1.0, ""
    half = min(2.0, math.ceil(largest * 4 - 1e-9) / 4)
    return half, f" Axis widened to −{half:g} to {half:g}, since values lie outside −1 to 1."
