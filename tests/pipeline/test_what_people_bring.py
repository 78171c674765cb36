"""Tables as people bring them, each through the command: taken right, or refused in a sentence.

After a refusal the study's folder is as it was, to the byte.
"""

import gzip
import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spreadsheet
from alignment import cli
from alignment.study import paths, table_files

STUDIES = {
    # answers in columns of somebody's own, two languages
    "own": """
name: own
title: somebody's answers
respondents: imported
debates: {source: table}
translator: none
languages: [en, zh]
labels: labels.csv
cultures: {US: {language: en, people: US}, China: {language: zh, people: China}}
models: {M: {culture: US, endpoint: e}, N: {culture: China, endpoint: e}}
table:
  columns: {statement_id: id, model: who, answer: says, language: lang, run: nr}
  languages: {English: en, Chinese: zh}
  models: {model-m: M}
  answers: {"yes": agree, "no": disagree, 1: agree, -1: disagree, 0: refused}
parameters: {min_votes: 0, stance_runs: 2}
""",
    # by the statements' texts, one language, a dimension in place of labels
    "texts": """
name: texts
title: somebody's answers
respondents: imported
debates: {source: table}
translator: none
languages: [en]
labels: labels.csv
cultures: {US: {language: en, people: US}, China: {language: en, people: China}}
models: {M: {culture: US, endpoint: e}, N: {culture: China, endpoint: e}}
table:
  columns: {statement: text, model: who, answer: says, dimension: topic}
parameters: {min_votes: 0, stance_runs: 2}
""",
    # answers in the documented columns
    "plain": """
name: plain
title: somebody's answers
respondents: imported
debates: {source: table}
translator: none
languages: [en, zh]
labels: labels.csv
cultures: {US: {language: en, people: US}, China: {language: zh, people: China}}
models: {M: {culture: US, endpoint: e}, N: {culture: China, endpoint: e}}
parameters: {min_votes: 0, stance_runs: 2}
""",
}
KNOWN = "statement_id,text\ns1,Cats may vote.\ns2,Dogs may vote.\n"

OWN = [["id", "who", "says", "lang", "nr"], ["s1", "M", "yes", "en", "1"]]
OWN += [["s1", "N", "no", "zh", "1"], ["s2", "M", "agree", "en", "1"]]
TEXTS = [["text", "who", "says", "topic"], ["Cats may vote.", "M", "agree", "PDI"]]
TEXTS += [["Cats may vote.", "N", "disagree", "PDI"]]
ANSWERS = ["step,statement_id,dimension,model,language,run,answer,respondents".split(",")]
ANSWERS += [["stance", "s1", "", "M", "en", "1", "agree", "imported"]]
ANSWERS += [["polarity", "s1", "PDI", "N", "zh", "2", "-2", "imported"]]
LABELS = [["statement_id", "dimension", "polarity"], ["s1", "PDI", "2"], ["s2", "IDV", "-1"]]
STATEMENTS = [["statement_id", "text", "votes"], ["t1", "Tax meat.", "12"], ["t2", "Ban cars.", ""]]
CHINESE = [["statement_id", "text"], ["t1", "所有人都应当投票"], ["t2", "应当禁止汽车进入城市"]]
WESTERN = [["statement_id", "text"], ["t1", "Le café doit fermer."], ["t2", "Mäuse – “überall”"]]
TRANSLATIONS = [
    ["statement_id", "text"],
    ["demo-13.1", "教师有权自己决定"],
    ["demo-14.1", "所有教师"],
]

# What goes in at each door, and as what it comes out.
DOORS = {
    "answers own": ("answers", "own", OWN),
    "answers texts": ("answers", "texts", TEXTS),
    "answers plain": ("answers", "plain", ANSWERS),
    "labels": ("labels", "plain", LABELS),
    "statements": ("statements", "texts", STATEMENTS),
    "translations": ("translations", "demo", TRANSLATIONS),
}


def text(rows, separator=",", end="\n", encoding="utf-8", mark=b"") -> bytes:
    """Write rows as text; what holds a separator, a quotation mark or a line break is quoted."""
    out = io.StringIO()
    for row in rows:
        cells = []
        for cell in row:
            must = any(c in cell for c in (separator, '"', "\n"))
            cells.append('"' + cell.replace('"', '""') + '"' if must else cell)
        out.write(separator.join(cells) + end)
    return mark + out.getvalue().encode(encoding)


def book(*sheets, suffix="xlsx") -> bytes:
    """Write sheets of rows as a workbook."""
    out = io.BytesIO()
    if suffix == "ods":
        return spreadsheet.open_document(*sheets)
    made = openpyxl.Workbook()
    made.remove(made.active)
    for i, rows in enumerate(sheets):
        sheet = made.create_sheet(f"S{i}")
        for row in rows:
            sheet.append(row)
    made.save(out)
    return out.getvalue()


