"""Text with separators as people save it: its encoding and its records, or a sentence why not.

Commas, semicolons, tabs or bars; UTF-8, UTF-16, GB18030 or Windows-1252, each only where it can be
nothing else.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator

from utils.errors import Problem

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MARKED = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# About half of the characters of any Chinese text.
FREQUENT = frozenset(
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去"
    "行过家十用发天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从应更比让"
    "实现社民理体本问关点正开因由动政府权利该禁止使老教育工业文化高平等全部应该支持反对允许每必须"
)
csv.field_size_limit(2**27)


def decode(name: str, content: bytes, notes: list[str]) -> str:
    """Return a file's text: by its mark, as UTF-8, or in the one encoding that it can be in."""
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise Problem(f"{name} is cut off or damaged: gzip cannot unpack it.") from None
    if content[:2] == b"PK" and b"[Content_Types]" not in content and b"mimetype" not in content:
        raise Problem(f"{name} is a zip archive: unpack it, and give the table that is in it.")
    if content[:2] == b"PK" or content[:4] == b"\xd0\xcf\x11\xe0":
        raise Problem(f"{name} is a workbook, not text: give it the ending .xlsx, .ods or .xls.")
    mend = "save it as UTF-8 (in Excel: CSV UTF-8)."
    if mark := next((mark for mark in MARKED if content.startswith(mark)), None):
        try:
            return content.decode(MARKED[mark])
        except UnicodeDecodeError:
            raise Problem(f"{name} is damaged {MARKED[mark].upper()[:6]}; {mend}") from None
    try:
        text, code = content.decode(), ""
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        if b"\0" in content[:1000]:
            raise Problem(f"{name} is not UTF-8 (line {line}); {mend}") from None
        text, code = _guess(name, content, f"is not UTF-8 (line {line})", mend)
    if "\0" in text:
        raise Problem(f"{name} holds zero bytes, as UTF-16 without its mark does; {mend}")
    if code:
        first = next(line for line in text.splitlines() if not line.isascii())
        notes.append(f'not UTF-8: read as {code}, as in "{first.strip()[:60]}"')
    return text


def _guess(name: str, content: bytes, what: str, mend: str) -> tuple[str, str]:
    """Return the text of a file that is GB18030 or Windows-1252, and which; Problem if in doubt."""
    chinese, western = _is_chinese(content), _is_western(content)
    if chinese and not western:
        return content.decode("gb18030"), "GB18030"
    if western and not chinese:
        return content.decode("cp1252"), "Windows-1252"
    how = "may be either GB18030 or Windows-1252" if chinese else "is in no encoding known here"
    raise Problem(f"{name} {what} and {how}; {mend}")


def _is_chinese(content: bytes) -> bool:
    """Return whether what is beyond ASCII reads as Chinese, a good part of it common characters.

    Russian, Korean or Japanese in an encoding of their own read as rare characters in a row.
    """
    try:
        beyond = [c for c in content.decode("gb18030") if not c.isascii()]
    except UnicodeDecodeError:
        return False
    known = sum(len(c.encode("gb2312", "ignore")) == 2 for c in beyond)
    characters = [c for c in beyond if "\u4e00" <= c <= "\u9fff"]
    frequent = sum(c in FREQUENT for c in characters)
    return known >= 0.95 * len(beyond) and frequent >= 0.2 * max(len(characters), 1)


def _is_western(content: bytes) -> bool:
    """Return whether what is beyond ASCII stands singly or in twos in words of ASCII letters."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return False
    words = re.findall(r"[^\W\d_]+", text)
    return not re.search(r"[^\x00-\x7f]{3}|[¤¦¨¬¯¸¶¹²³º]", text) and all(
        re.search("[A-Za-z]", word) or len(word) == 1 for word in words
    )


def parse(name: str, text: str, notes: list[str]) -> list[tuple[int, list[str]]]:
    """Return the records of a text, each with the number of its row; the first is the head."""
    lines = text.splitlines()
    if not any(line.strip() for line in lines):
        raise Problem(f"{name} is empty.")
    if lines[0].casefold().startswith("sep="):  # Excel's own first line
        text = text.split("\n", 1)[1]
    parsed = {}
    for separator in SEPARATORS:
        try:
            parsed[separator] = list(_records(name, text, separator))
        except Problem as problem:
            parsed[separator] = problem
    widths = {}
    for separator, records in parsed.items():
        head = records[0][1] if not isinstance(records, Problem) else lines[0].split(separator)
        widths[separator] = len(head)
    separator = max(widths, key=widths.get)
    if isinstance(parsed[separator], Problem):
        raise parsed[separator]
    rivals = [s for s in widths if s != separator and widths[s] == widths[separator] > 1]
    if rivals:
        both = f"{SEPARATORS[separator]} or {SEPARATORS[rivals[0]]}"
        raise Problem(f"{name}: whether {both} separate its columns cannot be told from its head.")
    if separator != ",":
        notes.append(f"separated by {SEPARATORS[separator]}")
    _check_shape(name, parsed[separator], separator)
    return parsed[separator]


def _records(name: str, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row = 1
    try:
        for record in reader:
            if record:
                yield row, record
            row = reader.line_num + 1
    except csv.Error as error:
        mend = 'a text that holds a quotation mark is written "like ""this""".'
        raise Problem(
            f"{name}, row {row}: a quotation mark is not closed, or stands in the middle of a "
            f"quoted text ({error}); {mend}"
        ) from None


def _check_shape(name: str, records: list[tuple[int, list[str]]], separator: str) -> None:
    """Raise a Problem for a row that is longer or shorter than the head."""
    width = len(records[0][1])
    for row, record in records[1:]:
        if any(field.strip() for field in record[width:]) or (
            len(record) < width and any(field.strip() for field in record)
        ):
            why = f"a text that holds {SEPARATORS[separator]} must stand in quotation marks"
            longer = [len(r) for _, r in records[1:]]
            if longer and set(longer) == {width + 1}:
                why = "names of rows, in every row, need a name in the head (R: row.names = FALSE)"
            has = f"{len(record)} fields, and the head of the table {width}"
            raise Problem(f"{name}, row {row}, has {has}; {why}.")
        for field in record:
            lines = field.splitlines()[1:]
            if width > 2 and any(len(line.split(separator)) >= width for line in lines):
                why = "is a quotation mark not closed?"
                raise Problem(f"{name}, row {row}, holds what looks like further rows; {why}")
