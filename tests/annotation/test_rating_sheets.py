"""Sheets for people: what an annotator gets, and every way in which it may come back."""

import shutil
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

import spreadsheet
from alignment.annotation import rating_sheets, sampling
from alignment.stats import agreement, agreement_coefficients
from utils.errors import Problem

few = settings(max_examples=25, deadline=None)
DIMENSIONS = ["PDI", "IDV", "MAS", "UAI", "LTO", "IND"]
TOLD = {
    d: {
        "name": f"The {d}",
        "definition": "a measure",
        "positive_pole": f"more {d}",
        "negative_pole": "-less of it",
    }
    for d in DIMENSIONS
}
FIRST = rating_sheets.FORM.head + 1


def labels_of(n, seed=0, dimensions=DIMENSIONS):
    """Labels of n statements with one or two dimensions each, some dimensions rare."""
    rng = np.random.default_rng(seed)
    share = np.array([0.18, 0.31, 0.16, 0.16, 0.06, 0.13])[: len(dimensions)]
    rows = [
        (f"demo-{i}.1", d, float(rng.choice([-2, -1, 1, 2])))
        for i in range(n)
        for d in rng.choice(
            dimensions,
            rng.choice([1, min(2, len(dimensions))], p=[0.65, 0.35]),
            replace=False,
            p=share / share.sum(),
        )
    ]
    return pd.DataFrame(rows, columns=["statement_id", "dimension", "polarity"])


def texts_of(labels):
    ids = labels["statement_id"].unique()
    return pd.DataFrame(
        {"statement_id": ids, "text": [f"Motion {i}: people should.\n是的  {i}" for i in ids]}
    )


SAMPLE = labels_of(8)[["statement_id", "dimension"]]


def written(folder, annotator="Ada", sample=SAMPLE, study="demo", texts=None):
    path = folder / f"{annotator}.xlsx"
    return rating_sheets.write_sheet(
        path, sample, texts_of(sample) if texts is None else texts, TOLD, annotator, study
    )


def changed(path, change):
    """Open a sheet, do something to it, save it."""
    book = load_workbook(path)
    change(book.active)
    book.save(path)
    return path


def filled(path, relevant="yes", polarity="+1"):
    def fill(sheet):
        for row in range(FIRST, sheet.max_row + 1):
            sheet[f"E{row}"], sheet[f"F{row}"] = relevant, polarity

    return changed(path, fill)


def read(path, sample=SAMPLE):
    return rating_sheets.read_sheet(path, sample, "demo")


def sheet_of(path):
    return load_workbook(path).active


# The sample


@few
@given(st.integers(6, 60), st.integers(0, 1000))
def test_a_sample_holds_all_pairs_of_its_statements_and_every_dimension(n, seed):
    labels = labels_of(120, seed)
    sample = sampling.draw_sample(labels, n, np.random.default_rng(seed))
    assert sample["statement_id"].nunique() == n and set(sample["dimension"]) == set(
        labels["dimension"]
    )
    own = labels[labels["statement_id"].isin(sample["statement_id"])]
    assert len(own) == len(sample) == len(own.merge(sample))


def test_a_sample_of_the_papers_size_keeps_each_dimensions_share_of_the_pairs():
    labels = labels_of(281)
    whole = labels["dimension"].value_counts(normalize=True)
    for seed in range(20):
        sample = sampling.draw_sample(labels, 56, np.random.default_rng(seed))
        assert (sample["dimension"].value_counts(normalize=True) - whole).abs().max() < 0.06
        assert 65 <= len(sample) <= 90


def test_every_statement_is_about_equally_likely_to_be_drawn():
    labels = labels_of(60)
    drawn = [
        sampling.draw_sample(labels, 20, np.random.default_rng(s))["statement_id"].unique()
        for s in range(300)
    ]
    share = pd.Series(np.concatenate(drawn)).value_counts() / 300
    common = labels.groupby("statement_id")["dimension"].agg(lambda d: "LTO" not in set(d))
    assert len(share) == 60 and share[common].between(0.2, 0.5).all()


