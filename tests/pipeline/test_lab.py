"""JupyterLab as `./run_all.sh --lab` starts it: it opens sources as notebooks, which write apart."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from project import Project

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
    project = Project.new(tmp_path / "a project", "data/processed/demo")
    folder, config = project.folder, tmp_path / "config"
    (folder / "data" / "raw" / "demo").mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config.mkdir()
    settings = {
        "LabApp.expose_app_in_browser": True,
        "ServerApp.open_browser": False,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
    }
    lines = [f"c.{name} = {value!r}\n" for name, value in settings.items()]
    (config / "jupyter_lab_config.py").write_text("".join(lines), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "alignment.cli", "run", "--lab"],
        cwd=folder,
        env=project.environment(JUPYTER_CONFIG_DIR=str(config), JUPYTER_TOKEN="lab"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield folder, f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Return once the condition holds; AssertionError after so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"nothing after {seconds:.0f} seconds")


@pytest.mark.slow
def test_a_double_click_opens_a_source_as_a_notebook_that_writes_to_the_lab_folder(lab, browser):
    folder, address = lab
    wait_for(lambda: urllib.request.urlopen(f"{address}/lab?token=lab", timeout=5).status == 200)
    source = folder / "notebooks" / "02_filter_statements.py"
    written = folder / "data" / "processed" / "demo--lab" / "02_statements.csv"
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
        wait_for(written.exists)
    lines = written.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 74  # statements with five votes
    assert source.read_bytes() == before
