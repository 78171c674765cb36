"""What a person sees in the terminal: the bar while replies arrive, the plan, JupyterLab."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pandas as pd
import psutil

from alignment.asking import collection
from alignment.runner import preview
from alignment.study import table_files
from alignment.study.files import write_whole
from alignment.study.paths import NOTEBOOKS, ROOT
from alignment.study.progress import Bar
from alignment.study.workspace import Workspace
from utils.errors import Problem

LAB_SETTINGS = {
    # Nothing is saved of itself: a changed parameter that stays in a source would be the new default of every page.
    "@jupyterlab/docmanager-extension:plugin": {
        "defaultViewers": {"python": "Jupytext Notebook"},
        "autosave": False,
    },
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
}


@contextmanager
def progress(workspace: Workspace, name: str) -> Iterator[Workspace]:
    """Draw a bar from what the notebook's kernel tells about the replies that it collects."""
    with tempfile.TemporaryDirectory() as folder:
        file, done = Path(folder) / "progress.json", threading.Event()
        watcher = threading.Thread(target=_watch, args=(file, done, name), daemon=True)
        watcher.start()
        try:
            yield replace(workspace, progress=str(file))
        finally:
            done.set()
            watcher.join()


@contextmanager
def interruptible() -> Iterator[None]:
    """Pass Ctrl-C on to the notebook, which finishes what is in flight; a second one stops at once."""

    def gently(*_) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print(
            "\nStopping when what is in flight has arrived (Ctrl-C again stops at once) ...",
            file=sys.stderr,
            flush=True,
        )
        for child in psutil.Process().children():
            if any("ipykernel" in part for part in child.cmdline()):
                child.send_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, gently)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _watch(file: Path, done: threading.Event, name: str) -> None:
    bar, last = None, False
    while not last:
        last = done.wait(0.3)
        if file.exists():
            state = json.loads(file.read_text(encoding="utf-8"))
            bar = bar or Bar(state, name, in_log=not sys.stderr.isatty())
            bar.draw(state)
    if bar is not None:
        bar.close()


def unfinished(workspace: Workspace, source: Path) -> bool:
    """Whether cells of this notebook failed or were not asked: such a page is made again next time."""
    path = workspace.processed / f"{source.name[:2]}_accounting.csv"
    if not path.exists():
        return False
    counts = table_files.read(path)
    return bool(counts[["failed", "not asked"]].to_numpy().sum())


def plan(workspace: Workspace, frame: pd.DataFrame) -> str:
    """A plan of calls with tokens and cost, as text."""
    return f"{_table(frame)}\n\n{preview.sentence(frame)}{preview.left(workspace)}"


def pilot(workspace: Workspace, values: dict, n: int) -> None:
    """Ask a few real cells, so that the plan goes by real tokens; a live study needs its cap and keys for it."""
    if n < 1:
        raise Problem(f"--pilot takes a number of cells from 1 on, not {n}.")
    if workspace.recorded or workspace.study.respondents == "imported":
        raise Problem(
            "A pilot asks models, and nothing is asked with --recorded or in a study of imported answers: leave out --pilot."
        )
    base = workspace.base
    if not (base.processed / "03_translations.csv").exists():
        raise Problem(
            "A pilot asks real statements: run the first notebooks before it (--until 03)."
        )
    if workspace.study.respondents == "live":
        allow(workspace, preview.planned(workspace, values))
    collection.ask_pilot(base, n)


def _table(frame: pd.DataFrame) -> str:
    steps = frame.groupby("step", sort=False)[
        ["calls", "new", "input_tokens", "output_tokens", "usd_low", "usd_high"]
    ].sum()
    total = frame[steps.columns].sum()
    lines = [
        f"{'step':<10} {'model':<14} {'language':<8} {'calls':>9} {'new':>9} {'about US$':>15}"
    ]
    for row in frame.itertuples(index=False):
        lines.append(_line(row.step, row.model, row.language, row))
    lines += [_line(step, "all", "", row) for step, row in steps.iterrows()]
    lines.append(_line("total", "", "", total))
    return "\n".join(lines)


def _line(step: str, model: str, language: str, row) -> str:
    money = f"{row.usd_low:,.2f} to {row.usd_high:,.2f}" if row.usd_high else "0"
    return (
        f"{step:<10} {model:<14} {language:<8} {int(row.calls):>9,} {int(row.new):>9,} {money:>15}"
    )


def allow(workspace: Workspace, frame: pd.DataFrame) -> None:
    """Refuse to ask live models without a cap, and then without their keys where a call may be new.

    The cap is demanded even when nothing seems to be missing: a reply that cannot be read may be asked for again.
    """
    if workspace.study.cap is None:
        raise Problem(
            f"{_table(frame)}\n\nNothing was asked: a live study needs a cap. Give one in the study file or with --cap USD."
        )
    if frame["new"].any() or not frame["sure"].all():
        _with_keys(workspace, sorted({workspace.study.models[m].endpoint for m in frame["model"]}))


def _with_keys(workspace: Workspace, endpoints: list[str]) -> None:
    """Refuse to begin while a key is missing; all of them are told at once."""
    from alignment.asking.endpoint import read_key  # the client takes a second to import

    problems = []
    for endpoint in endpoints:
        try:
            read_key(workspace.study, endpoint)
        except Problem as problem:
            problems.append(str(problem))
    if problems:
        raise Problem("\n".join(problems))


def site(study: str) -> int:
    """Build the site of a study from its pages."""
    return subprocess.run(
        [sys.executable, str(ROOT / "site" / "build.py"), study], check=False
    ).returncode


def lab() -> NoReturn:
    """Open JupyterLab on the notebooks' sources; a double click opens one as a notebook."""
    settings = ROOT / ".cache" / "lab"
    write_whole(settings / "overrides.json", json.dumps(LAB_SETTINGS))
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        str(NOTEBOOKS),
        f"--LabApp.app_settings_dir={settings}",
    ]
    if (
        getattr(os, "geteuid", lambda: 1)() == 0
    ):  # in a container one is root, and JupyterLab would only say no
        command.append("--allow-root")
    os.execv(
        command[0], command
    )  # in this one's place, so that who stops one has stopped the other