def test_the_order_of_the_labels_does_not_change_the_sample():
    labels = labels_of(50)
    draws = [
        sampling.draw_sample(frame, 12, np.random.default_rng(1))
        for frame in (labels, labels.sample(frac=1, random_state=2))
    ]
    assert draws[0].equals(draws[1])


def test_the_sample_knows_nothing_of_the_models_labels():
    assert list(sampling.draw_sample(labels_of(30), 10, np.random.default_rng(0)).columns) == [
        "statement_id",
        "dimension",
    ]


def test_when_there_are_fewer_statements_than_asked_for_all_are_drawn():
    labels = labels_of(9)
    assert len(sampling.draw_sample(labels, 56, np.random.default_rng(0))) == len(labels)
    assert sampling.draw_sample(labels.iloc[:0], 56, np.random.default_rng(0)).empty


def test_a_sample_too_small_for_its_dimensions_is_refused():
    with pytest.raises(Problem, match="1 statements cannot show every dimension; draw at least"):
        sampling.draw_sample(labels_of(60), 1, np.random.default_rng(0))


def test_the_plan_asks_for_as_many_pairs_as_the_width_needs_and_no_fewer():
    row = sampling.count_pairs_needed([0.1], precision=0.9).iloc[0]
    widths = [
        np.diff(agreement_coefficients.wilson(0.9 * n, n))[0]
        for n in (int(row["precision"]), int(row["precision"]) - 1)
    ]
    assert widths[0] <= 0.1 < widths[1]
    row = sampling.count_pairs_needed([0.2], mae=0.5).iloc[0]
    assert (row["mae_least"], row["mae_most"]) == (
        97,
        673,
    )  # (2 x 1.96 / 0.2)^2 = 384.2, times 0.25 and 1.75


def test_the_errors_of_any_annotators_vary_within_the_planned_bounds():
    draw = np.random.default_rng(1)
    for _ in range(200):
        errors = draw.choice(5, 400, p=draw.dirichlet(np.ones(5)))
        least, most = sampling.bound_variance(errors.mean())
        assert least - 1e-9 <= errors.var() <= most + 1e-9


def test_a_plan_and_the_widths_that_it_promises_agree():
    needed = sampling.count_pairs_needed([0.15])["mae_least"].iloc[0]
    widths = sampling.predict_widths([needed - 1, needed])["mae_least"]
    assert widths[1] <= 0.15 < widths[0]


def test_a_dimension_without_pairs_has_an_endless_interval_and_no_error():
    row = sampling.predict_widths([0]).iloc[0]
    assert np.isinf(row["mae_least"]) and not row["precision"] <= 1


# The sheet


def test_a_sheet_shows_statement_dimension_and_both_poles_of_every_pair_once(tmp_path):
    sheet = sheet_of(written(tmp_path))
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST)]
    assert len(rows) == len(SAMPLE) and {(r[6], r[7]) for r in rows} == set(
        SAMPLE.itertuples(index=False, name=None)
    )
    first = rows[0]
    assert first[0].startswith(f"Motion {first[6]}:") and first[1:4] == [
        f"The {first[7]}: a measure",
        "-less of it",
        f"more {first[7]}",
    ]
    assert first[4:6] == [None, None]


def test_a_sheet_is_the_same_whatever_the_models_labels_are(tmp_path):
    labels, texts = labels_of(8), texts_of(SAMPLE)
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    paths = [
        written(tmp_path / f, sample=labels.assign(polarity=p), texts=texts)
        for f, p in (("a", 2.0), ("b", -1.0))
    ]
    cells = [[c.value for row in sheet_of(p).iter_rows() for c in row] for p in paths]
    assert cells[0] == cells[1]