def put(rows, row, column, value) -> list[list]:
    """Return rows with another value in one cell."""
    changed = [list(r) for r in rows]
    changed[row][column] = value
    return changed


def insert(rows, at, name, values) -> list[list]:
    """Return rows with a further column."""
    cells = [name, *values]
    return [[*r[:at], cell, *r[at:]] for r, cell in zip(rows, cells, strict=True)]


# Door, file, content, what is said. Taken: what the report says.
TAKEN = [
    # every shape of text
    ("answers own", "a.csv", text(OWN), "3 of 3 answers read, of 2 statements in up to 1 runs"),
    ("answers own", "a.CSV", text(OWN), "M in en: 2 of 2"),
    ("answers own", "a.tsv", text(OWN, "\t"), "separated by tabs"),
    ("answers own", "a.csv", text(OWN, ";"), "separated by semicolons"),
    ("answers own", "a.txt", text(OWN, "|"), "separated by bars"),
    ("answers own", "a.csv", text(OWN, end="\r\n"), "3 of 3"),
    ("answers own", "a.csv", text(OWN, end="\r"), "3 of 3"),
    ("answers own", "a.csv", text(OWN, mark=b"\xef\xbb\xbf"), "3 of 3"),
    ("answers own", "a.csv", text(OWN, encoding="utf-16"), "3 of 3"),
    ("answers own", "a.csv", text(OWN, encoding="utf-16-be", mark=b"\xfe\xff"), "3 of 3"),
    ("answers own", "a.csv.gz", gzip.compress(text(OWN), mtime=0), "3 of 3"),
    ("answers own", "a.tsv.gz", gzip.compress(text(OWN, "\t"), mtime=0), "3 of 3"),
    ("answers own", "a.csv", b"sep=;\n" + text(OWN, ";"), "3 of 3"),
    ("answers own", "a.csv", text(OWN)[:-1], "3 of 3"),
    ("answers own", "a.csv", text(OWN) + b"\n\n", "3 of 3"),
    ("answers own", "a.csv", text(OWN) + b",,,,\n", "1 empty rows left out"),
    ("answers own", "a.csv", text([[*r, ""] for r in OWN]), "3 of 3"),
    ("answers own", "a.csv", text([r[::-1] for r in OWN]), "3 of 3"),
    ("answers own", "a.csv", text(put(OWN, 0, 0, " id ")), "3 of 3"),
    ("answers own", "a.csv", text(put(OWN, 1, 0, " s1\u00a0")), "white space taken off 1 cells"),
    ("answers own", "a.csv", text(insert(OWN, 5, "note", ["a, b", 'c "d"', "e\nf"])), "3 of 3"),
    ("answers own", "a.csv", text(insert(OWN, 5, "note", "abc")), "columns not used: note"),
    # workbooks
    ("answers own", "a.xlsx", book(OWN), "3 of 3"),
    ("answers own", "a.XLSX", book(OWN), "3 of 3"),
    ("answers own", "a.ods", book(OWN, suffix="ods"), "3 of 3"),
    ("answers own", "a.xlsx", book(put(OWN, 1, 4, 1)), "3 of 3"),
    ("answers own", "a.xlsx", book(put(OWN, 1, 2, 1)), "3 of 3"),
    ("answers own", "a.xlsx", book(put(OWN, 1, 2, True)), "2 of 3"),
    ("answers own", "a.xlsx", book([["notes"]], OWN), "sheets without the columns, not used: S0"),
    ("answers own", "a.xlsx", book(OWN, [OWN[0], ["s2", "N", "no", "zh", "1"]]), "4 of 4"),
    ("answers own", "a.xlsx", book(OWN, [OWN[0], ["s2", "N", "no", "zh", "1"]]), "2 sheets"),
    ("answers own", "a.xlsx", book(OWN, []), "3 of 3"),
    # what it says
    ("answers own", "a.csv", text(put(OWN, 1, 1, "model-m")), "M in en: 2 of 2"),
    ("answers own", "a.csv", text(put(OWN, 1, 3, "English")), "M in en: 2 of 2"),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "YES")), "3 of 3"),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "-1")), "3 of 3"),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "0")), "2 of 3"),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "Strongly agree")), "3 of 3"),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "maybe")), 'could not be read: "maybe" 1 times'),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "")), "2 of 3"),
    ("answers own", "a.csv", text([*OWN, ["s1", "M", "no", "en", "2"]]), "1 to 2 runs"),
    ("answers own", "a.csv", text(put(OWN, 1, 0, "s9")), "1 rows of a.csv on 1 statements are not"),
    ("answers own", "a.csv", text(put(OWN, 1, 4, "1.0")), "3 of 3"),
    ("answers texts", "a.csv", text(TEXTS), "of 1 statements in up to 1 runs"),
    ("answers texts", "a.csv", text([*TEXTS, ["Cats may vote.", "M", "Agree.", "PDI"]]), "up to 2 runs"),
    ("answers texts", "a.xlsx", book(TEXTS), "2 of 2"),
    ("answers plain", "a.csv", text(ANSWERS), "2 of 2"),
    ("answers plain", "a.ods", book(ANSWERS, suffix="ods"), "2 of 2"),
    ("answers plain", "a.csv", text(insert(ANSWERS, 6, "state", ["answered"] * 2)), "2 of 2"),
    ("labels", "l.csv", text(LABELS), "2 labels of 2 statements"),
    ("labels", "l.ods", book(LABELS, suffix="ods"), "2 labels"),
    ("labels", "l.csv", text(put(LABELS, 1, 2, "+2")), "2 labels"),
    ("labels", "l.csv", text(put(LABELS, 2, 2, "−1")), "2 labels"),
    ("labels", "l.xlsx", book(put(LABELS, 1, 2, 2)), "2 labels"),
    ("labels", "l.csv", text([*LABELS, ["s7", "MAS", "1"]]), "does not keep these (s7)"),
    ("statements", "s.csv", text(STATEMENTS), "2 statements"),
    ("statements", "s.xlsx", book(put(STATEMENTS, 1, 2, 12)), "2 statements"),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 1, "Tax meat,\nand milk, too.")), "2 state"),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 1, "")), "1 statements without a text"),
    ("statements", "s.csv", text(CHINESE, encoding="gb18030"), "read as GB18030"),
    ("statements", "s.csv", text(WESTERN, encoding="cp1252"), "read as Windows-1252"),
    ("statements", "s.csv", text(CHINESE), "2 statements"),
    ("translations", "t.csv", text(TRANSLATIONS), "2 of 2 texts were new"),
    ("translations", "t.csv", text(TRANSLATIONS, encoding="gb18030"), "read as GB18030"),
    ("translations", "t.xlsx", book(TRANSLATIONS), "2 of 2 texts were new"),
    ("translations", "t.csv", text([*TRANSLATIONS, ["x9", "汽车"]]), "1 rows of no statement"),
    ("translations", "t.csv", text(put(TRANSLATIONS, 1, 1, "")), "1 rows without a text"),
    ("translations", "t.csv", text(TRANSLATIONS), "83 of 85 statements have no text in it"),
    ("translations", "t.csv", text(put(TRANSLATIONS, 1, 1, "Cats.")), "1 texts do not look right (demo-13.1"),
    ("answers own", "a.csv", text([*OWN, ["s1", "M", "no", "en", "3"]]), "1 answers of further runs will not"),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "maybe")), "3 of 3 stance votes will be missing"),
    ("answers own", "a.csv", text(OWN), "3 of 3 stance votes will be missing, since more than half of 2 r"),
]  # fmt: skip


