"""One look for all figures: the style and its font, the colours of cultures, stamps, and saving."""

import io
import math
import textwrap
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pandas as pd
from IPython.display import Image, Markdown, display
from matplotlib import font_manager, style
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from alignment.stats.significance import LEAST
from alignment.study.files import write_whole
from alignment.study.stamps import KINDS
from alignment.study.workspace import Workspace
from utils import answer_words
from utils.errors import Problem, nearest

FOLDER = Path(__file__).parent
WIDTH = 7.0  # inches, the width of a page
COLOURS = {"US": "#1D4E9A", "China": "#F0604D"}  # apart for every colour vision, and in greyscale
MORE_COLOURS = ["#EBC13D", "#2F8F7B", "#7A4B9D", "#9A9A9A", "#6B3E12"]
INK, GREY, PALE, GREEN = "#222222", "#555555", "#C9CED6", "#CDE8CF"
WHITE_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 1}
STRIP = 0.36  # inches above the title, for a stamp
STAMP_BOX = {"boxstyle": "square,pad=0.35", "facecolor": "#FFF1B8", "edgecolor": "#8A6A00"}
LANGUAGES = {code: answer_words.words(code)["name"] for code in answer_words.list_languages()}
DIMENSIONS = {
    "PDI": "Power distance",
    "IDV": "Individualism",
    "MAS": "Achievement",
    "UAI": "Uncertainty avoidance",
    "LTO": "Long-term orientation",
    "IND": "Indulgence",
}
NO_ANSWERS = "no readable answers"


_load_font = cache(font_manager.fontManager.addfont)


def use_style() -> None:
    """Load the font and the style sheet, over nothing of a user's own; every figure does so."""
    _load_font(FOLDER / "fonts" / "StudySansSC-Regular.otf")
    style.use(["default", FOLDER / "style.mplstyle"])


def save(
    workspace: Workspace, figure: Figure, name: str, caption: str, respondents: str | None = None
) -> Image | Markdown:
    """Write a figure of a study, stamped with who answered, and show the picture on the page.

    The caption below it in the notebook then begins with the stamp's words.
    """
    path = workspace.figures / name
    picture = write_figure(figure, path, caption, respondents or workspace.respondents)
    words = _read_stamp(figure)
    if not words:
        return picture
    display(picture)
    return Markdown(f"**{words[0].upper()}{words[1:]}.**")


def write_figure(figure: Figure, path: Path, caption: str, respondents: str) -> Image:
    """Stamp a figure with who answered and write it as png and pdf, the same bytes on every run.

    `path` has no suffix; `caption` becomes the alt text; `respondents` is live, simulated, imported
    or printed, several joined by a comma. Returns the written picture, so that as the last line of
    a notebook cell it is shown.
    """
    words = stamp(figure, respondents)
    alt = f"{words[0].upper()}{words[1:]}. {caption}" if words else caption
    png = _draw(figure, "png", {"Description": alt, "Software": None})
    no_origin = dict.fromkeys(("Creator", "Producer", "CreationDate"))
    pdf = _draw(figure, "pdf", {"Title": path.name, "Subject": alt, **no_origin})
    write_whole(path.with_name(f"{path.name}.png"), png)
    write_whole(path.with_name(f"{path.name}.pdf"), pdf)
    return Image(png, width=int(WIDTH * 96), alt=alt)


def _draw(figure: Figure, kind: str, metadata: dict) -> bytes:
    use_style()
    content = io.BytesIO()
    figure.savefig(content, format=kind, metadata=metadata)
    return content.getvalue()


def stamp(figure: Figure, respondents: str) -> str:
    """Put the words for its respondents into a figure, once; a figure of live answers bears none.

    >>> stamp(Figure(), "simulated")
    'simulated respondents'
    """
    kinds = {kind.strip() for kind in respondents.split(",")}
    for kind in kinds - set(KINDS):
        hint = f"{', '.join(KINDS)}.{nearest(kind, KINDS)}"
        raise Problem(f'"{kind}" is none of the respondents {hint}')
    words = ", ".join(filter(None, (KINDS[kind].stamp for kind in sorted(kinds))))
    if words and figure.get_label():  # the part that is stamped, where it is not the whole
        words += f" ({figure.get_label()})"
    before = [text for text in figure.texts if text.get_gid() == "stamp"]
    for old in before:
        old.remove()
    if words:
        if not before:
            _make_room_above(figure)
        x, y = 0.15 / figure.get_figwidth(), 1 - 0.1 / figure.get_figheight()
        how = {"fontsize": 9, "color": INK, "bbox": STAMP_BOX | {"linewidth": 0.8}, "gid": "stamp"}
        figure.text(x, y, words, ha="left", va="top", **how)
    return words


