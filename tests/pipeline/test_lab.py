"""JupyterLab as `./run_all.sh --lab` starts it: a double click opens a source as a notebook, and it writes beside the study."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from project import CODE, Project

CHANGE = """
async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready;
  const cell = panel.content.model.cells.get(1).sharedModel;
  cell.setSource(cell.getSource().replace("min_votes: int = 3", "min_votes: int = 5"));
  await panel.sessionContext.ready;
  await window.jupyterapp.commands.execute("notebook:run-all-cells");
}
"""


@pytest.fixture
def lab(tmp_path: Path):
    """A copy of the project with JupyterLab running in it: folder, address."""
    Project(tmp_path, (*CODE, "data/processed/demo"))
    (tmp_path / "data" / "raw" / "demo").mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = f"c.LabApp.expose_app_in_browser = True\nc.ServerApp.open_browser = False\nc.ServerApp.ip = '127.0.0.1'\nc.ServerApp.port = {port}\n"
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "jupyter_lab_config.py").write_text(config, encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("STUDY_", "JUPYTER"))}
    env = clean | {
        "PYTHONPATH": str(tmp_path / "src"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_TOKEN": "lab",
    }
    command = [sys.executable, "-m", "alignment.cli", "run", "--lab"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield tmp_path, f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def soon(found, seconds: float = 60):
    """What `found` returns once it is anything, or an error after so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if what := found():
                return what
        except OSError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"nothing after {seconds:.0f} seconds")


@pytest.mark.slow
def test_a_double_click_opens_a_source_as_a_notebook_whose_changed_parameter_writes_to_the_lab_folder(
    lab, browser
):
    folder, address = lab
    soon(lambda: urllib.request.urlopen(f"{address}/lab?token=lab", timeout=5).status == 200)
    source, written = (
        folder / "notebooks" / "02_filter_statements.py",
        folder / "data" / "processed" / "demo--lab" / "02_statements.csv",
    )
    before = source.read_bytes()
    with browser.new_context(viewport={"width": 1400, "height": 1000}) as context:
        page = context.new_page()
        page.goto(f"{address}/lab?token=lab")
        page.wait_for_function(
            "!!window.jupyterapp && document.querySelector('#jupyterlab-splash') === null"
        )
        page.locator(".jp-DirListing-item", has_text="02_filter").dblclick()
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
        assert not page.locator(".jp-FileEditor").count()
        page.evaluate(CHANGE)
        soon(written.exists)
    assert (
        len(written.read_text(encoding="utf-8").splitlines()) == 75
    )  # 74 statements have five votes
    assert source.read_bytes() == before