def test_only_the_answers_and_the_background_can_be_written_to(tmp_path):
    sheet = sheet_of(written(tmp_path))
    open_cells = {c.coordinate for row in sheet.iter_rows() for c in row if not c.protection.locked}
    answers = {f"{letter}{row}" for letter in "EF" for row in range(FIRST, FIRST + len(SAMPLE))}
    assert sheet.protection.sheet and open_cells == answers | {"B4"}


def test_the_answers_are_offered_as_lists(tmp_path):
    lists = {
        str(v.sqref): v.formula1
        for v in sheet_of(written(tmp_path)).data_validations.dataValidation
    }
    last = rating_sheets.FORM.head + len(SAMPLE)
    assert lists == {f"E{FIRST}:E{last}": '"yes,no"', f"F{FIRST}:F{last}": '"-2,-1,+1,+2"'}


def test_every_annotator_has_an_order_of_their_own_and_always_the_same(tmp_path):
    (tmp_path / "again").mkdir()
    paths = [
        written(tmp_path),
        written(tmp_path, "Bo"),
        written(tmp_path / "again", sample=SAMPLE.sample(frac=1, random_state=1)),
    ]
    orders = [
        [(r[6].value, r[7].value) for r in sheet_of(p).iter_rows(min_row=FIRST)] for p in paths
    ]
    assert (
        orders[0] != orders[1] and orders[0] == orders[2] and sorted(orders[0]) == sorted(orders[1])
    )


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-2 is a number", "@SUM(A1)", '=HYPERLINK("x")', "'quoted"]
)
def test_a_text_that_looks_like_a_formula_stays_text(tmp_path, text):
    sample = SAMPLE.iloc[:1]
    path = written(
        tmp_path,
        sample=sample,
        texts=pd.DataFrame({"statement_id": sample["statement_id"], "text": text}),
    )
    cell = sheet_of(path).cell(FIRST, 1)
    assert (cell.value, cell.data_type) == (text, "s") and cell.quotePrefix == (text[0] in "=+-@")
    with ZipFile(BytesIO(path.read_bytes())) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    assert read(path, sample)["relevant"].isna().all()


def test_control_characters_in_a_text_do_not_stop_a_sheet(tmp_path):
    sample = SAMPLE.iloc[:1]
    path = written(
        tmp_path,
        sample=sample,
        texts=pd.DataFrame({"statement_id": sample["statement_id"], "text": "a\x0bb"}),
    )
    assert sheet_of(path).cell(FIRST, 1).value == "ab" and len(read(path, sample)) == 1


def test_a_sheet_that_is_there_is_never_written_over(tmp_path):
    path = filled(written(tmp_path))
    before = path.read_bytes()
    with pytest.raises(Problem, match="Ada.xlsx is there already"):
        written(tmp_path)
    assert path.read_bytes() == before


def test_a_pair_without_a_text_is_named(tmp_path):
    with pytest.raises(
        Problem, match="The sample holds demo-[0-7].1 on ..., of which the text is not known"
    ):
        written(tmp_path, texts=texts_of(SAMPLE.iloc[:0]))


# The way back


@few
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["yes", "no", None]), st.sampled_from(["-2", "-1", "+1", "+2", None])
        ),
        min_size=len(SAMPLE),
        max_size=len(SAMPLE),
    )
)
def test_what_was_filled_in_is_read_back(tmp_path_factory, answers):
    path = written(tmp_path_factory.mktemp("sheets"))
    expected = {}

    def fill(sheet):
        for row, (relevant, polarity) in enumerate(answers, FIRST):
            sheet[f"E{row}"], sheet[f"F{row}"] = relevant, polarity
            expected[sheet[f"G{row}"].value, sheet[f"H{row}"].value] = (relevant, polarity)

    ratings = read(changed(path, fill))
    assert list(ratings.columns) == rating_sheets.RATINGS and set(ratings["respondents"]) == {
        "live"
    }
    assert ratings[["statement_id", "dimension"]].equals(SAMPLE.reset_index(drop=True))
    for row in ratings.itertuples():
        relevant, polarity = expected[row.statement_id, row.dimension]
        assert [row.relevant, row.polarity] == pytest.approx(
            [
                rating_sheets.RELEVANT.get(relevant, np.nan),
                rating_sheets.SCALE.get(polarity, np.nan),
            ],
            nan_ok=True,
        )