def _read_stamp(figure: Figure) -> str:
    return next((text.get_text() for text in figure.texts if text.get_gid() == "stamp"), "")


def _make_room_above(figure: Figure) -> None:
    """Put a strip on top of a figure, where a stamp is seen first, however narrow the page is."""
    old = figure.get_figheight()
    figure.set_figheight(old + STRIP)
    share = old / (old + STRIP)
    for text in figure.texts:
        text.set_y(text.get_position()[1] * share)
    for legend in figure.legends:
        place = legend.get_bbox_to_anchor().transformed(figure.transFigure.inverted())
        if place.height == 0:  # at a point; others have their place from the layout
            legend.set_bbox_to_anchor((place.x0, place.y0 * share), figure.transFigure)
    if engine := figure.get_layout_engine():
        left, bottom, width, height = engine.get()["rect"]
        engine.set(rect=(left, bottom * share, width, height * share))


def colour_cultures(cultures: Iterable[str]) -> dict[str, str]:
    """Return the colour of each culture, in the order of every figure: US, China, then by name.

    US blue, China red, further ones by name; two at once ("US / China") grey.

    >>> list(colour_cultures(["Great Britain", "China", "US", "China"]))
    ['US', 'China', 'Great Britain']
    """
    names = set(cultures)
    others = sorted(names - set(COLOURS))
    single = [c for c in others if " / " not in c]
    more = {c: MORE_COLOURS[k % len(MORE_COLOURS)] for k, c in enumerate(single)}
    return {c: (COLOURS | more).get(c, GREY) for c in [*COLOURS, *others] if c in names}


def darken(colour: str) -> str:
    """Return the same colour dark enough for small letters on white."""
    return to_hex(np.array(to_rgb(colour)) * 0.72)


def tint(colour: str) -> str:
    """Return the same colour light enough for a black line on it to be seen."""
    return to_hex(1 - (1 - np.array(to_rgb(colour))) * 0.78)


def format_signed(value: float) -> str:
    """Return a signed number of two digits with a true minus.

    >>> format_signed(-0.25), format_signed(0)
    ('−0.25', '0.00')
    """
    text = f"{abs(value):.2f}"
    sign = "" if float(text) == 0 else "−" if value < 0 else "+"
    return sign + text


def require_columns(table: pd.DataFrame, columns: str, what: str) -> None:
    """Raise Problem when a table lacks one of the columns (names with spaces between)."""
    missing = [c for c in columns.split() if c not in table]
    if missing and len(table):
        needed = columns.replace(" ", ", ")
        raise Problem(f'The table for {what} has no column "{missing[0]}"; it needs {needed}.')


def new_figure(
    title: str,
    note: str,
    height: float,
    rows: int = 1,
    columns: int = 1,
    key: dict[str, str] | None = None,
    **how,
) -> tuple[Figure, np.ndarray]:
    """Return an empty figure of the page's width, and its axes.

    Title, note and key (words and their colour) stand above `height` inches of axes.
    """
    use_style()
    titles, notes = textwrap.wrap(title, 52), textwrap.wrap(note, 118)
    below_title = 0.13 + 0.22 * len(titles)
    below_note = below_title + 0.165 * len(notes) + 0.04
    total = height + below_note + (0.24 if key else 0.03)
    figure = Figure((WIDTH, total), layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0, 1, height / total))
    left, at_title, at_note = 0.1 / WIDTH, 1 - 0.09 / total, 1 - below_title / total
    figure.text(left, at_title, "\n".join(titles), va="top", fontsize=12, linespacing=1.2)
    small = {"fontsize": 9, "color": GREY, "linespacing": 1.15}
    figure.text(left, at_note, "\n".join(notes), va="top", **small)
    if key:
        handles = [Patch(color=tint(colour), label=words) for words, colour in key.items()]
        place = {"loc": "upper left", "bbox_to_anchor": (left, 1 - below_note / total)}
        space = {"borderpad": 0, "borderaxespad": 0, "handlelength": 1, "handleheight": 1}
        figure.legend(handles=handles, ncols=len(handles), columnspacing=1.6, **place, **space)
    return figure, figure.subplots(rows, columns, squeeze=False, **how)


