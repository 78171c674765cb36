"""Whether any file was touched since all pages of an execution were last fresh.

This asks the state of the files alone (size, times, inode), and so answers in a fraction of the
time that it takes to load a study and read what its pages are made from. Where it does not know,
the files are read.
"""

import argparse
import hashlib
import json
import os
import time
from pathlib import Path

from alignment.study.files import write_whole
from alignment.study.paths import ROOT

PLACES = ("src", "notebooks", "studies", "data", "figures", "requirements.lock")
MEMORY = ROOT / ".cache" / "untouched.json"
TICK = 50_000_000  # nanoseconds; within them a file system may give two changes the same time
CHANGING = ("plan", "pilot", "list", "lab", "force", "site")  # options that always do something


def read_state() -> str | None:
    """Return a digest of the state of all files; None when one was changed just now."""
    state, newest = hashlib.sha256(), 0
    for path, stat in _walk(ROOT):
        marks = (path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        state.update(repr(marks).encode("utf-8", "surrogateescape"))
        newest = max(newest, stat.st_mtime_ns, stat.st_ctime_ns)
    return state.hexdigest() if newest < time.time_ns() - TICK else None


def remember(chosen: argparse.Namespace, state: str | None, message: str) -> None:
    """Note what a command had to say when it found nothing to do, in that state of the files."""
    if state is not None:
        memory = {"command": _command(chosen), "state": state, "message": message}
        write_whole(MEMORY, json.dumps(memory))


def recall(chosen: argparse.Namespace) -> str:
    """Return what the same command said, if nothing was touched since, else nothing."""
    if any(vars(chosen)[name] not in (None, False) for name in CHANGING):
        return ""
    try:
        memory = json.loads(MEMORY.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return ""
    if memory["command"] != _command(chosen) or memory["state"] != read_state():
        return ""
    return memory["message"]


def _command(chosen: argparse.Namespace) -> str:
    return json.dumps({k: v for k, v in vars(chosen).items() if k != "verb"}, sort_keys=True)


def _walk(folder: Path):
    """Yield path and state of every file below the places, in order; compiled code apart."""
    places = [os.path.join(folder, name) for name in reversed(PLACES)]
    while places:
        place = places.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda e: e.name, reverse=True)
        except NotADirectoryError:
            yield place, os.stat(place)
            continue
        except FileNotFoundError:
            continue
        for entry in entries:
            if entry.is_dir():
                if entry.name not in ("__pycache__", ".ipynb_checkpoints", "html"):
                    places.append(entry.path)
            else:
                yield entry.path, entry.stat()