def merged(rows, cells) -> bytes:
    """Write rows as a workbook in which some cells are merged."""
    made = openpyxl.load_workbook(io.BytesIO(book(rows)))
    made.active.merge_cells(cells)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


NO_VALUE = put(OWN, 1, 2, "=1+1")
# Refused: what the sentence names.
REFUSED = [
    # no table at all
    ("answers own", "a.csv", b"", "a.csv is empty"),
    ("answers own", "a.csv", b"\n \n", "a.csv is empty"),
    ("answers own", "a.csv", text(OWN[:1]), "holds no row"),
    ("answers own", "a.json", b"[]", "a.json is no table of a known kind"),
    ("answers own", "a.parquet", b"PAR1", "no table of a known kind"),
    ("answers own", "a", text(OWN), "no table of a known kind"),
    ("answers own", "missing.csv", None, "missing.csv cannot be read (No such file"),
    ("answers own", "a.xlsx", b"no workbook", "cannot be opened as a workbook"),
    ("answers own", "a.xlsx", b"PK\3\4 and no more", "cannot be opened as a workbook"),
    ("answers own", "a.xlsx", book(OWN)[:900], "cannot be opened as a workbook"),
    ("answers own", "a.ods", b"", "cannot be opened as a workbook"),
    ("answers own", "a.xls", b"\xd0\xcf\x11\xe0 cut", "cannot be opened as a workbook"),
    ("answers own", "a.csv", book(OWN), "is a workbook, not text"),
    ("answers own", "a.xlsx", text(OWN), "cannot be opened as a workbook"),
    ("answers own", "a.xlsx", book([]), "a.xlsx is empty"),
    ("answers own", "a.csv.gz", gzip.compress(text(OWN), mtime=0)[:30], "cut off or damaged"),
    ("answers own", "a.csv", text(OWN).replace(b"s1", b"s\x001"), "zero bytes"),
    ("answers own", "a.csv", b'[{"id": "s1", "who": "M"}]', "a.csv is JSON, not a table"),
    ("answers own", "a.csv", b'{\n  "id": ["s1"]}', "a.csv is JSON, not a table"),
    ("answers own", "a.tsv", b"<!DOCTYPE html><table><tr><td>id</table>", "a.tsv is HTML or XML"),
    ("answers own", "a.xls", b"<html><table></table></html>", "cannot be opened as a workbook"),
    ("answers own", "a.csv", b"My answers\n" + text(OWN), "the names of its columns stand in row 2"),
    ("answers own", "a.csv", b"My,,,,\n\n" + text(OWN, ";"), "names of its columns stand in row 3"),
    ("answers own", "a.xlsx", book([["Mine"], *OWN]), "names of its columns stand in sheet \"S0\""),
    ("answers own", "a.xlsx", book([["Mine"], [None], *OWN]), 'columns stand in sheet "S0", row 3;'),
    ("answers own", "a.xlsx", merged(OWN, "A2:A3"), "the cells A2:A3 are merged"),
    ("answers own", "a.xlsx", merged(OWN, "C3:D3"), "the cells C3:D3 are merged"),
    # encodings
    ("answers own", "a.csv", text(OWN, encoding="utf-16-le"), "zero bytes"),
    ("answers own", "a.csv", text(OWN, encoding="utf-16")[:-1], "is damaged UTF-16"),
    ("answers own", "a.csv", text(OWN) + b"\xff\xfe\xfd\n", "is not UTF-8 (line 5)"),
    ("statements", "s.csv", b"statement_id,text\nt1,M\xb5\xc4\n", "either GB18030 or Windows-1252"),
    ("statements", "s.csv", b"statement_id,text\nt1,\x81\x8d\x8f\n", "is not UTF-8 (line 2)"),
    ("statements", "s.csv", text(STATEMENTS) + "應當禁止汽車進入城市".encode("big5"), "is not UTF-8"),
    ("statements", "s.csv", text(STATEMENTS) + "Запретить автомобили".encode("cp1251"), "is not UTF-8 (line 4)"),
    ("statements", "s.csv", text(STATEMENTS) + "Запретить автомобили".encode("koi8-r"), "is not UTF-8 (line 4)"),
    ("statements", "s.csv", text(STATEMENTS) + "도심에서자동차를금지".encode("euc-kr"), "is not UTF-8 (line 4)"),
    ("statements", "s.csv", text(STATEMENTS) + "都市の車を禁止する".encode("euc-jp"), "is not UTF-8 (line 4)"),
    ("statements", "s.csv", text(STATEMENTS) + "都市の車を禁止する".encode("shift-jis"), "is not UTF-8 (line 4)"),
    ("statements", "s.csv", text(CHINESE, mark=b"\xef\xbb\xbf") + b"\xe6\x97", "damaged UTF-8"),
    ("statements", "s.csv", text(CHINESE).decode("latin-1").encode(), "was read as Windows-1252"),
    ("statements", "s.csv", text(put(STATEMENTS, 2, 1, "CafÃ©s")), 's.csv, row 3: "CafÃ©s", which was "Cafés"'),
    ("statements", "s.xlsx", book(put(STATEMENTS, 2, 1, "CafÃ©s")), 'row 3: "CafÃ©s", which was "Cafés"'),
    # shape
    ("statements", "s.csv", b"statement_id,text\nt1,Tax meat, now.\n", "s.csv, row 2, has 3 fields"),
    ("statements", "s.csv", b"statement_id,text,votes\nt1,Tax meat\n", "row 2, has 2 fields"),
    ("statements", "s.csv", b'statement_id,text\nt1,"Tax meat\nt2,Ban\n', "quotation mark"),
    ("statements", "s.csv", b'statement_id,text\nt1,"Tax" meat\n', "quotation mark"),
    ("statements", "s.csv", b'statement_id,text,votes\nt1,"A,1\nt2,B,2\nt3,C",3\n', "further rows"),
    ("answers own", "a.csv", text(put(OWN, 0, 1, "id")), 'two columns named "id"'),
    ("answers own", "a.csv", text(put(OWN, 0, 1, "id ")), 'two columns named "id"'),
    ("answers own", "a.csv", text(insert(OWN, 0, "", "012")), "pandas writes its index so"),
    ("answers own", "a.csv", text(insert(OWN, 0, "Unnamed: 0", "012")), "has values and no name"),
    ("answers own", "a.xlsx", book(insert(OWN, 0, None, [0, 1, 2])), "has values and no name"),
    ("answers own", "a.csv", b"id;who;says,lang,nr\n", "cannot be told from its head"),
    ("answers own", "a.xlsx", book(NO_VALUE), "cell C2 holds the formula =1+1 without its value"),
    ("answers own", "a.xlsx", book(put(OWN, 1, 2, "#N/A")), "cell C2 holds the error #N/A"),
    ("answers own", "a.xlsx", book([["notes"]], [["id", "who"]]), 'sheet "S1": id, who'),
    # columns
    ("answers own", "a.csv", text(put(OWN, 0, 2, "sayz")), 'Did you mean "sayz"'),
    ("answers own", "a.csv", text(put(OWN, 0, 3, "language")), 'no column "lang"'),
    ("answers texts", "a.csv", text(insert(TEXTS, 4, "run", "12")), 'a column "run", which the st'),
    ("answers texts", "a.csv", text(insert(TEXTS, 4, "Language", "ab")), 'a column "Language", wh'),
    ("answers texts", "a.csv", text(insert(TEXTS, 4, "state", "ab")), 'a column "state", which'),
    ("answers plain", "a.csv", text([r[:-1] for r in ANSWERS]), 'no column "respondents"'),
    ("labels", "l.csv", text([r[:2] for r in LABELS]), 'no column "polarity"'),
    ("statements", "s.csv", text([r[1:] for r in STATEMENTS]), 'no column "statement_id"'),
    ("translations", "t.csv", text(put(TRANSLATIONS, 0, 1, "zh")), 'no column "text"'),
    # ids
    ("answers own", "a.csv", text(put(OWN, 2, 0, "")), "a.csv, row 3: the statement_id"),
    ("answers own", "a.csv", text(put(OWN, 2, 0, " ")), "is empty"),
    ("answers own", "a.csv", text(put(OWN, 2, 0, "1.2E+14")), "looks like a number or date"),
    ("answers texts", "a.csv", text(put(TEXTS, 2, 0, "")), 'the statement (column "text") is empty'),
    ("labels", "l.csv", text(put(LABELS, 1, 0, "")), "l.csv, row 2: the statement_id is empty"),
    ("labels", "l.csv", text(put(LABELS, 1, 0, "2026-01-02")), "looks like a number or date"),
    ("labels", "l.xlsx", book(put(LABELS, 1, 0, 17.1)), "17.10 became 17.1"),
    ("labels", "l.xlsx", book(put(LABELS, 1, 0, 1e16)), "more than 15 digits"),
    ("labels", "l.ods", book(put(LABELS, 1, 0, 17.1), suffix="ods"), "17.10 became 17.1"),
    ("statements", "s.csv", text(put(STATEMENTS, 2, 0, "t1")), "row 3: t1 is listed twice"),
    ("statements", "s.csv", text(put(STATEMENTS, 2, 0, "t1 ")), "t1 is listed twice"),
    ("translations", "t.csv", text(put(TRANSLATIONS, 2, 0, "demo-13.1")), "stands twice in zh"),
    ("answers own", "a.csv", text([OWN[0], ["s8", *OWN[1][1:]]]), "names no statement that this"),
    ("labels", "l.csv", text([LABELS[0], ["x", "PDI", "1"]]), "names no statement that this study"),
    ("translations", "t.csv", text([TRANSLATIONS[0], ["x", "汽车"]]), "no zh text of any statement"),
    # values
    ("answers own", "a.csv", text(put(OWN, 1, 1, "Claude")), 'unknown model "Claude"'),
    ("answers own", "a.csv", text(put(OWN, 1, 3, "fr")), 'unknown language "fr"'),
    ("answers own", "a.csv", text(put(OWN, 1, 1, "")), 'the model (column "who") is empty'),
    ("answers own", "a.csv", text(put(OWN, 1, 4, "first")), 'row 2: the run "first" is not a whole'),
    ("answers own", "a.csv", text(put(OWN, 1, 4, "0")), 'the run "0" is not a whole number from 1'),
    ("answers own", "a.csv", text(put(OWN, 1, 4, "1.5")), 'the run "1.5" is not a whole number'),
    ("answers own", "a.csv", text(put(OWN, 1, 4, "")), "the run is empty"),
    ("answers own", "a.csv", text([*OWN, OWN[1]]), "is listed twice"),
    ("answers own", "a.csv", text([*OWN, [*OWN[1][:2], "no", *OWN[1][3:]]]), "is listed twice"),
    ("answers own", "a.csv", text([[*r[:2], "q", *r[3:]] if r != OWN[0] else r for r in OWN]),
     'no answer could be read; it has "q" 3 times'),
    ("answers texts", "a.csv", text([*TEXTS, TEXTS[1]]), "is the same in every column"),
    ("answers texts", "a.csv", text(put(TEXTS, 1, 3, "XYZ")), "XYZ"),
    ("answers plain", "a.csv", text(put(ANSWERS, 1, 0, "opinion")), 'unknown step "opinion"'),
    ("answers plain", "a.csv", text(put(ANSWERS, 1, 2, "PDI")), "a stance has none"),
    ("answers plain", "a.csv", text(put(ANSWERS, 2, 2, "")), 'the dimension ""'),
    ("answers plain", "a.csv", text(put(ANSWERS, 2, 2, "PDX")), 'the dimension "PDX"'),
    ("answers plain", "a.csv", text(put(ANSWERS, 1, 1, "")), "has no statement_id"),
    ("answers plain", "a.csv", text(put(ANSWERS, 1, 3, "Claude")), 'unknown model "Claude"'),
    ("answers plain", "a.csv", text(put(ANSWERS, 1, 4, "fr")), 'unknown language "fr"'),
    ("answers plain", "a.csv", text(put(ANSWERS, 1, 6, "maybe")), 'answered with "maybe"'),
    ("answers plain", "a.csv", text(put(ANSWERS, 2, 6, "0")), 'answered with "0"'),
    ("answers plain", "a.csv", text(put(ANSWERS, 1, 7, "human")), 'unknown respondents "human"'),
    ("answers plain", "a.csv", text(insert(ANSWERS, 6, "state", ["lost"] * 2)), 'state "lost"'),
    ("answers plain", "a.csv", text(insert(ANSWERS, 6, "state", ["refused"] * 2)), "refused with"),
    ("answers plain", "a.csv", text([*ANSWERS, ANSWERS[1]]), "is listed twice"),
    ("labels", "l.csv", text(put(LABELS, 1, 1, "PDX")), 'the dimension "PDX" is not one of'),
    ("labels", "l.csv", text(put(LABELS, 1, 1, "pdi")), 'LTO, IND; perhaps "PDI".'),
    ("labels", "l.csv", text(put(LABELS, 1, 2, "0")), 'the polarity "0" is not one of'),
    ("labels", "l.csv", text(put(LABELS, 1, 2, "1.5")), "is not a whole number"),
    ("labels", "l.csv", text(put(LABELS, 1, 2, "high")), 'the polarity "high"'),
    ("labels", "l.csv", text(put(LABELS, 1, 2, "")), "the polarity is empty"),
    ("labels", "l.csv", text([*LABELS, ["s1", "PDI", "1"]]), "s1 on PDI is labelled twice"),
    ("labels", "l.csv", text(insert(LABELS, 3, "respondents", "ab")), 'respondents "a" is not one'),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 2, "-3")), "is not a whole number from 0 on"),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 2, "2.5")), 'the votes "2.5" is not a whole'),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 2, "many")), 'the votes "many"'),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 2, "1e3")), 'the votes "1e3"'),
]  # fmt: skip


