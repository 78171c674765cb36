"""How far asking has come: a bar in the terminal, or now and then a line where there is none; never in a page."""

import json
import sys
import time
from pathlib import Path

from tqdm import tqdm

from alignment.study.files import write_whole

EVERY = 0.3  # seconds between two lines to the runner
LINE = 60.0  # seconds between two lines in a log


class Bar:
    """Draws what a Progress counts; in a log, which holds no bar, it writes a line now and then."""

    def __init__(self, state: dict, name: str = "", in_log: bool = False) -> None:
        self.name, self.in_log, self.began, self.said = name, in_log, time.monotonic(), 0.0
        self.bar = tqdm(
            total=state["total"],
            initial=state["start"],
            desc=name or None,
            unit=f" {state['what']}",
            leave=False,
            disable=in_log,
        )

    def draw(self, state: dict) -> None:
        if not self.in_log:
            self.bar.set_postfix_str(told(state), refresh=False)
            self.bar.update(state["done"] - self.bar.n)
        elif time.monotonic() - max(self.began, self.said) > LINE:
            self.said = time.monotonic()
            spent = {
                "elapsed": self.said - self.began,
                "ncols": 0,
                "prefix": self.name,
                "unit": f" {state['what']}",
            }
            line = tqdm.format_meter(
                state["done"], state["total"], initial=state["start"], postfix=told(state), **spent
            )
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        self.bar.close()


def told(state: dict) -> str:
    """What a bar says beside how far it is.

    >>> told({"failed": 2, "again": 31, "usd": 0.5, "cap": 300.0})
    '2 failed, 31 tried again, $0.50 of $300.00'
    """
    parts = [
        f"{state[name]:,} {said}"
        for name, said in (("failed", "failed"), ("again", "tried again"))
        if state[name]
    ]
    of = "" if state["cap"] is None else f" of ${state['cap']:,.2f}"
    return ", ".join(parts + [f"${state['usd']:,.2f}{of}"] * bool(state["usd"] or of))


class Progress:
    """Counts replies (or whatever `what` names); tells the runner through `file`, else draws a bar.

    `usd` is what the study has cost so far, and `cap` what it may.
    """

    def __init__(
        self,
        total: int,
        done: int = 0,
        usd: float = 0.0,
        cap: float | None = None,
        what: str = "replies",
        file: str = "",
    ) -> None:
        self.state = {
            "total": total,
            "start": done,
            "done": done,
            "failed": 0,
            "again": 0,
            "usd": usd,
            "cap": cap,
            "what": what,
        }
        self.file = file
        self.bar = None if self.file else Bar(self.state)
        self.told = 0.0

    def add(self, replies: int = 0, failed: int = 0, usd: float = 0.0, again: int = 0) -> None:
        """Count replies that are on disk, and tries that failed and are made again."""
        for name, n in (("done", replies), ("failed", failed), ("again", again), ("usd", usd)):
            self.state[name] += n
        if self.bar is not None:
            self.bar.draw(self.state)
        elif time.monotonic() - self.told > EVERY:
            self._tell()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
        else:
            self._tell()

    def _tell(self) -> None:
        self.told = time.monotonic()
        write_whole(Path(self.file), json.dumps(self.state))