@pytest.mark.parametrize(
    "typed, value", [(1, 1), (2.0, 2), (-1, -1), ("−2", -2), (" +2 ", 2), ("1", 1)]
)
def test_a_polarity_typed_as_a_number_is_read_as_well(tmp_path, typed, value):
    assert set(read(filled(written(tmp_path), "Yes", typed))["polarity"]) == {value}


def test_a_half_filled_sheet_is_read_and_said_to_be_half_filled(tmp_path):
    def fill(sheet):
        sheet[f"E{FIRST}"], sheet[f"F{FIRST}"] = "yes", "-2"
        sheet[f"E{FIRST + 1}"], sheet[f"E{FIRST + 2}"] = "yes", "no"

    n = len(SAMPLE)
    ratings = read(changed(written(tmp_path), fill))
    assert ratings["relevant"].isna().sum() == n - 3 and ratings["polarity"].notna().sum() == 1
    sentence = (
        f"Ada left {n - 3} of {n} pairs without relevance, 1 relevant ones without a polarity."
    )
    assert rating_sheets.describe_open_pairs(ratings) == [sentence]
    assert rating_sheets.describe_open_pairs(read(filled(written(tmp_path, "Bo")))) == []


def delete_a_row(sheet):
    sheet.delete_rows(FIRST)


def repeat_a_row(sheet):
    sheet.append([cell.value for cell in sheet[FIRST]])


def change_a_text(sheet):
    sheet.cell(FIRST, 1).value += " not"


def swap_two_texts(sheet):
    sheet.cell(FIRST, 1).value, sheet.cell(FIRST + 1, 1).value = "swapped", "texts"


def move_a_rating(sheet):
    sheet[f"H{FIRST}"] = next(d for d in DIMENSIONS if d != sheet[f"H{FIRST}"].value)


def rename_a_column(sheet):
    sheet.cell(rating_sheets.FORM.head, 5).value = "Fits?"


def remove_the_name(sheet):
    sheet["B3"] = None


@pytest.mark.parametrize(
    "change, sentence",
    [
        (
            delete_a_row,
            f"rows were removed or added \\(1 of the sample's {len(SAMPLE)} pairs missing, "
            "0 twice, 0 not",
        ),
        (repeat_a_row, "rows were removed or added .*1 twice"),
        (change_a_text, f"row {FIRST} is not as it was written"),
        (swap_two_texts, f"row {FIRST} \\(and 1 more\\) is not as it was written"),
        (move_a_rating, f"row {FIRST} is not as it was written"),
        (rename_a_column, "its first 7 rows were changed"),
        (remove_the_name, "does not say whose it is"),
    ],
)
def test_a_changed_sheet_is_told_in_one_sentence(tmp_path, change, sentence):
    with pytest.raises(Problem, match=f"Ada.xlsx.*{sentence}"):
        read(changed(filled(written(tmp_path)), change))


@pytest.mark.parametrize(
    "cell, value",
    [
        ("E9", "maybe"),
        ("E9", 1),
        ("E9", "TRUE"),
        ("F9", 0),
        ("F9", "3"),
        ("F9", "1.5"),
        ("F9", "FALSE"),
        ("F9", "yes"),
    ],
)
def test_a_foreign_value_is_named_with_its_cell(tmp_path, cell, value):
    with pytest.raises(
        Problem, match=f'Ada.xlsx: cell {cell} holds "{value}"; it takes .*, or nothing'
    ):
        read(changed(written(tmp_path), lambda sheet: sheet.__setitem__(cell, value)))


