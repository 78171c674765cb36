"""Records of replies -> disk, many in one transaction; none is lost while it cannot be written."""

import asyncio
import contextlib
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection

from alignment.asking import archive
from alignment.asking.request import Request
from alignment.study.progress import Progress

UNSAVED = 1000  # replies that may wait for the disk
PATIENCE = 300.0  # seconds until replies that cannot be written are written beside the archive
GATHER = 0.05  # seconds in which replies gather for a transaction: a disk bears few of them


@dataclass
class Writer:
    """Takes records from a queue to the archive, and notes what is about to be sent."""

    path: Path  # of the archive
    connection: Connection
    note: archive.Note
    progress: Progress
    ending: asyncio.Event  # asking ends: no longer wait for the disk
    fault: str = ""  # of the disk, for which asking ended
    blocked: float = 0.0  # monotonic time since when nothing can be written; 0: it can be
    queue: asyncio.Queue = field(default_factory=lambda: asyncio.Queue(UNSAVED))

    async def run(self) -> None:
        """Write what the queue holds until a None comes; count records only when they are saved."""
        done, records = False, []
        try:
            while not done:
                records = [await self.queue.get()]
                await asyncio.sleep(GATHER)
                while not self.queue.empty():
                    records.append(self.queue.get_nowait())
                done = None in records
                records = [record for record in records if record is not None]
                if records:
                    await self._save(records)
                    failed = sum(record["text"] is None for record in records)
                    usd = sum((record["cost"] or 0) + record["lost_cost"] for record in records)
                    self.progress.add(len(records), failed, usd)
                    records = []
        except asyncio.CancelledError:  # a second Ctrl-C
            while not self.queue.empty():
                records.append(self.queue.get_nowait())
            if records := [record for record in records if record is not None]:
                archive.write_beside(self.path, records)
            raise

    async def _save(self, records: list[dict]) -> None:
        """Write records to the archive; beside it when that takes too long or asking ends.

        The next execution takes them in from there.
        """
        while not self.fault:
            try:
                await asyncio.to_thread(archive.add_records, self.connection, records)
            except sqlite3.DatabaseError as error:
                self._block(error)
                lasting = not isinstance(error, sqlite3.OperationalError)
                if lasting or self.ending.is_set():
                    self._give_up(error)
                else:
                    await self._pause()
            else:
                self._unblock()
                return
        archive.write_beside(self.path, records)

    async def write_down(self, request: Request, most: float) -> bool:
        """Note a try before it is sent, as soon as the disk bears it; False when asking ends."""
        waited = False
        while not self.ending.is_set():
            try:
                self.note(request, most)
            except OSError as error:
                waited = True
                self._block(error)
                await self._pause()
            else:
                if waited:
                    self._unblock()
                return True
        return False

    def _block(self, error: Exception) -> None:
        """Tell a person, once, that nothing can be written; after a long time asking ends."""
        if not self.blocked:
            self.blocked = time.monotonic()
            mend = "close what else uses it or free some space"
            kept = f"asking pauses, replies are kept, and it goes on by itself: {mend}"
            self.progress.say(f"{self.path.name} cannot be written ({error}): {kept}.")
        elif time.monotonic() - self.blocked > PATIENCE:
            self._give_up(error)

    def _unblock(self) -> None:
        if self.blocked:
            self.blocked = 0.0
            self.progress.say(f"{self.path.name} can be written again.")

    def _give_up(self, error: Exception) -> None:
        kept = "Replies that it could not take lie beside it, and the next execution takes them in."
        self.fault = f"{self.path.name} cannot be written: {error}. {kept}"
        self.ending.set()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ending.wait(), 1.0)
