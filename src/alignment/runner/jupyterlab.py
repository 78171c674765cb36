"""JupyterLab on the notebooks' sources."""

import json
import os
import sys
from typing import NoReturn

from alignment.study.files import write_whole
from alignment.study.paths import NOTEBOOKS, ROOT

# Nothing is saved of itself: a changed parameter that stays in a source would be the new default
# of every page.
DOCUMENTS = {"defaultViewers": {"python": "Jupytext Notebook"}, "autosave": False}
LAB_SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": DOCUMENTS,
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
}


def open_lab() -> NoReturn:
    """Open JupyterLab on the notebooks' sources; a double click opens one as a notebook."""
    settings = ROOT / ".cache" / "lab"
    write_whole(settings / "overrides.json", json.dumps(LAB_SETTINGS))
    command = [sys.executable, "-m", "jupyterlab", str(NOTEBOOKS)]
    command.append(f"--LabApp.app_settings_dir={settings}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container one is root, and it would only say no
    os.execv(command[0], command)  # in this one's place: who stops one has stopped the other
