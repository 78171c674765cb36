"""Figures: the same bytes on every run, stamped, with Chinese, and true to their tables."""

import io
import warnings
from functools import cache

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

from alignment.figures import diagnostics, paper_figures, style
from alignment.paper import published
from alignment.study.paths import REFERENCE
from alignment.study.stamps import KINDS
from utils.errors import Problem

DIMENSIONS = ["PDI", "IDV", "MAS", "UAI", "LTO", "IND"]
MODELS = {
    "sim-us-1": ("US", "en"),
    "sim-us-2": ("US", "en"),
    "sim-cn-1": ("China", "zh"),
    "sim-cn-2": ("China", "zh"),
}
# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB
COLOUR_BLIND = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def groups(cultures=("US", "China"), people=True) -> pd.DataFrame:
    pairs = [(d, c, k) for d in DIMENSIONS for k, c in enumerate(cultures)]
    rows = [(d, c, "models", 30 + 20 * k, 20 + 20 * k, 45 + 20 * k, 12) for d, c, k in pairs]
    rows += [(d, c, "people", 40 + 10 * k, np.nan, np.nan, np.nan) for d, c, k in pairs if people]
    return pd.DataFrame(rows, columns=["dimension", "group", "kind", "value", "low", "high", "n"])


LINES = [(d, m, *MODELS[m], k) for d in DIMENSIONS for k, m in enumerate(MODELS)]


def means() -> pd.DataFrame:
    rows = [
        (d, m, c, lang, 0.1 * k - 0.2, 0.1 * k - 0.4, 0.1 * k, 20) for d, m, c, lang, k in LINES
    ]
    return pd.DataFrame(
        rows, columns=["dimension", "model", "culture", "language", "mean", "low", "high", "n"]
    )


def changes() -> pd.DataFrame:
    p = [0.2, 0.05, 0.022, 0.0125]
    rows = [(d, m, c, "en", "zh", 0.1, 0.1 + 0.2 * k, p[k], 1.5 * p[k]) for d, m, c, _, k in LINES]
    columns = [
        "dimension",
        "model",
        "culture",
        "base",
        "other",
        "mean_base",
        "mean_other",
        "p_bootstrap",
        "p_holm",
    ]
    return pd.DataFrame(rows, columns=columns)


def errors() -> pd.DataFrame:
    between = {"between": 1.0, "between_low": 0.8, "between_high": 1.2, "paper_between": 1.16}
    models = {"models": 0.5, "models_low": 0.4, "models_high": 0.6, "paper_models": 0.54}
    return pd.DataFrame({"dimension": DIMENSIONS, **between, **models})


def recovered() -> pd.DataFrame:
    rows = [(d, m, lang, k / 10) for d, m, _, _, k in LINES for lang in ("en", "zh")]
    table = pd.DataFrame(rows, columns=["dimension", "model", "language", "planted"])
    return table.assign(estimate=table["planted"] + 0.05, tolerance=0.1, recovered=True)


def specifications() -> pd.DataFrame:
    choices = {
        "differ": ["not_equal", "opposite"] * 2,
        "tie_rule": ["drop"] * 2 + ["nearest_median"] * 2,
    }
    six = {
        "directions": [True, True, True, False],
        "directions_right": [6, 6, 6, 4],
        "directions_of": 6,
    }
    leanings = {
        "leanings": [False, None, None, False],
        "leanings_right": [20, 0, 0, 21],
        "leanings_of": 23,
    }
    language = {"language": True, "language_right": 24, "language_of": 24}
    return pd.DataFrame({"spec": range(4), **choices, **six, **leanings, **language}).astype(
        {"leanings": "boolean"}
    )


CURVE = {"directions": "Six directions agree", "leanings": "All lean", "language": "No change"}


def curve(specs: pd.DataFrame):
    return diagnostics.specification_curve(specs, ["differ", "tie_rule"], CURVE)


