"""How far asking has come: a bar in the terminal, or now and then a line; never in a page."""

import json
import sys
import time
from pathlib import Path

from tqdm import tqdm

from alignment.study.files import write_whole

EVERY = 0.3  # seconds between two reports to the runner
LINE = 60.0  # seconds between two lines in a log


class Bar:
    """Draws what a Progress counts; in a log, which holds no bar, it writes a line now and then."""

    def __init__(self, state: dict, name: str = "", in_log: bool = False) -> None:
        self.name, self.in_log = name, in_log
        self.start, self.note = time.monotonic(), ""
        self.last_line = self.start
        size = {"total": state["total"], "initial": state["start"], "unit": f" {state['what']}"}
        self.bar = tqdm(desc=name or None, leave=False, disable=in_log, **size)

    def draw(self, state: dict) -> None:
        if state["note"] != self.note:
            self.note = state["note"]
            tqdm.write(self.note, file=sys.stderr)
        if not self.in_log:
            self.bar.set_postfix_str(describe(state), refresh=False)
            self.bar.update(state["done"] - self.bar.n)
        elif time.monotonic() - self.last_line > LINE:
            self.last_line = time.monotonic()
            elapsed = self.last_line - self.start
            how = {"initial": state["start"], "unit": f" {state['what']}", "ncols": 0}
            how |= {"prefix": self.name, "postfix": describe(state)}
            line = tqdm.format_meter(state["done"], state["total"], elapsed, **how)
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        self.bar.close()


def describe(state: dict) -> str:
    """Say what went wrong and what was spent, beside how far it is.

    >>> describe({"failed": 2, "again": 31, "usd": 0.5, "cap": 300.0})
    '2 failed, 31 tried again, $0.50 of $300.00'
    """
    names = {"failed": "failed", "again": "tried again"}
    parts = [f"{state[key]:,} {words}" for key, words in names.items() if state[key]]
    if state["usd"] or state["cap"] is not None:
        of = "" if state["cap"] is None else f" of ${state['cap']:,.2f}"
        parts.append(f"${state['usd']:,.2f}{of}")
    return ", ".join(parts)


class Progress:
    """Counts replies (or whatever `what` names); reports to the runner by `file`, or draws a bar.

    `usd` is what the study has cost so far, and `cap` what it may.
    """

    def __init__(
        self, total: int, done=0, usd=0.0, cap: float | None = None, what="replies", file=""
    ) -> None:
        self.state = {"total": total, "start": done, "done": done, "failed": 0, "again": 0}
        self.state |= {"usd": usd, "cap": cap, "what": what, "note": ""}
        self.file, self.last_report = file, 0.0
        self.bar = None if file else Bar(self.state)

    def add(self, replies: int = 0, failed: int = 0, usd: float = 0.0, again: int = 0) -> None:
        """Count replies that are on disk, and tries that failed and are made again."""
        for name, n in (("done", replies), ("failed", failed), ("again", again), ("usd", usd)):
            self.state[name] += n
        if self.bar is not None:
            self.bar.draw(self.state)
        elif time.monotonic() - self.last_report > EVERY:
            self._report()

    def say(self, note: str) -> None:
        """Tell a person something that cannot wait for the end."""
        self.state["note"] = note
        self.last_report = 0.0
        self.add()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
        else:
            self._report()

    def _report(self) -> None:
        self.last_report = time.monotonic()
        write_whole(Path(self.file), json.dumps(self.state))
