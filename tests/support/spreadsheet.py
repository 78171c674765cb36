"""A real spreadsheet program, LibreOffice without a window, that types answers into sheets."""

import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZipFile

office = shutil.which("soffice") or shutil.which("libreoffice")
TYPIST = """
import json, sys, time, uno
from com.sun.star.beans import PropertyValue
pipe, relevant, *sheets = sys.argv[1:]
resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
for attempt in range(600):
    try:
        context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        break
    except Exception:
        time.sleep(0.1)
desktop = context.ServiceManager.createInstance("com.sun.star.frame.Desktop")
hidden = PropertyValue()
hidden.Name, hidden.Value = "Hidden", True
seen = []
for polarity, url in (s.split(" ", 1) for s in sheets):
    book = desktop.loadComponentFromURL(url, "_blank", 0, (hidden,))
    sheet = book.Sheets.getByIndex(0)
    row = int(relevant)
    cell = lambda column: sheet.getCellByPosition(column, row)
    locked = [cell(c).CellProtection.IsLocked for c in range(9)]
    lists = [cell(c).Validation.getFormula1() for c in (4, 5)]
    shown = [sheet.Columns.getByIndex(c).IsVisible for c in range(9)]
    seen.append([sheet.isProtected(), locked, lists, shown, cell(0).Type.value])
    while cell(6).String:
        cell(4).setFormula("yes")
        cell(5).setFormula(polarity)
        row += 1
    book.store()
    book.close(True)
print(json.dumps(seen))
try:
    desktop.terminate()
except Exception:
    pass
"""


def python_with_uno() -> str | None:
    """The Python that speaks to the program: its own, or the system's."""
    if not office:
        return None
    own = shutil.which("python", path=str(Path(office).resolve().parent))
    known = [p for p in (own, shutil.which("python3", path=os.defpath)) if p]
    return next(
        (
            p
            for p in known
            if not subprocess.run([p, "-c", "import uno"], capture_output=True).returncode
        ),
        None,
    )


typist = python_with_uno()
MISSING = "LibreOffice with its Python is not installed: no sheet was opened in a real program"


def typed(folder: Path, head: int, polarities: dict[Path, str]) -> list:
    """Say yes and one polarity to every pair of each sheet; return what the program saw of each."""
    sheets = [f"{polarity} {path.as_uri()}" for path, polarity in polarities.items()]
    pipe, profile = (
        f"ratings{os.getpid()}",
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
    )
    command = [office, profile, "--headless", "--norestore", f"--accept=pipe,name={pipe};urp"]
    program = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        command = [typist, "-c", TYPIST, pipe, str(head), *sheets]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        program.wait(timeout=20)
    finally:
        program.kill()
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


MANIFEST = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'


def open_document(*sheets) -> bytes:
    """Write sheets of rows as an open document, as LibreOffice does."""
    tables = ""
    for i, rows in enumerate(sheets):
        lines = ""
        for row in rows:
            cells = ""
            for cell in row:
                kind = 'office:value-type="string"'
                if isinstance(cell, float):
                    kind = f'office:value-type="float" office:value="{cell}"'
                said = escape(str(cell))
                cells += f"<table:table-cell {kind}><text:p>{said}</text:p></table:table-cell>"
            lines += f"<table:table-row>{cells}</table:table-row>"
        tables += f'<table:table table:name="S{i}">{lines}</table:table>'
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    kind, out = "application/vnd.oasis.opendocument.spreadsheet", io.BytesIO()
    with ZipFile(out, "w") as parts:
        parts.writestr("mimetype", kind)
        parts.writestr("META-INF/manifest.xml", f"<manifest:manifest {MANIFEST}/>")
        parts.writestr(
            "content.xml", f"<office:document-content {names}>{body}</office:document-content>"
        )
    return out.getvalue()
