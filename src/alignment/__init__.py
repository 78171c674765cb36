"""Everything but the thin core: debates, asking, figures, releases, and the notebooks' runner.

`utils` lies beside this package. It is looked for here first, so that another package of that name,
in PYTHONPATH or in the folder where a command is typed, is never taken for it.
"""

import sys
from pathlib import Path

_SOURCES = str(Path(__file__).resolve().parents[1])
if sys.path[0] != _SOURCES:
    sys.path.insert(0, _SOURCES)