def chance() -> pd.DataFrame:
    share = np.array([1, 6, 15, 20, 15, 6, 1]) / 64
    return pd.DataFrame(
        {"design": "strictly opposite", "directions": range(7), "share": share, "observed": 5}
    )


def many_directions() -> pd.DataFrame:
    designs = [chance().assign(design=d) for d in ("groups not equal", "groups strictly opposite")]
    more = [d.assign(directions=d["directions"] + k) for d in designs for k in (0, 7, 14)]
    return pd.concat(more)


def six_models() -> pd.DataFrame:
    british = changes().replace(
        {
            "model": {"sim-us-1": "sim-gb-1", "sim-us-2": "sim-gb-2"},
            "culture": {"US": "Great Britain"},
        }
    )
    return pd.concat([changes(), british[british["culture"] == "Great Britain"]])


def shares() -> pd.DataFrame:
    rows = [(d, v, v >= 4) for d in DIMENSIONS for v in range(9)]
    return pd.DataFrame(rows, columns=["dimension", "value", "kept"])


STEPS = [
    ("Scrape", "1,534 debates", "theses and their votes"),
    ("Translate", "776 in 2 languages", "英文与中文"),
]
DRAWN = {
    "groups_and_people": lambda: paper_figures.groups_and_people(groups(), "Groups and people"),
    "three groups": lambda: paper_figures.groups_and_people(
        groups(("US", "China", "Great Britain")), "Groups and people"
    ),
    "without people": lambda: paper_figures.groups_and_people(groups(people=False), "Groups"),
    "models_by_dimension": lambda: paper_figures.models_by_dimension(means()),
    "language_changes": lambda: paper_figures.language_changes(changes()),
    "pipeline_counts": lambda: paper_figures.pipeline_counts(STEPS),
    "mae_bars": lambda: paper_figures.mae_bars(errors()),
    "vote_distribution": lambda: diagnostics.vote_distribution(
        pd.Series([0, 1, 3, 5, 200, pd.NA], dtype="Int64"), 3
    ),
    "vote_shares": lambda: diagnostics.vote_shares(shares(), "yes votes of 8", "Relevance"),
    "recovery": lambda: diagnostics.recovery(recovered()),
    "specification_curve": lambda: curve(specifications()),
    "null_directions": lambda: diagnostics.null_directions(chance()),
    "many directions": lambda: diagnostics.null_directions(many_directions()),
    "six models": lambda: paper_figures.language_changes(six_models()),
    "table 3 from print": lambda: paper_figures.language_changes(
        published.read_table3_pairs(), "As the paper prints it"
    ),
}


def words(figure) -> list[str]:
    return [t.get_text() for t in figure.findobj(Text) if t.get_text() and t.get_visible()]


