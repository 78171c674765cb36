"""How far asking has come: a bar in the terminal, never in a page."""

import json
import os
import time
from pathlib import Path

from tqdm import tqdm

EVERY = 0.3  # seconds between two lines to the runner


class Progress:
    """Counts replies; tells the runner through the file that it named, else draws a bar here."""

    def __init__(self, total: int, done: int = 0) -> None:
        self.state = {"total": total, "start": done, "done": done, "failed": 0, "usd": 0.0}
        self.file = os.environ.get("STUDY_PROGRESS")
        self.bar = None if self.file else tqdm(total=total, initial=done, unit=" replies")
        self.told = 0.0

    def add(self, replies: int, failed: int = 0, usd: float = 0.0) -> None:
        """Count replies that are on disk."""
        self.state["done"] += replies
        self.state["failed"] += failed
        self.state["usd"] += usd
        if self.bar is not None:
            self.bar.set_postfix(failed=self.state["failed"], usd=f"{self.state['usd']:.2f}", refresh=False)
            self.bar.update(replies)
        elif time.monotonic() - self.told > EVERY:
            self._tell()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
        else:
            self._tell()

    def _tell(self) -> None:
        self.told = time.monotonic()
        temporary = Path(f"{self.file}.part")
        temporary.write_text(json.dumps(self.state), encoding="utf-8")
        os.replace(temporary, self.file)