def hidden_rows(rows) -> bytes:
    """Write a workbook in which a filter hides the second row."""
    book_ = openpyxl.load_workbook(io.BytesIO(book(rows)))
    book_.active.row_dimensions[2].hidden = True
    out = io.BytesIO()
    book_.save(out)
    return out.getvalue()


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        parts.writestr("a.csv", content)
    return out.getvalue()


SIGNED = [["statement_id", "dimension", "polarity", "pole"]]
SIGNED += [[f"s{n}", d, "2", "negative"] for n in (1, 2) for d in ("PDI", "IDV", "MAS")]
EXCHANGED = [OWN[0], ["s1", "M", "不同意", "en", "1"], ["s1", "N", "agree", "zh", "1"]]
NAMED = [["", *OWN[0]], *([str(n), *row] for n, row in enumerate(OWN[1:], 1))]

# What somebody brought who had not seen the project.
TAKEN += [
    ("answers own", "a.csv", text(put(OWN, 1, 4, "１")), "3 of 3"),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "“Yes.”")), "3 of 3"),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "1.0")), "3 of 3"),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "不太同意")), "3 of 3"),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "Agree; No")), '"Agree; No" 1 times; say what'),
    ("answers own", "a.csv", text(put(OWN, 1, 2, "agree - no")), "2 of 3"),
    ("answers own", "a.csv", text(OWN), "no answer at all: M in zh, N in en"),
    ("answers own", "a.csv", text(OWN[:2]), "no answer at all: M in zh, N in en, N in zh"),
    ("answers own", "a.xlsx", hidden_rows(OWN), '1 hidden rows of the sheet "S0" were read'),
    ("labels", "l.csv", text(put(LABELS, 1, 2, "２")), "polarity -1 1 times, +2 1 times"),
    ("labels", "l.csv", text(SIGNED), "no label is negative: does its sign stand in another"),
    ("labels", "l.csv", text(insert(LABELS, 3, "relevance", ["yes"] * 2)), "2 labels"),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 2, "１２")), "2 statements"),
    ("statements", "s.csv", text(put(STATEMENTS, 2, 1, "Tax meat.")), "the same text: t1, t2"),
    ("statements", "s.csv", text(put(STATEMENTS, 2, 0, "T1")), "only in case or zeros: t1, T1"),
    ("statements", "s.csv", text(insert(STATEMENTS, 3, "language", ["en", "de"])),
     'not kept: "de" 1 times'),
    ("translations", "t.csv", text(put(TRANSLATIONS, 2, 1, TRANSLATIONS[1][1])),
     "the same text for several statements: demo-13.1, demo-14.1"),
]  # fmt: skip
REFUSED += [
    ("answers own", "a.csv", text(put(OWN, 1, 4, "²")), 'the run "²" is not a whole number'),
    ("answers own", "a.csv", text([[*r[:4], f"100{r[4]}"] if i else r for i, r in enumerate(OWN)]),
     "runs are numbered from 1 to 2, and these are 1001"),
    ("answers own", "a.csv", text(EXCHANGED), "are the languages exchanged"),
    ("answers own", "a.csv", zipped(text(OWN)), "is a zip archive: unpack it"),
    ("answers own", "a.csv", text(NAMED[1:] and [OWN[0], *NAMED[1:]]), "R: row.names = FALSE"),
    ("answers own", "a.csv", text([OWN[0], *[["s1", "M", "On balance I think " * 9, "en", "1"]]]),
     "these are whole replies"),
    ("labels", "l.csv", text(insert(LABELS, 3, "relevant", ["1", "0"])), 'says "0", and a label'),
    ("labels", "l.csv", text(put(LABELS, 1, 1, "Power Distance")), 'perhaps "PDI"'),
    ("labels", "l.csv", text(put(LABELS, 1, 1, "权力距离")), 'perhaps "PDI"'),
    ("labels", "l.csv", text(put(LABELS, 1, 1, "IVR")), 'perhaps "IND"'),
    ("labels", "l.csv", text(put(LABELS, 1, 1, "PDI/IDV")), "UAI, LTO, IND."),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 2, "12.000")), "is not a whole number"),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 2, "٣٠")), "is not a whole number"),
    ("statements", "s.csv", text([*STATEMENTS, ["Total", "", "12"]]), "the row of a total"),
    ("statements", "s.csv", text([*STATEMENTS, ["合计", "", "12"]]), "the row of a total"),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 0, "3-Jan")), "looks like a number or date"),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 0, "Jan-04")), "looks like a number or date"),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 0, "03. Jan")), "looks like a number or date"),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 0, "05.01.2026")), "number or date"),
    ("statements", "s.csv", text(put(STATEMENTS, 1, 1, "#NAME?")), 'text is the error "#NAME?"'),
    ("statements", "s.csv", text(put(STATEMENTS, 0, 0, "ID")), 'Is it "ID"?'),
    ("statements", "s.csv", text(STATEMENTS, separator="，"), "Full-width commas separate"),
    ("statements", "s.csv", text(insert(STATEMENTS, 3, "language", ["English"] * 2)),
     'statements whose language is "en", and this table has "English" 2 times'),
    ("translations", "t.csv", text(put(TRANSLATIONS, 1, 1, "????")), "has no letter in it"),
]  # fmt: skip


