"""Run at the start of every kernel under test: notes the files it opens and the modules it loads.

A kernel runs what lies in the start-up folder of the project's own profile; `traced` puts it there.
After every notebook cell the notes are written to the file TRACES/<notebook's number>.json.
"""

import json
import os
import sys
from pathlib import Path

READ, WRITTEN = set(), set()


def traced(project: Path, traces: Path) -> dict[str, str]:
    """Return the environment in which a project's kernels leave their notes in a folder."""
    startup = project / ".cache" / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    traces.mkdir(parents=True)
    (startup / "00_trace.py").write_text(Path(__file__).read_text(encoding="utf-8"), "utf-8")
    return {"TRACES": str(traces)}


def _note_opened(event: str, arguments: tuple) -> None:
    if event == "open" and isinstance(arguments[0], str | os.PathLike):
        path, mode, flags = arguments
        is_write = (flags or 0) & (os.O_WRONLY | os.O_RDWR)
        (WRITTEN if is_write else READ).add(os.path.abspath(path))
    elif event == "os.rename":
        WRITTEN.add(os.path.abspath(arguments[1]))


def _note_parameters(workspace: type) -> None:
    """Have a workspace note that all of its parameters were looked at."""
    whole = workspace.parameters.fget

    def parameters(self):
        READ.add("parameters")
        return whole(self)

    workspace.parameters = property(parameters)


def _write_notes(*_) -> None:
    from alignment.study.workspace import VARIABLE

    number = json.loads(os.environ[VARIABLE])["notebook"]
    files = [m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)]
    notes = {"read": sorted(READ), "written": sorted(WRITTEN), "modules": sorted(files)}
    path = Path(os.environ["TRACES"]) / f"{number}.json"
    path.write_text(json.dumps(notes), encoding="utf-8")


if "get_ipython" in globals() and "TRACES" in os.environ:
    from alignment.study.workspace import Workspace

    _note_parameters(Workspace)
    sys.addaudithook(_note_opened)
    get_ipython().events.register("post_run_cell", _write_notes)  # noqa: F821
