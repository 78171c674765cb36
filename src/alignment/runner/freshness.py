"""What a page was made from, and whether it would come out the same today."""

import json
import time
from functools import cache
from pathlib import Path

from alignment.runner import pages
from alignment.study.files import write_whole
from alignment.study.paths import REFERENCE, ROOT
from alignment.study.workspace import Workspace

# What lies in a study's raw folder, and the first notebook that reads it; what is not named counts for all.
READ_FROM = {
    "debates": "01",
    "statements.csv": "01",
    "translations.csv": "03",
    "planted.csv": "04",
    "labels.csv": "04",
    "answers.csv.gz": "04",
    "ratings": "06",
}
NOT_INPUT = (
    "replies.",
    "served.csv",
    "reasons.csv",
    "review.",
    "rehydrated",
    "responses.csv",
    "README",
    ".",
)  # how names begin that no page depends on


@cache
def _of_exports(folder: Path) -> str:
    """A digest of somebody's folder of exports, which nothing here changes."""
    return _of_files(folder, (".",))


def _of_files(folder: Path, skip: tuple[str, ...] = NOT_INPUT) -> str:
    """A digest of all files below a folder, by relative path and content."""
    names = sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    names = [p for p in names if not p.name.startswith(skip)]
    return pages.digest(
        *(part for p in names for part in (p.relative_to(folder).as_posix(), p.read_bytes()))
    )


@cache
def _of_code() -> str:
    """A digest of what every page depends on: the code with its prompts, the reference tables, the lock."""
    lock = (ROOT / "requirements.lock").read_bytes()
    return pages.digest(_of_files(ROOT / "src", (".",)), _of_files(REFERENCE, (".",)), lock)


def _of_raw(workspace: Workspace, number: str) -> str:
    """A digest of the raw inputs that a notebook may read, by its number."""
    folders = [
        folder for folder in dict.fromkeys((workspace.raw, workspace.material)) if folder.is_dir()
    ]
    files = [
        p
        for folder in folders
        for p in sorted(folder.iterdir())
        if not p.name.startswith(NOT_INPUT)
    ]
    files = [p for p in files if READ_FROM.get(p.name, "00") <= number]
    if (
        workspace.study.respondents != "imported"
    ):  # elsewhere the answers are made here, and this file is a copy
        files = [p for p in files if p.name != "answers.csv.gz"]
    return pages.digest(
        *(part for p in files for part in (p.name, _of_files(p) if p.is_dir() else p.read_bytes()))
    )


def inputs(workspace: Workspace, source: Path, parameters: dict) -> str:
    """A digest of everything that decides a page.

    The notebook's source, `src/utils` with its prompts, the study, raw and reference inputs, parameters, the lock,
    and the tables of lower number. Not the Python build, the platform or the clock.
    """
    number = source.name[:2]
    lower = [
        p
        for p in sorted(workspace.processed.rglob("*"))
        if p.is_file() and p.relative_to(workspace.processed).parts[0] < number
    ]
    exports = [
        _of_exports(workspace.root / f)
        for f in (workspace.study.debates.folder, workspace.study.debates.votes)
        if f and number >= "01"
    ]
    return pages.digest(
        source.read_bytes(),
        _of_code(),
        workspace.study.model_dump_json(exclude={"cap"}),
        _of_raw(workspace, number),
        *exports,
        json.dumps(parameters, sort_keys=True),
        *(
            part
            for p in lower
            for part in (p.relative_to(workspace.processed).as_posix(), p.read_bytes())
        ),
    )


def page_of(workspace: Workspace, source: Path) -> Path:
    """Where the page of a notebook lies."""
    return workspace.rendered / f"{source.stem}.ipynb"


def outputs(workspace: Workspace, source: Path, since: float = 0.0) -> dict[str, str]:
    """What a notebook wrote (page, tables, figures newer than `since`), with digests."""
    found = [
        page_of(workspace, source),
        *workspace.processed.glob(f"{source.name[:2]}_*"),
        *workspace.figures.glob("*"),
    ]
    files = [
        f
        for p in found
        for f in ([p] if p.is_file() else p.rglob("*"))
        if f.is_file() and f.stat().st_mtime >= since
    ]
    return {f.relative_to(workspace.root).as_posix(): pages.digest(f.read_bytes()) for f in files}


def remember(workspace: Workspace, source: Path, made_from: str, since: float) -> None:
    """Note on this machine what a page was made from and what it wrote."""
    memory = _memory(workspace)
    memory[source.stem] = {"inputs": made_from, "outputs": outputs(workspace, source, since)}
    write_whole(_memory_file(workspace), json.dumps(memory, indent=1))


def is_fresh(workspace: Workspace, source: Path, made_from: str) -> bool:
    """Whether this machine made this page from just these inputs, and nothing of it was touched since."""
    known = _memory(workspace).get(source.stem)
    if not known or known["inputs"] != made_from:
        return False
    return all(
        (workspace.root / p).is_file() and pages.digest((workspace.root / p).read_bytes()) == d
        for p, d in known["outputs"].items()
    )


def borrow(workspace: Workspace, source: Path, made_from: str) -> bool:
    """Take over what the study's unchanged execution made from just these inputs; whether there was such a thing.

    The page then names this execution's folders, so that it is what running the notebook here would give.
    """
    base, since = workspace.base, time.time()
    if workspace.folder == base.folder or not is_fresh(base, source, made_from):
        return False
    for name in _memory(base)[source.stem]["outputs"]:
        parts = Path(name).parts
        target = workspace.root.joinpath(
            *(workspace.folder if part == base.folder else part for part in parts)
        )
        write_whole(target, (workspace.root / name).read_bytes())
    page = page_of(workspace, source)
    text = page.read_text(encoding="utf-8").replace(
        f"data/processed/{base.folder}/", f"data/processed/{workspace.folder}/"
    )
    pages.put(pages.sealed(json.loads(text), made_from), page)
    forget_leftovers(workspace, source, since)
    remember(workspace, source, made_from, since)
    return True


def forget_leftovers(workspace: Workspace, source: Path, since: float) -> None:
    """Remove what an earlier version of a notebook wrote and this one did not."""
    for path in workspace.processed.glob(f"{source.name[:2]}_*"):
        for file in [path] if path.is_file() else list(path.rglob("*")):
            if file.is_file() and file.stat().st_mtime < since:
                file.unlink()


def _memory_file(workspace: Workspace) -> Path:
    return workspace.root / ".cache" / "executions" / f"{workspace.folder}.json"


def _memory(workspace: Workspace) -> dict:
    try:
        return json.loads(_memory_file(workspace).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
