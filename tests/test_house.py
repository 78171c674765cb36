"""The house keeps its order: each import is in its layer, and the thin package is thin."""

import subprocess
import sys
from pathlib import Path

from alignment.study.paths import ROOT

THIN = 1700  # lines of src/utils, at most 100 columns wide


def test_no_module_imports_against_the_order():
    """The contracts stand in pyproject.toml; imports inside functions count, too."""
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_the_thin_package_is_thin():
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "src" / "utils").glob("*.py")]
    lines = [line for text in texts for line in text.splitlines()]
    assert len(lines) <= THIN and not [line for line in lines if len(line) > 100]


def test_a_command_line_stands_nowhere_but_in_one_module():
    modules = (ROOT / "src").rglob("*.py")
    parsers = [path.name for path in modules if "argparse.ArgumentParser(" in path.read_text()]
    assert parsers == ["cli.py"]