@pytest.fixture
def doors(elsewhere: Path) -> Path:
    """A root with the studies into which things are brought; s1 and s2 are known to two of them."""
    for name, study in STUDIES.items():
        (elsewhere / "studies" / f"{name}.yaml").write_text(study, encoding="utf-8")
        (elsewhere / "data/raw" / name).mkdir(parents=True)
        if name != "texts":
            (elsewhere / "data/raw" / name / "statements.csv").write_text(KNOWN, encoding="utf-8")
    made = paths.ROOT / "data/processed/demo"
    made.mkdir(parents=True)
    ids = [f"demo-{n}.1" for n in range(13, 98)]
    frame = pd.DataFrame({"statement_id": ids, "debate_id": "x", "text": "Cats.", "votes": 5})
    table_files.write(frame, made / "02_statements.csv")
    return elsewhere


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def bring(doors: Path, door: str, name: str, content: bytes | None) -> int:
    """Bring a file through the command, from a folder that is not the study's."""
    what, study, _ = DOORS[door]
    folder = doors.parent / f"{doors.name}-brought"
    folder.mkdir(exist_ok=True)
    if content is not None:
        (folder / name).write_bytes(content)
    return cli.main(["import", what, study, str(folder / name)])


def names_of(cases: list[tuple]) -> list[str]:
    """Return names that are the same in every process; the bytes of a workbook hold the time."""
    return [f"{i} {door} {name} {said}" for i, (door, name, _, said) in enumerate(cases)]


