"""A page shows any table so that a person can read it."""

import re

import numpy as np
import pandas as pd

from alignment.study import display

MIXED = pd.DataFrame({
    "dimension": ["PDI", "LTO", None],
    "statement": ["a long statement " * 10, "Is 3 < 4 & $x$?", ""],
    "labels": [12000, 22, 3],
    "mean": [0.25, np.nan, -1.0],
    "relevant": [True, False, True],
})  # fmt: skip


def sides(page: str) -> list[list[str]]:
    """Of each row of a page's table, the side of each cell."""
    rows = [row for row in page.splitlines() if row.startswith("<tr>")]
    assert re.findall(r'align="(\w+)"', page) == re.findall(r"text-align: (\w+)", page)
    return [re.findall(r'align="(\w+)"', row) for row in rows]


def texts(page: str) -> list[list[str]]:
    rows = [row for row in page.splitlines() if row.startswith("<tr>")]
    return [re.findall(r">([^<>]*)</t[hd]>", row) for row in rows]


def test_text_stands_left_and_numbers_stand_right_under_heads_on_the_same_side():
    assert sides(display.html(MIXED)) == [["left", "left", "right", "right", "left"]] * 4


def test_no_cell_shows_how_python_writes_a_value():
    odd = pd.DataFrame(
        {
            "a": [
                True,
                None,
                np.nan,
                pd.NA,
                pd.NaT,
                {"k": np.int64(3)},
                frozenset("ba"),
                [1.5, "x"],
                np.float64(2),
            ]
        }
    )
    (_, *rows) = texts(display.html(odd))
    assert [row[0] for row in rows] == ["yes", "–", "–", "–", "–", "k: 3", "a, b", "1.5, x", "2"]


def test_numbers_of_a_column_share_their_decimals_and_large_ones_are_parted():
    _, first, second, third = texts(display.html(MIXED))
    assert (first[2], second[2], third[2]) == ("12,000", "22", "3")
    assert (first[3], second[3], third[3]) == ("0.25", "–", "-1.00")


def test_what_is_not_zero_is_never_shown_as_zero():
    assert [
        row[0] for row in texts(display.html(pd.DataFrame({"p": [0.00004, 0.5, 0.0, -1e-17]})))
    ][1:] == ["4e-05", "0.500", "0.000", "0.000"]


def test_an_index_that_only_counts_is_left_out_also_after_a_filter():
    for frame in (MIXED, MIXED[MIXED["relevant"]]):
        assert texts(display.html(frame))[0] == list(MIXED)


def test_an_index_that_says_something_stands_first_and_an_outer_level_once():
    wide = MIXED.assign(language="en", model=["a", "a", "b"]).set_index(["model", "language"])[
        ["labels"]
    ]
    assert texts(display.html(wide)) == [
        ["model", "language", "labels"],
        ["a", "en", "12,000"],
        ["", "en", "22"],
        ["b", "en", "3"],
    ]


def test_the_name_of_the_columns_and_their_upper_level_stand_above_them():
    counts = pd.crosstab(
        pd.Series(["PDI", "LTO"], name="dimension"), pd.Series([1, -1], name="polarity")
    )
    assert texts(display.html(counts))[:2] == [["", "polarity"], ["dimension", "-1", "1"]]
    two = pd.DataFrame(
        [[1, 2, 3]],
        columns=pd.MultiIndex.from_tuples([("en", "n"), ("en", "mean"), ("zh", "mean")]),
    )
    assert texts(display.html(two)) == [["en", "zh"], ["n", "mean", "mean"], ["1", "2", "3"]]


def test_a_text_can_be_no_markup_and_no_formula():
    page = display.html(MIXED)
    assert (
        "Is 3 &lt; 4 &amp; $x$?" in page
        and 'class="dataframe tex2jax_ignore"' in page
        and "<style" not in page
    )


def test_a_long_table_says_how_much_of_it_is_not_shown():
    long = pd.DataFrame({"n": range(1000)})
    assert "The first 60 of 1,000 rows." in display.html(long) and display.plain(long).endswith(
        "The first 60 of 1,000 rows."
    )
    assert len(texts(display.html(long))) == 61
    assert display.plain(long.head(0)) == "n\nNo rows."


def test_in_letters_alone_no_line_is_wider_than_its_columns():
    lines = display.plain(MIXED).splitlines()
    assert (
        max(map(len, lines)) < 100
        and lines[0].startswith("dimension  statement")
        and len(lines) > 5
    )


def test_a_notebook_shows_every_table_so_and_the_same_way_every_time():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        display.show_on_pages()
        shown, _ = shell.display_formatter.format(MIXED)
    finally:
        InteractiveShell.clear_instance()
    assert shown["text/html"] == display.html(MIXED) == display.html(MIXED.copy())
    assert shown["text/plain"] == display.plain(MIXED)
