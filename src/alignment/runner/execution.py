"""Run the notebooks of a study: fresh pages stay, and the others are made.

A notebook begins when those are done whose tables it reads. As many run at once as there are
processors; what the output says stands in the order of the numbers all the same.
"""

import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil

from alignment.runner import freshness, notebooks, pages, parameters
from alignment.study import table_files
from alignment.study.workspace import Workspace, pack

KERNELS = os.cpu_count() or 1
USUAL_SECONDS = {"14": 12.0}  # until it is known how long each takes on this machine
ANSWERS_DONE = "07"  # the last notebook that asks
LOOK = 0.3  # seconds between two looks at how far asking has come


class Execution:
    """One execution of the notebooks: which wait, which run, and what is to be said of each."""

    def __init__(self, workspace: Workspace, sources: list[Path], force: bool = False) -> None:
        self.workspace, self.force = workspace, force
        self.waiting, self.unsaid = list(sources), list(sources)
        self.running: dict[Future, Path] = {}
        self.lines: dict[Path, str] = {}  # of the notebooks that are done
        self.failures: dict[Path, str] = {}
        self.counts: Counter[str] = Counter(made=0, borrowed=0, fresh=0)
        self.is_stopping = False
        self.bars: dict[Path, object] = {}

    def run(self) -> Counter[str]:
        """Make what is not fresh; return how many pages were made, borrowed and fresh.

        The first failing one stops the rest: nothing more begins, and what runs ends first.
        """
        ranks = _ranks(self.waiting, freshness.seconds_of(self.workspace))
        with (
            tempfile.TemporaryDirectory() as folder,
            ThreadPoolExecutor(KERNELS) as pool,
            self._interruptible(),
        ):
            while self._begin(pool, Path(folder), ranks) or self.running:
                done, _ = wait(self.running, LOOK, FIRST_COMPLETED)
                self._draw_bars(Path(folder))
                for future in done:
                    self._end(self.running.pop(future), future)
        if self.is_stopping:
            raise KeyboardInterrupt
        if self.failures:
            raise pages.Failed(self._failure())
        return self.counts

    def _begin(self, pool: ThreadPoolExecutor, folder: Path, ranks: dict[Path, float]) -> bool:
        """Begin what waits for nothing, as far as there are processors; say if anything moved."""
        if self.is_stopping or self.failures:
            return False
        moved, undone = False, [*self.waiting, *self.running.values()]
        ready = [s for s in self.waiting if not notebooks.dependencies(s, undone)]
        for source in sorted(ready, key=ranks.get, reverse=True):
            if len(self.running) == KERNELS:
                break
            self.waiting.remove(source)
            if not self.force and (kind := self._spare(source)):
                self._close(source, kind)
            else:
                future = pool.submit(self._make, source, folder / source.stem)
                self.running[future] = source
            moved = True
        return moved

    def _spare(self, source: Path) -> str:
        """Return "fresh" or "borrowed" for a page that need not be made, else nothing."""
        made_from = freshness.digest_inputs(self.workspace, source)
        if freshness.is_fresh(self.workspace, source, made_from):
            return "fresh"
        return "borrowed" if freshness.borrow(self.workspace, source, made_from) else ""

    def _make(self, source: Path, progress: Path) -> float:
        """Run one notebook, in a thread of its own; return the seconds that it took."""
        workspace, began, clock = self.workspace, time.time(), time.monotonic()
        own = replace(workspace, notebook=source.name[:2], progress=str(progress))
        page, given = freshness.page_of(workspace, source), parameters.given_to(workspace, source)
        made_from = partial(freshness.digest_inputs, workspace, source)
        pages.run(source, page, given, pack(own), made_from)
        freshness.forget_leftovers(workspace, source, began)
        if source.name.startswith(ANSWERS_DONE):
            from alignment.asking import answers

            answers.publish_answers(workspace)
        return time.monotonic() - clock

    def _end(self, source: Path, future: Future) -> None:
        """Note what became of a notebook that ran."""
        if source in self.bars:
            self.bars.pop(source).close()
        try:
            seconds = future.result()
        except KeyboardInterrupt:
            self.is_stopping = True
            return
        except pages.Failed as failed:
            self.failures[source] = str(failed)
            if self.running and not self.is_stopping:
                others = _names(self.running.values())
                print(f"{source.stem} stopped; waiting for {others} to end ...", file=sys.stderr)
            return
        if not _is_unfinished(self.workspace, source):
            made_from = freshness.digest_inputs(self.workspace, source)
            freshness.remember(self.workspace, source, made_from, seconds)
        self._close(source, "made", f"{source.stem:<32} {seconds:6.1f} s")

    def _close(self, source: Path, kind: str, line: str = "") -> None:
        """Count a notebook that is done, and say what can be said in the order of the numbers."""
        if kind == "borrowed":
            line = f"{source.stem:<32} as in {self.workspace.study.name}"
        self.counts[kind] += 1
        self.lines[source] = line
        while self.unsaid and self.unsaid[0] in self.lines:
            if line := self.lines[self.unsaid.pop(0)]:
                _say(line)

    def _failure(self) -> str:
        """Say which notebook failed and why, and what became of the others."""
        source, why = min(self.failures.items())
        page = freshness.page_of(self.workspace, source)
        kept = " The last good page was left as it was." if page.exists() else ""
        sentences = [f"{source.stem} stopped: {why}{kept}"]
        for other, why in sorted(self.failures.items())[1:]:
            sentences.append(f"{other.stem} stopped, too: {why}")
        if others := [s for s in self.unsaid if self.lines.get(s)]:
            sentences.append(f"Made at the same time: {_names(others)}.")
        if self.waiting:
            sentences.append(f"Not begun: {_names(self.waiting)}.")
        return "\n".join(sentences)

    def _draw_bars(self, folder: Path) -> None:
        """Draw how far asking has come, from what the kernels write down."""
        for source in self.running.values():
            if (file := folder / source.stem).exists():
                from alignment.study.progress import Bar

                state = json.loads(file.read_text(encoding="utf-8"))
                if source not in self.bars:
                    self.bars[source] = Bar(state, source.stem, in_log=not sys.stderr.isatty())
                self.bars[source].draw(state)

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Pass Ctrl-C on to the notebooks, which finish what is in flight; stop at the second."""

        def stop_gently(*_) -> None:
            signal.signal(signal.SIGINT, stop_at_once)
            self.is_stopping = True
            text = "Stopping when what is in flight has arrived (Ctrl-C again stops at once) ..."
            print(f"\n{text}", file=sys.stderr, flush=True)
            _signal_kernels(signal.SIGINT)

        def stop_at_once(*_) -> None:
            _signal_kernels(signal.SIGKILL)
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGINT, stop_gently)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def _is_unfinished(workspace: Workspace, source: Path) -> bool:
    """Return whether cells failed or were not asked: the page is made again next time."""
    if workspace.study.respondents == "imported":
        return False
    path = workspace.processed / f"{source.name[:2]}_accounting.csv"
    if not path.exists():
        return False
    return bool(table_files.read(path)[["failed", "not asked"]].to_numpy().sum())


def _ranks(sources: list[Path], seconds: dict[str, float]) -> dict[Path, float]:
    """Return how long each notebook takes, with the longest chain of those that wait for it."""
    ranks: dict[Path, float] = {}
    for source in reversed(sources):
        later = [ranks[s] for s in ranks if source in notebooks.dependencies(s, [source])]
        usual = USUAL_SECONDS.get(source.name[:2], 3.0)
        ranks[source] = seconds.get(source.stem, usual) + max(later, default=0.0)
    return ranks


def _signal_kernels(number: signal.Signals) -> None:
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it has just ended
            if any("ipykernel" in part for part in child.cmdline()):
                child.send_signal(number)


def _names(sources) -> str:
    return ", ".join(sorted(source.stem for source in sources))


def _say(line: str) -> None:
    """Print a line above a bar that may be there."""
    from tqdm import tqdm

    with tqdm.external_write_mode():
        print(line, flush=True)