@pytest.mark.parametrize(("door", "name", "content", "said"), TAKEN, ids=names_of(TAKEN))
def test_taken(doors, capsys, door, name, content, said):
    assert bring(doors, door, name, content) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    assert said in printed and "wrote data/raw/" in printed or "texts were new" in printed
    assert said in printed


@pytest.mark.parametrize(("door", "name", "content", "said"), REFUSED, ids=names_of(REFUSED))
def test_refused(doors, capsys, door, name, content, said):
    before = snapshot(doors)
    assert bring(doors, door, name, content) == 1
    out, error = capsys.readouterr()
    assert said in error
    assert error.count("\n") == 1 and error.rstrip()[-1] in ".?" and not out
    assert "Traceback" not in error and str(doors) not in error and name in error.replace("_", "")
    assert snapshot(doors) == before


def test_the_examples_of_the_readme_run(doors, capsys):
    readme = (Path(__file__).parents[2] / "studies" / "README.md").read_text(encoding="utf-8")
    own = readme[readme.index("## Your own tables") :]
    study, *tables = re.findall(r"```(?:yaml|csv)\n(.*?)```", own, re.S)
    (doors / "studies" / "mine.yaml").write_text(study, encoding="utf-8")
    names = re.findall(r"alignment import (\w+) (\w+) (\S+)", own)[1:]
    assert [what for what, _, _ in names] == ["statements", "labels", "answers", "translations"]
    for (what, name, file), table in zip(names, tables, strict=True):
        (doors / file).write_text(table, encoding="utf-8")
        name = name.replace("NAME", "demo")
        assert cli.main(["import", what, name, str(doors / file)]) == 0, capsys.readouterr().err
        assert re.search(r"^3 (statements|labels|of 3)|: 3 of 3", capsys.readouterr().out, re.M)
    assert cli.main(["run", "--study", "mine", "--plan"]) == 0, "imported, so nothing is expected"
    assert "\n0 new calls, nothing to pay." in capsys.readouterr().out


