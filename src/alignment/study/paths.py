"""Where things lie; every path of the project starts here."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STUDIES = ROOT / "studies"
NOTEBOOKS = ROOT / "notebooks"
RENDERED = NOTEBOOKS / "rendered"
REFERENCE = ROOT / "data" / "reference"
RAW = ROOT / "data" / "raw"
PROCESSED = ROOT / "data" / "processed"
FIGURES = ROOT / "figures"


def shown(path: Path) -> str:
    """A path as a page may print it: relative to the project, never of this machine."""
    path = Path(path).resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