def test_a_sheet_of_another_study_is_told_apart(tmp_path):
    with pytest.raises(Problem, match="Ada.xlsx is a sheet of the study paper, not of demo"):
        read(written(tmp_path, study="paper"))


def test_a_sheet_of_another_sample_is_told_apart(tmp_path):
    with pytest.raises(Problem, match="written for another sample"):
        read(written(tmp_path), SAMPLE.iloc[:-1])


def test_a_file_that_is_no_workbook_is_told_apart(tmp_path):
    path = tmp_path / "Ada.xlsx"
    path.write_text("statement,relevant\n")
    with pytest.raises(Problem, match="Ada.xlsx cannot be opened as a workbook; save it anew"):
        read(path)


def test_two_sheets_by_one_annotator_are_told_apart_by_their_names(tmp_path):
    written(tmp_path)
    shutil.copy(tmp_path / "Ada.xlsx", tmp_path / "Ada (2).xlsx")
    changed(tmp_path / "Ada (2).xlsx", lambda sheet: sheet.__setitem__("B3", " ada"))
    with pytest.raises(Problem, match=r"Ada \(2\).xlsx and Ada.xlsx are both by Ada"):
        rating_sheets.read_sheets(tmp_path, SAMPLE, "demo")


def test_an_empty_folder_has_no_ratings_and_lock_files_are_no_sheets(tmp_path):
    (tmp_path / "~$Ada.xlsx").write_bytes(b"lock")
    none, notes = rating_sheets.read_sheets(tmp_path, SAMPLE, "demo")
    assert none.empty and list(none.columns) == rating_sheets.RATINGS and not notes


def test_every_ending_is_read_and_a_file_that_is_no_sheet_is_named(tmp_path):
    filled(written(tmp_path)).rename(tmp_path / "Ada.XLSX")
    (tmp_path / "Bo.pdf").write_bytes(b"%PDF")
    (tmp_path / "notes.docx").write_bytes(b"x")
    ratings, notes = rating_sheets.read_sheets(tmp_path, SAMPLE, "demo")
    assert set(ratings["annotator"]) == {"Ada"} and ratings["polarity"].notna().all()
    (note,) = notes
    assert "Bo.pdf, notes.docx" in note and ".ods" in note


def test_an_open_document_is_a_sheet_as_well(tmp_path):
    sheet = sheet_of(filled(written(tmp_path), "yes", "-2"))
    rows = [["" if cell.value is None else cell.value for cell in row] for row in sheet.iter_rows()]
    (tmp_path / "Ada.xlsx").unlink()
    (tmp_path / "Ada.ods").write_bytes(spreadsheet.open_document(rows))
    ratings, _ = rating_sheets.read_sheets(tmp_path, SAMPLE, "demo")
    assert len(ratings) == len(SAMPLE) and set(ratings["polarity"]) == {-2}


def test_a_polarity_beside_not_relevant_is_left_out_and_told(tmp_path):
    filled(written(tmp_path), "no", "+1")
    ratings, (note,) = rating_sheets.read_sheets(tmp_path, SAMPLE, "demo")
    assert ratings["polarity"].isna().all() and (ratings["relevant"] == 0).all()
    assert note.startswith(f"{len(SAMPLE)} polarities by Ada are not used")


def test_a_formula_without_its_value_is_told_to_be_one(tmp_path):
    path = changed(written(tmp_path), lambda sheet: sheet.__setitem__("F9", "=1+1"))
    with pytest.raises(Problem, match=r"Ada.xlsx: cell F9 holds the formula =1\+1 without"):
        read(path)


def test_a_copy_of_the_sheet_within_the_workbook_is_refused(tmp_path):
    path = filled(written(tmp_path))
    book = load_workbook(path)
    book.copy_worksheet(book.active)
    book.save(path)
    with pytest.raises(Problem, match="Ada.xlsx holds several filled sheets"):
        read(path)


