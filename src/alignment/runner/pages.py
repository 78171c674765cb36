"""One notebook: run by papermill, cleaned of what changes from run to run, sealed, put in place."""

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from alignment.runner.parameters import sources
from alignment.study.files import write_whole
from alignment.study.paths import NOTEBOOKS, ROOT
from utils.errors import Problem

# Set for the kernels, so that the same inputs give the same bytes, without warnings on pages.
STEADY = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": "0", "TZ": "UTC"}
STEADY |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
STEADY |= {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "JUPYTER_PLATFORM_DIRS": "1"}
# Nobody's own profile: what it loads, or draws otherwise, would stand on the pages.
STEADY |= {"IPYTHONDIR": str(ROOT / ".cache" / "ipython")}
STEADY |= {"MPLCONFIGDIR": str(ROOT / ".cache" / "matplotlib")}
ENGINE = "study"
OPTIONS = {"engine_name": ENGINE, "kernel_name": "python3", "progress_bar": False}
CLIENT = {"log_output": False, "store_widget_state": False, "coalesce_streams": True}
CLIENT |= {"extra_arguments": ["--log-level=CRITICAL"]}  # no warnings of a kernel's own transport
ADDRESS = re.compile(r" at 0x[0-9a-f]+>")
NUMBERED = re.compile(r"(?<![\[`])\b[Nn]otebooks?\s\d\d(?:(?:,| and| to| or)\s\d\d)*\b")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Failed(Problem):
    """A notebook stopped: which cell, and why."""


def run(
    source: Path, page: Path, parameters: dict, environment: dict, made_from: Callable[[], str]
) -> None:
    """Run a notebook and put its sealed page in place; a failing one leaves the old page.

    `environment`: variables for its kernel beside this process's own. `made_from` gives the digest
    of the inputs; it is asked after the run, which may have collected some of them.
    """
    papermill = _papermill()
    import jupytext
    import nbclient.exceptions

    page.parent.mkdir(parents=True, exist_ok=True)
    draft = page.with_name(f".{page.stem}.part.ipynb")
    notebook = jupytext.read(source)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
    try:
        jupytext.write(notebook, draft, fmt="ipynb")
        papermill.execute_notebook(draft, draft, parameters, environment=environment, **OPTIONS)
        made = clean(json.loads(draft.read_text(encoding="utf-8")))
        put(sealed(link_notebooks(made) if is_numbered(page) else made, made_from()), page)
    except papermill.exceptions.PapermillExecutionError as error:
        if error.ename == "KeyboardInterrupt":
            raise KeyboardInterrupt from None
        raise Failed(_describe(error)) from None
    except nbclient.exceptions.DeadKernelError:
        raise Failed("its kernel died: was it stopped, or did the memory run out?") from None
    finally:
        draft.unlink(missing_ok=True)


@cache
def _papermill():
    """Return papermill with an engine of ours: each kernel has its own variables and folder.

    Papermill itself gives all kernels the variables and the folder of this process, so that no
    two could run at the same time.
    """
    # The parser of internationalised addresses takes a second to compile, and nothing asks for it.
    sys.modules.setdefault("rfc3987_syntax", None)
    import papermill
    import papermill.exceptions
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine, papermill_engines

    class Engine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name, environment=None, **_):
            client = PapermillNotebookClient(nb_man, kernel_name=kernel_name, **CLIENT)
            return client.execute(env=os.environ | environment, cwd=str(NOTEBOOKS))

    papermill_engines.register(ENGINE, Engine)
    return papermill


def put(notebook: dict, page: Path) -> None:
    """Write a page whole or not at all."""
    write_whole(page, json.dumps(notebook, ensure_ascii=False, indent=1) + "\n")


def _describe(error) -> str:
    """Name the failing cell and its error; a Problem is already a sentence."""
    first = next((line for line in error.source.splitlines() if line.strip()), "")
    message = error.evalue
    if error.ename != "Problem":
        message = "\n".join([f"{error.ename}: {error.evalue}", *error.traceback])
    return f"{ANSI.sub('', message)}\n(in the cell that begins: {first})"


def clean(notebook: dict) -> dict:
    """Return a page without times, paths and ids of one machine."""
    for number, cell in enumerate(notebook["cells"]):
        tags = cell["metadata"].get("tags", [])
        kept = [tag for tag in tags if tag in ("parameters", "injected-parameters")]
        cell["metadata"] = {"tags": kept} if tags else {}
        cell["id"] = f"cell-{number:02d}"
        if cell["cell_type"] == "code":
            cell["outputs"] = [_still(output) for output in cell["outputs"]]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook["metadata"] = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return notebook


def is_numbered(page: Path) -> bool:
    """Return whether a page stands among those of all notebooks, to which it may lead."""
    return page.stem in page_names().values()


def link_notebooks(notebook: dict) -> dict:
    """Return a page on which what it says of other notebooks leads to their pages."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = linked("".join(cell["source"]))
        for output in cell.get("outputs", []):
            if said := output.get("data", {}).get("text/markdown"):
                output["data"]["text/markdown"] = linked("".join(said))
    return notebook


def linked(text: str) -> str:
    """Return a text in Markdown in which "notebook 13" leads to the page of that notebook.

    >>> linked("see notebook 13")
    'see [notebook 13](13_ledger_and_recovery.ipynb)'
    >>> linked("`notebook 13` and [notebook 13](elsewhere)")  # stay as they are
    '`notebook 13` and [notebook 13](elsewhere)'
    """

    def link(found: re.Match) -> str:
        several = found[0].split(maxsplit=1)[0].endswith("s")
        number = r"\d\d" if several else r".+"
        return re.sub(number, _link, found[0], flags=re.S)

    return NUMBERED.sub(link, text)


def _link(found: re.Match) -> str:
    page = page_names().get(found[0][-2:])
    return f"[{found[0]}]({page}.ipynb)" if page else found[0]


@cache
def page_names() -> dict[str, str]:
    """Return the names of the notebooks by their numbers."""
    return {source.stem[:2]: source.stem for source in sources()}


def _still(output: dict) -> dict:
    """Return an output without addresses in memory, and with a picture's metadata alone."""
    if plain := output.get("data", {}).get("text/plain", []):
        output["data"]["text/plain"] = [ADDRESS.sub(">", line) for line in plain]
    if "metadata" in output:
        pictures = {k: v for k, v in output["metadata"].items() if k.startswith("image/")}
        output["metadata"] = pictures
    return output


def sealed(notebook: dict, made_from: str) -> dict:
    """Return a page with its seal: what it was made from, and a digest of what stands on it."""
    page = digest(json.dumps(notebook["cells"], sort_keys=True))
    notebook["metadata"]["seal"] = {"made_from": made_from, "page": page}
    return notebook


def digest(*parts: bytes | str) -> str:
    """Return a hash of several parts, joined without ambiguity."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()