def said(figure) -> str:
    return " | ".join(words(figure)).replace("\n", " ")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A figure of DRAWN, saved as simulated once for all tests, with the folder it is in."""

    @cache
    def save(name: str):
        figure, folder = DRAWN[name](), tmp_path_factory.mktemp("figure")
        style.write_figure(figure, folder / "figure", "A caption.", "simulated")
        return figure, folder

    return save


@pytest.fixture
def spaces(saved, monkeypatch):
    """Every text that is drawn in a saved figure, with the space that it takes."""
    drawn, draw = [], Text.draw

    def measure(name: str):
        canvas = FigureCanvasAgg(saved(name)[0])
        drawn.clear()  # of the saving, if this was the first
        canvas.draw()
        found = [t for t in drawn if t.get_text() and t.get_visible()]
        return canvas.figure, [(t, t.get_window_extent(canvas.get_renderer())) for t in found]

    monkeypatch.setattr(
        Text, "draw", lambda self, *given: (drawn.append(self), draw(self, *given))[1]
    )
    return measure


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_call_twice_gives_identical_bytes_without_date_or_software(name, saved, tmp_path):
    style.write_figure(DRAWN[name](), tmp_path / "figure", "A caption.", "simulated")
    for suffix in (".png", ".pdf"):
        once, again = [
            (folder / f"figure{suffix}").read_bytes() for folder in (saved(name)[1], tmp_path)
        ]
        assert once == again
        assert not any(word in once for word in (b"CreationDate", b"Matplotlib", b"matplotlib"))


def test_no_clock_and_no_setting_of_an_earlier_figure_changes_the_bytes(
    saved, tmp_path, monkeypatch
):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    mpl.rcParams.update({"font.size": 20, "savefig.dpi": 50, "font.family": ["DejaVu Serif"]})
    style.write_figure(DRAWN["mae_bars"](), tmp_path / "figure", "A caption.", "simulated")
    for name in ("figure.png", "figure.pdf"):
        assert (saved("mae_bars")[1] / name).read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("name", DRAWN)
def test_the_stamp_stands_inside_the_figure_clear_of_all_other_words(name, spaces):
    figure, texts = spaces(name)
    [stamp] = [t for t, _ in texts if t.get_text().startswith("simulated respondents")]
    box = stamp.get_bbox_patch().get_window_extent()
    assert min(box.x0, box.y0) > 0 and box.x1 < figure.bbox.x1 and box.y1 < figure.bbox.y1
    assert not [
        text.get_text() for text, space in texts if text is not stamp and space.overlaps(box)
    ]


@pytest.mark.parametrize("name", DRAWN)
def test_no_words_are_cut_off_at_the_edge_none_lie_on_others_and_none_is_smaller_than_8_points(
    name, spaces
):
    figure, texts = spaces(name)
    for k, (text, box) in enumerate(texts):
        assert text.get_fontsize() >= 8, text
        assert (
            min(box.x0, box.y0) > -1 and box.x1 < figure.bbox.x1 + 1 and box.y1 < figure.bbox.y1 + 1
        ), text
        assert not [
            other for other, space in texts[:k] if box.padded(-1).overlaps(space.padded(-1))
        ], text


@pytest.mark.parametrize(
    ("respondents", "stamped"),
    [
        ("simulated", "simulated respondents"),
        ("imported", "imported answers"),
        ("printed", "from the paper's printed numbers"),
        ("live, simulated", "simulated respondents"),
        ("simulated, imported", "imported answers, simulated respondents"),
    ],
)
def test_each_kind_of_respondents_has_its_stamp_and_one_simulated_reply_stamps_all(
    respondents, stamped, tmp_path
):
    figure = DRAWN["mae_bars"]()
    style.write_figure(figure, tmp_path / "figure", "c", respondents)
    assert f"{stamped} (filled marks)" in words(figure)  # people's are hollow


def test_a_figure_of_live_answers_bears_no_stamp_and_saving_twice_stamps_once(tmp_path):
    live, simulated = DRAWN["mae_bars"](), DRAWN["mae_bars"]()
    style.write_figure(live, tmp_path / "live", "c", "live")
    for _ in range(2):
        style.write_figure(simulated, tmp_path / "figure", "c", "simulated")
    stamps = {kind.stamp for kind in KINDS.values()}
    assert not stamps & set(words(live))
    assert words(simulated).count("simulated respondents (filled marks)") == 1
    assert not any(stamp in word for stamp in stamps - {""} for word in words(live))


def test_unknown_respondents_are_a_problem_that_names_the_right_spelling(tmp_path):
    for wrong in ("simulatd", ""):
        with pytest.raises(Problem, match="simulat"):
            style.write_figure(DRAWN["mae_bars"](), tmp_path / "figure", "c", wrong)
    assert not list(tmp_path.iterdir())


def test_the_caption_with_the_stamp_is_the_alt_text_in_file_and_page(tmp_path):
    shown = style.write_figure(
        DRAWN["mae_bars"](), tmp_path / "figure1.v2", "Table 2: 中文 and −1.", "simulated"
    )
    alt = "Simulated respondents (filled marks). Table 2: 中文 and −1."
    with Image.open(tmp_path / "figure1.v2.png") as picture:
        assert picture.info["Description"] == alt and picture.width == 1400
    assert b"Subject" in (tmp_path / "figure1.v2.pdf").read_bytes()
    data, metadata = shown._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == alt
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figure1.v2.pdf", "figure1.v2.png"]


@pytest.mark.parametrize("format", ["png", "pdf"])
def test_chinese_and_the_signs_of_the_figures_have_glyphs_in_the_bundled_font(format):
    level_1_and_2 = "啊中国模拟回答齄，。！？：；（）《》“”、—…"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = style.empty_figure(f"{level_1_and_2} −≥≤·×→½◆○●Šł", "不同意")
        figure.savefig(io.BytesIO(), format=format)
    found = font_manager.findfont("Study Sans SC", fallback_to_default=False)
    assert font_manager.get_font(found).family_name == "Study Sans SC"


def test_a_missing_glyph_is_noticed_so_that_the_test_above_can_fail():
    figure = style.empty_figure("\U0001f600\U00020000")
    with pytest.warns(UserWarning, match="missing from font"):
        figure.savefig(io.BytesIO(), format="png")


def test_the_bundled_font_is_small_enough_and_comes_with_its_licence():
    fonts = style.FOLDER / "fonts"
    assert (fonts / "StudySansSC-Regular.otf").stat().st_size <= 1_600_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (fonts / "OFL.txt").read_text()


def lab(colour, matrix=None) -> np.ndarray:
    """CIE L*a*b* of a colour, as a viewer with a colour deficiency would see it."""
    rgb = np.array(to_rgb(colour))
    rgb = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    rgb = rgb if matrix is None else np.clip(np.array(matrix) @ rgb, 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ rgb
    )
    xyz = xyz / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_lab_is_right_for_white_and_for_the_red_of_the_standard():
    assert lab("white") == pytest.approx([100, 0, 0], abs=0.05)
    assert lab("#FF0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)


@pytest.mark.parametrize(
    "matrix", [None, *COLOUR_BLIND.values()], ids=["all colours", *COLOUR_BLIND]
)
def test_three_cultures_are_apart_for_every_kind_of_colour_vision(matrix):
    seen = [
        lab(c, matrix) for c in style.colour_cultures(["US", "China", "Great Britain"]).values()
    ]
    assert min(np.linalg.norm(seen[i] - seen[j]) for i in range(3) for j in range(i)) > 25


def test_three_cultures_are_apart_in_greyscale_and_their_names_are_readable_on_white():
    chosen = style.colour_cultures(["US", "China", "Great Britain"])
    light = sorted(lab(c)[0] for c in chosen.values())
    assert min(np.diff(light)) > 14
    assert light[1] - light[0] > 20  # US and China
    assert max(lab(style.darken(c))[0] for c in chosen.values()) < 62


@given(st.permutations(["US", "China", "Great Britain", "Romania", "US"]))
def test_a_culture_keeps_its_colour_whatever_the_order_of_the_rows(cultures):
    chosen = style.colour_cultures(cultures)
    assert list(chosen) == ["US", "China", "Great Britain", "Romania"]
    assert (
        chosen["US"] == "#1D4E9A"
        and chosen["China"] == "#F0604D"
        and len(set(chosen.values())) == 4
    )


def label_colours(figure) -> dict:
    return {t.get_text(): t.get_color() for t in figure.axes[0].get_yticklabels()}


def test_reversing_the_rows_of_a_table_changes_no_colour_in_the_drawing():
    table = groups(("Great Britain", "China", "US"))
    forwards, backwards = (
        label_colours(paper_figures.groups_and_people(t, "t")) for t in (table, table[::-1])
    )
    assert forwards == backwards and forwards["US"] == style.darken("#1D4E9A")
    table = means()
    assert label_colours(paper_figures.models_by_dimension(table)) == label_colours(
        paper_figures.models_by_dimension(table[::-1])
    )


def bars(axes) -> list[tuple]:
    """(start, end) of each horizontal bar, from the top."""
    drawn = sorted((p.get_y(), p.get_x(), p.get_x() + p.get_width()) for p in axes.patches)
    return [(round(a, 9), round(b, 9)) for _, a, b in drawn]


def test_figure_1_draws_the_bars_of_models_and_people_from_50_with_n_at_each():
    figure = paper_figures.groups_and_people(groups().replace({"value": {30.0: 35.0}}), "t")
    models, people = figure.axes
    assert bars(models) == [(50, 35), (50, 50)] * 6
    assert bars(people) == [(50, 40), (50, 50)] * 6
    assert words(models).count("35   n = 12") == 6 and words(people).count("40") == 6


def test_figure_3_of_the_printed_numbers_shows_exactly_the_native_cells_of_table_3():
    printed = pd.read_csv(REFERENCE / "paper_table3.csv")
    printed = printed.melt(["dimension", "language"], var_name="model", value_name="mean")
    native = {
        "GPT": ("US", "en"),
        "Llama": ("US", "en"),
        "DeepSeek": ("China", "zh"),
        "Qwen": ("China", "zh"),
    }
    printed = printed[
        [
            native[m][1] == lang
            for m, lang in zip(printed["model"], printed["language"], strict=True)
        ]
    ]
    printed = printed.assign(
        culture=[native[m][0] for m in printed["model"]], low=np.nan, high=np.nan, n=np.nan
    )
    figure = paper_figures.models_by_dimension(printed)
    drawn = {
        d: [a + b for a, b in bars(axes)] for d, axes in zip(DIMENSIONS, figure.axes, strict=True)
    }
    assert drawn == {d: printed.loc[printed["dimension"] == d, "mean"].tolist() for d in DIMENSIONS}
    assert drawn["PDI"] == [-0.10, -0.52, -0.43, -0.04] and drawn["LTO"] == [0.18, 1.09, 1.00, 0.73]
    assert figure.axes[0].get_xlim() == (-1.25, 1.25) and "Axis widened to −1.25 to 1.25" in said(
        figure
    )
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["−1", "0", "1"]
    assert [len(axes.lines) for axes in figure.axes] == [
        1
    ] * 6  # the middle, and nothing at the ends of bars


def test_figure_3_as_the_notebook_draws_it_from_print_equals_the_native_cells():
    printed = published.read_table3().query("native").assign(low=np.nan, high=np.nan, n=np.nan)
    figure = paper_figures.models_by_dimension(printed)
    cells = pd.read_csv(REFERENCE / "paper_table3.csv").set_index(["dimension", "language"])
    native = {"GPT": "en", "Llama": "en", "DeepSeek": "zh", "Qwen": "zh"}
    for dimension, axes in zip(DIMENSIONS, figure.axes, strict=True):
        assert [a + b for a, b in bars(axes)] == [
            cells.at[(dimension, lang), m] for m, lang in native.items()
        ]


def test_table_3_as_a_picture_of_print_equals_it_cell_by_cell():
    cells = pd.read_csv(REFERENCE / "paper_table3.csv").set_index(["dimension", "language"])
    figure = DRAWN["table 3 from print"]()
    for dimension, axes in zip(DIMENSIONS, figure.axes, strict=True):
        points = [
            (round(line.get_ydata()[0]), *line.get_xdata())
            for line in axes.lines
            if line.get_marker() == "o"
        ]
        drawn = [[x for y, x in points if y == k] for k in range(4)]
        assert drawn == [
            [cells.at[(dimension, lang), m] for lang in ("en", "zh")]
            for m in ("GPT", "Llama", "DeepSeek", "Qwen")
        ]
    assert "green" not in said(figure) and "◆" not in said(figure)  # no p is printed
    marked = [sum(t.get_text().endswith("*") for t in axes.texts) for axes in figure.axes]
    assert dict(zip(DIMENSIONS, marked, strict=True)) == {
        "PDI": 1,
        "IDV": 0,
        "MAS": 0,
        "UAI": 1,
        "LTO": 2,
        "IND": 0,
    }


def test_eighteen_directions_bear_no_label_each_but_a_grid():
    figure = DRAWN["many directions"]()
    assert [t.get_text()[:8] for t in figure.axes[0].texts] == ["found: 5"]
    assert len(DRAWN["null_directions"]().axes[0].texts) == 8
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == [
        "0",
        "3",
        "6",
        "9",
        "12",
        "15",
        "18",
    ]
    assert "one dimension" in said(figure)


def test_the_axis_is_minus_1_to_1_unless_a_value_lies_outside():
    assert paper_figures.models_by_dimension(means()).axes[0].get_xlim() == (-1, 1)
    assert "widened" not in said(paper_figures.models_by_dimension(means()))
    assert paper_figures.models_by_dimension(means().replace({"high": {0.1: 1.7}})).axes[
        0
    ].get_xlim() == (-1.75, 1.75)


def test_a_model_without_readable_answers_gets_a_note_and_no_bar():
    table = means()
    table.loc[
        (table["model"] == "sim-us-2") & (table["dimension"] == "IDV"), ["mean", "low", "high"]
    ] = np.nan
    panel = paper_figures.models_by_dimension(table).axes[1]
    assert len(bars(panel)) == 3 and words(panel).count("no readable answers") == 1
    table = groups()
    none = (table["kind"] == "models") & (table["dimension"] == "LTO")
    table.loc[none, ["value", "low", "high", "n"]] = [np.nan, np.nan, np.nan, 0]
    panel = paper_figures.groups_and_people(table, "t").axes[0]
    assert len(bars(panel)) == 10 and words(panel).count("no statements (n = 0)") == 2
    table = changes()
    table.loc[0, "mean_other"] = np.nan
    assert words(paper_figures.language_changes(table).axes[0]).count("no readable answers") == 1


def test_a_culture_without_rows_for_a_dimension_gets_a_note():
    table = groups()
    figure = paper_figures.groups_and_people(
        table[~((table["dimension"] == "PDI") & (table["group"] == "US"))], "t"
    )
    assert (
        words(figure.axes[0]).count("no readable answers") == 1
        and words(figure.axes[1]).count("not known") == 1
    )


def test_the_change_of_language_is_green_below_5_percent_and_marked_when_it_survives_holm():
    panel = paper_figures.language_changes(changes()).axes[
        0
    ]  # p 0.2, 0.05, 0.022, 0.0125; Holm 0.3, 0.075, 0.033, 0.019
    bands = [
        p for p in panel.patches if mpl.colors.to_hex(p.get_facecolor()) == style.GREEN.lower()
    ]
    assert [round(p.get_y() + p.get_height() / 2) for p in bands] == [2, 3]
    assert [w for w in words(panel) if "◆" in w] == ["+0.40 ◆", "+0.60 ◆"]
    assert "0.00" in words(panel)


def test_what_is_green_goes_by_the_level_that_the_tests_take(monkeypatch):
    monkeypatch.setattr(paper_figures, "ALPHA", 0.02)
    figure = paper_figures.language_changes(changes())
    assert [
        p
        for p in figure.axes[0].patches
        if mpl.colors.to_hex(p.get_facecolor()) == style.GREEN.lower()
    ] and "p < 0.02 (bootstrap)" in said(figure)
    assert [w for w in words(figure.axes[0]) if "◆" in w] == ["+0.60 ◆"]


def test_every_figure_of_scores_explains_its_colours_its_numbers_and_what_the_right_means():
    models = paper_figures.models_by_dimension(means())
    languages = paper_figures.language_changes(changes().assign(n=20))
    keys = ["US, asked in English", "China, asked in Chinese"], ["US", "China"]
    for figure, key in zip((models, languages), keys, strict=True):
        [legend] = figure.legends
        assert [t.get_text() for t in legend.get_texts()] == key
        assert [mpl.colors.to_hex(p.get_facecolor()) for p in legend.get_patches()] == [
            style.tint("#1d4e9a"),
            style.tint("#f0604d"),
        ]
        assert "closer to the pole that names the panel" in said(
            figure
        ) and "In brackets: statements" in said(figure)
        assert all(
            sum(w.endswith(" (20)") or " (20) ◆" in w for w in words(panel)) == 4
            for panel in figure.axes
        )
    assert "In brackets" not in said(DRAWN["table 3 from print"]()) + said(DRAWN["mae_bars"]())
    rated = paper_figures.mae_bars(errors().assign(n=17))
    assert "PDI: Power distance (17)" in said(rated) and "In brackets: statements" in said(rated)
    assert "closer to the pole that names the dimension" in said(
        paper_figures.groups_and_people(groups(), "t")
    )


def test_two_models_in_one_language_are_called_so_and_bear_no_cultures_colour():
    pairs = (
        changes()
        .query("model == 'sim-us-1'")
        .assign(model="GPT / Qwen", culture="US / China", base="GPT", other="Qwen")
    )
    figure = paper_figures.language_changes(pairs)
    assert "Two models in the same language" in said(
        figure
    ) and "Mean score of GPT (○) and Qwen (●)" in said(figure)
    assert not figure.legends and label_colours(figure)["GPT / Qwen"] == style.darken(style.GREY)
    assert "same model" in said(
        paper_figures.language_changes(changes())
    ) and "in English (○) and Chinese (●)" in said(paper_figures.language_changes(changes()))
    assert (
        style.colour_cultures(["US / China", "Great Britain"])["Great Britain"]
        == style.MORE_COLOURS[0]
    )


def test_two_pairs_of_languages_keep_their_own_lines():
    table = pd.concat([changes(), changes().assign(other="ro")])
    labels = [t.get_text() for t in paper_figures.language_changes(table).axes[0].get_yticklabels()]
    assert len(labels) == 8 and "sim-us-1, en → ro" in labels


def test_the_histogram_of_votes_counts_every_statement_and_names_those_without_a_number():
    figure = DRAWN["vote_distribution"]()
    assert sum(p.get_height() for p in figure.axes[0].patches) == 5
    assert all(tick == round(tick) for tick in figure.axes[0].get_yticks())
    assert "3 of 6 statements have at least 3 votes" in said(
        figure
    ) and "unknown number of votes (1)" in said(figure)


def dark_bars(figure) -> list:
    return [
        p
        for p in figure.axes[0].patches
        if mpl.colors.to_hex(p.get_facecolor()) == diagnostics.KEPT.lower()
    ]


def test_the_spread_of_votes_splits_each_bar_into_kept_and_left_out():
    kept = [False, True, False, True, False]
    table = pd.DataFrame({"dimension": "PDI", "value": [0, 0, 0, 1.5, np.nan], "kept": kept})
    figure = diagnostics.vote_shares(table, "median", "t")
    assert [p.get_height() for p in dark_bars(figure)] == [1, 1]
    assert "kept 2 of 4" in said(figure) and "1 without a value" in said(figure)


def test_recovery_counts_what_lies_within_the_tolerance_and_names_the_others():
    table = recovered()
    far = table.query("model == 'sim-cn-1' and dimension == 'LTO' and language == 'zh'").index
    table.loc[far, "recovered"] = False
    figure = diagnostics.recovery(table)
    assert "English: 24 of 24 within the tolerance" in said(figure)
    assert "Chinese: 23 of 24 within the tolerance" in said(figure)
    assert (
        "sim-cn-1 LTO" in said(figure)
        and "Hollow" in said(figure)
        and "Hollow" not in said(DRAWN["recovery"]())
    )


def test_the_specification_curve_says_in_what_share_of_each_choice_every_claim_holds():
    figure = DRAWN["specification_curve"]()
    choices = figure.axes[-1]
    lines = [t.get_text() for t in choices.get_yticklabels()]
    assert lines == [
        "differ: not equal",
        "differ: opposite",
        "tie rule: drop",
        "tie rule: nearest median",
    ]
    beside = [t.get_text() for t in choices.texts]
    assert beside == ["100%", "0%", "100%", "50%", "0%", "100%"] * 2 + ["a", "b", "c"]
    assert "a  Six directions agree: in 3 of 4" in said(
        figure
    ) and "b  All lean: in 0 of 4 (2 open)" in said(figure)


def test_the_specification_curve_draws_values_in_order_and_nothing_where_a_claim_is_open():
    directions, leanings = (
        axes.collections[0].get_offsets().tolist()
        for axes in DRAWN["specification_curve"]().axes[:2]
    )
    assert directions == [[0, 4], [1, 6], [2, 6], [3, 6]]
    assert [x for x, _ in leanings] == [0, 3] and [y for _, y in leanings] == [21, 20]


def test_a_claim_that_no_specification_decides_has_no_panel():
    figure = curve(specifications().assign(leanings=pd.NA))
    assert (
        len(figure.axes) == 3
        and "b  No change: in 4 of 4" in said(figure)
        and "All lean" not in said(figure)
    )


def test_chance_marks_the_observed_number_and_sums_the_tail():
    figure = DRAWN["null_directions"]()
    assert [p.get_height() for p in dark_bars(figure)] == [6 / 64]
    assert "as many or more: 10.9 %" in said(figure)  # 7 of 64
    assert "found: 5" in said(figure) and "claimed: 5" in said(
        diagnostics.null_directions(chance(), "t", "claimed")
    )
    assert "found" not in said(diagnostics.null_directions(chance().assign(observed=np.nan)))


EMPTY = {
    "groups": lambda: paper_figures.groups_and_people(groups().head(0), "t"),
    "models": lambda: paper_figures.models_by_dimension(means().head(0)),
    "changes": lambda: paper_figures.language_changes(pd.DataFrame()),
    "errors": lambda: paper_figures.mae_bars(errors().head(0)),
    "steps": lambda: paper_figures.pipeline_counts([]),
    "votes": lambda: diagnostics.vote_distribution(pd.Series([pd.NA], dtype="Int64"), 3),
    "shares": lambda: diagnostics.vote_shares(shares().head(0), "x", "t"),
    "recovery": lambda: diagnostics.recovery(recovered().assign(estimate=np.nan)),
    "specifications": lambda: curve(
        specifications()[["differ", "tie_rule"]].assign(**dict.fromkeys(CURVE))
    ),
    "chance": lambda: diagnostics.null_directions(chance().head(0)),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_table_gives_a_figure_that_says_so_and_can_be_saved(name, tmp_path):
    figure = EMPTY[name]()
    style.write_figure(figure, tmp_path / "figure", "c", "simulated")
    assert any(w.startswith("no ") for w in words(figure)) and not figure.axes[0].patches


def test_a_missing_column_is_a_problem_that_names_it():
    with pytest.raises(Problem, match='no column "p_holm"'):
        paper_figures.language_changes(changes().drop(columns="p_holm"))
    with pytest.raises(Problem, match='no column "leanings_of"'):
        curve(specifications().drop(columns="leanings_of"))


@given(st.floats(-2, 2, allow_nan=False))
def test_the_axis_holds_every_value_of_the_scale(value):
    half, note = style.half_width([value, np.nan])
    assert (
        abs(value) <= half + 1e-9 and half in (1, 1.25, 1.5, 1.75, 2) and bool(note) == (half > 1)
    )