def test_the_background_stands_in_no_rating(tmp_path):
    path = changed(
        filled(written(tmp_path)), lambda sheet: sheet.__setitem__("B4", "Romania, 1990s")
    )
    assert not read(path).astype(str).apply(lambda c: c.str.contains("Romania")).any(axis=None)


def test_a_whole_round_with_four_annotators_makes_table_2(tmp_path):
    labels = labels_of(40)
    sample = sampling.draw_sample(labels, 20, np.random.default_rng(5))
    for name, polarity in (("Ada", "+1"), ("Bo", "+1"), ("Cy", "+2"), ("Di", "-1")):
        filled(written(tmp_path, name, sample), polarity=polarity)
    ratings, _ = rating_sheets.read_sheets(tmp_path, sample, "demo")
    table = agreement.table2(ratings, labels, np.random.default_rng(0), 20).set_index("dimension")
    assert table.at["all", "between"] == pytest.approx((0 + 1 + 2 + 1 + 2 + 3) / 6) and table.at[
        "all", "n_between"
    ] == len(sample)
    chosen = sample.merge(labels)["polarity"]
    assert table.at["all", "to_models"] == pytest.approx((chosen - 1).abs().mean())
    assert agreement.precision(ratings).iloc[-1]["precision"] == 1


# Simulated annotators


def test_simulated_annotators_err_as_often_as_stated_and_are_marked():
    labels = labels_of(2000)
    ratings = sampling.simulate_ratings(labels, 4, 0.15, np.random.default_rng(0)).merge(
        labels, on=["statement_id", "dimension"]
    )
    assert ratings["annotator"].nunique() == 4 and set(ratings["respondents"]) == {"simulated"}
    assert ratings["relevant"].mean() == pytest.approx(0.85, abs=0.01)
    assert (ratings["polarity_x"] != ratings["polarity_y"]).mean() == pytest.approx(0.15, abs=0.01)
    steps = {-2: {-2, -1}, -1: {-2, -1, 1}, 1: {-1, 1, 2}, 2: {1, 2}}
    assert all(
        set(own["polarity_x"]) == steps[label] for label, own in ratings.groupby("polarity_y")
    )


def test_simulated_annotators_do_not_depend_on_the_order_of_the_labels():
    labels = labels_of(30)
    draws = [
        sampling.simulate_ratings(frame, 3, 0.3, np.random.default_rng(1))
        for frame in (labels, labels.sample(frac=1, random_state=2))
    ]
    assert draws[0].equals(draws[1])


def test_without_annotators_or_error_there_is_nothing_to_rate_and_nothing_wrong():
    assert sampling.simulate_ratings(labels_of(5), 0, 0.1, np.random.default_rng(0)).empty
    perfect = sampling.simulate_ratings(labels_of(20), 2, 0.0, np.random.default_rng(0))
    row = agreement.table2(perfect, labels_of(20), np.random.default_rng(0), 2).iloc[-1]
    assert row["to_models"] == 0 and perfect["relevant"].eq(1).all()


# A real spreadsheet program


@pytest.mark.skipif(spreadsheet.typist is None, reason=spreadsheet.MISSING)
def test_sheets_filled_in_by_a_real_spreadsheet_program_make_table_2(tmp_path):
    labels = labels_of(20)
    sample = sampling.draw_sample(labels, 8, np.random.default_rng(5))
    texts = texts_of(sample).assign(text=lambda t: "=1+1 " + t["text"])
    answers = {"Ada": "+1", "Bo": "1", "Cy": "+2", "Di": "-1"}
    sheets = {
        written(tmp_path, name, sample, texts=texts): polarity for name, polarity in answers.items()
    }
    for protected, locked, lists, shown, kind in spreadsheet.typed(
        tmp_path, rating_sheets.FORM.head, sheets
    ):
        assert (
            protected
            and locked == [True] * 4 + [False] * 2 + [True] * 3
            and shown == [True] * 6 + [False] * 3
        )
        assert lists == ['"yes";"no"', '"-2";"-1";"+1";"+2"'] and kind == "TEXT"
    ratings, _ = rating_sheets.read_sheets(tmp_path, sample, "demo")
    table = agreement.table2(ratings, labels, np.random.default_rng(0), 20).iloc[-1]
    assert (table["between"], table["n_between"]) == (
        pytest.approx((0 + 1 + 2 + 1 + 2 + 3) / 6),
        len(sample),
    )