def empty_figure(title: str, why: str = NO_ANSWERS) -> Figure:
    """Return a figure that says that there is nothing to draw."""
    figure, axes = new_figure(title, "", 1.2)
    panel = axes[0, 0]
    panel.axis("off")
    middle = {"ha": "center", "va": "center", "transform": panel.transAxes}
    panel.text(0.5, 0.5, why, fontsize=11, color=GREY, **middle)
    return figure


def small_multiples(
    title: str, note: str, dimensions: list[str], lines: int, key: dict[str, str] | None = None
) -> tuple[Figure, dict[str, Axes]]:
    """Return a panel for each dimension, three in a row, of so many lines each, lettered from a."""
    columns = min(3, len(dimensions))
    rows = math.ceil(len(dimensions) / columns)
    height = rows * (0.75 + 0.22 * lines)
    figure, axes = new_figure(title, note, height, rows, columns, key, sharex=True, sharey=True)
    for k, panel in enumerate(axes.flat):
        panel.set_visible(k < len(dimensions))
        panel.xaxis.set_tick_params(labelbottom=True)
    panels = dict(zip(dimensions, axes.flat, strict=False))
    for letter, (dimension, panel) in zip(ascii_lowercase, panels.items(), strict=False):
        panel.set_title(f"{letter}  {name_dimension(dimension)}")
    axes[0, 0].set_ylim(lines - 0.4, -0.6)
    return figure, panels


def name_dimension(dimension: str) -> str:
    """Return a dimension with its name, where it has a common one: `PDI: Power distance`."""
    return f"{dimension}: {DIMENSIONS[dimension]}" if dimension in DIMENSIONS else dimension


def draw_bar(
    axes: Axes, y: float, value: float, low: float, high: float, colour: str, start: float = 0
) -> None:
    """Draw a bar from `start` to a value with its interval, or a note where there is no value."""
    if pd.isna(value):
        draw_note(axes, start, y)
        return
    how = {"height": 0.66, "color": tint(colour), "linewidth": 1.2}  # its edge shows a nothing
    axes.barh(y, value - start, left=start, **how)
    draw_interval(axes, y, low, high)


def draw_note(axes: Axes, x: float, y: float, words: str = NO_ANSWERS) -> None:
    """Write a note in the place of a value that is not there."""
    how = {"fontsize": 8, "color": GREY, "bbox": WHITE_BOX, "zorder": 4}
    axes.text(x, y, words, va="center", ha="center", **how)


def draw_interval(axes: Axes, y: float, low: float, high: float, colour: str = INK) -> None:
    """Draw a horizontal interval, also over a bar; nothing when it is unknown."""
    if pd.notna(low) and pd.notna(high):
        how = {"solid_capstyle": "butt", "zorder": 3}
        axes.plot([low, high], [y, y], color=colour, linewidth=1.2, **how)


def describe_intervals(table: pd.DataFrame, value: str) -> str:
    """Say that intervals are drawn, and that some values rest on too few statements for one."""
    if table["low"].isna().all():
        return ""
    few = table["low"].isna() & table[value].notna() & table["n"].notna()
    some = f" (none below {LEAST} statements)" if few.any() else ""
    return f" Black lines: 95% intervals{some}."


def write_beside(axes: Axes, y: float, text: str) -> None:
    """Write words to the right of a panel, level with a line of it."""
    axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)


def half_width(values) -> tuple[float, str]:
    """Return half the width of an axis about 0, and a note where it was widened.

    It is 1 if that holds all values, and else in quarters, 2 at most.

    >>> half_width([0.2, -0.9]), half_width([1.18])[0]
    ((1.0, ''), 1.25)
    """
    largest = np.nanmax(np.abs([0.0, *np.ravel(values)]))
    if largest <= 1 + 1e-9:
        return 1.0, ""
    half = min(2.0, math.ceil(largest * 4 - 1e-9) / 4)
    return half, f" Axis widened to −{half:g} to {half:g}, since values lie outside −1 to 1."