@st.composite
def odd_files(draw) -> tuple[str, str, bytes]:
    """Return a door and a file for it: a right one with bytes or cells changed, or anything."""
    door = draw(st.sampled_from(list(DOORS)))
    rows = [list(row) for row in DOORS[door][2]]
    for _ in range(draw(st.integers(0, 3))):
        row = draw(st.integers(0, len(rows) - 1))
        column = draw(st.integers(0, len(rows[row]) - 1))
        odd = ['"', ",", ";", "\n", "\t", "", " ", "1e5", "=1", "\ufeff", "−2", "nan", "\x00", "猫"]
        rows[row][column] = draw(st.sampled_from(odd) | st.text(max_size=8))
    suffix = draw(st.sampled_from(["csv", "tsv", "csv.gz", "ods"]))
    if suffix == "ods":
        content = spreadsheet.open_document(rows)
    else:
        content = "\n".join(",".join(row) for row in rows).encode("utf-8", "replace")
        content = draw(st.sampled_from([content, content, b"\xff\xfe" + content, content[::-1]]))
    at, cut = draw(st.integers(0, len(content))), draw(st.integers(0, 3))
    content = content[:at] + draw(st.binary(max_size=3)) + content[at + cut :]
    if suffix == "csv.gz":
        content = gzip.compress(content)[: draw(st.integers(1, 10**6))]
    return door, f"odd.{suffix}", draw(st.just(content) | st.binary(max_size=200))


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(odd_files())
def test_nothing_that_comes_through_a_door_ends_in_a_traceback(doors, capsys, odd):
    door, name, content = odd
    raw = doors / "data" / "raw"
    before = snapshot(raw)
    code = bring(doors, door, name, content)
    _, error = capsys.readouterr()
    assert code == 0 or (snapshot(raw) == before and error.endswith((".\n", "?\n")))


def test_there_are_many():
    assert len({(d, n, c) for d, n, c, _ in TAKEN + REFUSED}) >= 120