RELEVANCE = pd.DataFrame(
    [(f"s{i}", d, (i + k) % 3 == 0) for i in range(60) for k, d in enumerate(("PDI", "IDV"))],
    columns=["statement_id", "dimension", "relevant"],
)
LABELS = RELEVANCE.query("relevant")[["statement_id", "dimension"]].assign(polarity=1.0)


def test_the_sample_may_hold_pairs_that_the_models_call_irrelevant(tmp_path):
    rng = np.random.default_rng(6)
    sample = sampling.choose_sample(tmp_path, LABELS, RELEVANCE, (10, 20), rng)
    called = sample.merge(RELEVANCE)
    assert list(sample) == sampling.SAMPLE and called["called"].value_counts()["not relevant"] == 20
    assert ((called["called"] == "relevant") == called["relevant"]).all()
    irrelevant = sample[sample["called"] == "not relevant"]
    assert irrelevant["chance"].tolist() == [20 / 80] * 20
    plain = sampling.choose_sample(tmp_path, LABELS, RELEVANCE, (10, 0), np.random.default_rng(6))
    pd.testing.assert_frame_equal(plain, sample.head(len(plain)))
    all_of_them = sampling.choose_sample(tmp_path, LABELS, RELEVANCE, (10, 999), rng)
    assert len(all_of_them) == len(plain) + 80


def test_the_chance_of_a_label_is_its_share_of_samples(tmp_path):
    sample = sampling.choose_sample(tmp_path, LABELS, RELEVANCE, (12, 0), np.random.default_rng(6))
    chance = sample.set_index(["statement_id", "dimension"])["chance"]
    hits = pd.Series(0, chance.index)
    for seed in range(200):
        drawn = sampling.draw_sample(LABELS, 12, np.random.default_rng(1000 + seed))
        hits[hits.index.isin(pd.MultiIndex.from_frame(drawn))] += 1
    sd = np.sqrt(chance * (1 - chance) / 200 * 2)
    assert ((hits / 200 - chance).abs() <= 4.5 * sd + 0.01).all()


def test_sheets_with_irrelevant_pairs_keep_what_the_models_call_them(tmp_path):
    sample = sampling.choose_sample(tmp_path, LABELS, RELEVANCE, (6, 8), np.random.default_rng(6))
    sample.to_csv(tmp_path / rating_sheets.GIVEN_OUT, index=False)
    again = sampling.choose_sample(tmp_path, LABELS, RELEVANCE, (60, 0), np.random.default_rng(1))
    pd.testing.assert_frame_equal(again, sample, check_dtype=False)
    old = tmp_path / "old"
    old.mkdir()
    sample[["statement_id", "dimension"]].to_csv(old / rating_sheets.GIVEN_OUT, index=False)
    older = sampling.choose_sample(old, LABELS, RELEVANCE, (60, 0), np.random.default_rng(1))
    assert set(older["called"]) == {"relevant"} and older["chance"].isna().all()


def test_simulated_annotators_call_irrelevant_pairs_relevant_by_error_alone():
    pairs = LABELS.head(300).assign(polarity=np.nan)
    rated = sampling.simulate_ratings(pairs, 40, 0.15, np.random.default_rng(1))
    assert rated["relevant"].mean() == pytest.approx(0.15, abs=0.03)
    assert rated["polarity"].isna().all()
