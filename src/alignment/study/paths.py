"""The folders that all studies share; a workspace knows those of one study."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = ROOT / "notebooks"
REFERENCE = ROOT / "data" / "reference"
ASKING = {"relevance": "04", "polarity": "05", "stance": "07"}  # the notebook that asks each step
WORDINGS = "07_wordings.csv.gz"  # the answers to the other wordings of the stance question


def shown(path: Path, root: Path | None = None) -> str:
    """Return a path as a page may print it: relative to the project, never of this machine."""
    path, root = Path(path).resolve(), (root or ROOT).resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
