"""What a page was made from, and whether it would come out the same today."""

import json
import shutil
import time
from functools import cache
from pathlib import Path

from alignment.runner import pages
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


def _of_raw(here: Workspace, number: str) -> str:
    """A digest of the raw inputs that a notebook may read, by its number."""
    folders = [folder for folder in dict.fromkeys((here.raw, here.material)) if folder.is_dir()]
    files = [
        p
        for folder in folders
        for p in sorted(folder.iterdir())
        if not p.name.startswith(NOT_INPUT)
    ]
    files = [p for p in files if READ_FROM.get(p.name, "00") <= number]
    if (
        here.study.respondents != "imported"
    ):  # elsewhere the answers are made here, and this file is a copy
        files = [p for p in files if p.name != "answers.csv.gz"]
    return pages.digest(
        *(part for p in files for part in (p.name, _of_files(p) if p.is_dir() else p.read_bytes()))
    )


def inputs(here: Workspace, source: Path, parameters: dict) -> str:
    """A digest of everything that decides a page.

    The notebook's source, `src/utils` with its prompts, the study, raw and reference inputs, parameters, the lock,
    and the tables of lower number. Not the Python build, the platform or the clock.
    """
    number = source.name[:2]
    lower = [
        p
        for p in sorted(here.processed.rglob("*"))
        if p.is_file() and p.relative_to(here.processed).parts[0] < number
    ]
    exports = [
        _of_exports(here.root / f)
        for f in (here.study.debates.folder, here.study.debates.votes)
        if f and number >= "01"
    ]
    return pages.digest(
        source.read_bytes(),
        _of_code(),
        here.study.model_dump_json(exclude={"cap"}),
        _of_raw(here, number),
        *exports,
        json.dumps(parameters, sort_keys=True),
        *(
            part
            for p in lower
            for part in (p.relative_to(here.processed).as_posix(), p.read_bytes())
        ),
    )


def page_of(here: Workspace, source: Path) -> Path:
    """Where the page of a notebook lies."""
    return here.rendered / f"{source.stem}.ipynb"


def outputs(here: Workspace, source: Path, since: float = 0.0) -> dict[str, str]:
    """What a notebook wrote (page, tables, figures newer than `since`), with digests."""
    found = [
        page_of(here, source),
        *here.processed.glob(f"{source.name[:2]}_*"),
        *here.figures.glob("*"),
    ]
    files = [
        f
        for p in found
        for f in ([p] if p.is_file() else p.rglob("*"))
        if f.is_file() and f.stat().st_mtime >= since
    ]
    return {f.relative_to(here.root).as_posix(): pages.digest(f.read_bytes()) for f in files}


def remember(here: Workspace, source: Path, made_from: str, since: float) -> None:
    """Note on this machine what a page was made from and what it wrote."""
    memory = _memory(here)
    memory[source.stem] = {"inputs": made_from, "outputs": outputs(here, source, since)}
    path = _memory_file(here)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(memory, indent=1), encoding="utf-8")


def is_fresh(here: Workspace, source: Path, made_from: str) -> bool:
    """Whether this machine made this page from just these inputs, and nothing of it was touched since."""
    known = _memory(here).get(source.stem)
    if not known or known["inputs"] != made_from:
        return False
    return all(
        (here.root / p).is_file() and pages.digest((here.root / p).read_bytes()) == d
        for p, d in known["outputs"].items()
    )


def borrow(here: Workspace, source: Path, made_from: str) -> bool:
    """Take over what the study's unchanged execution made from just these inputs; whether there was such a thing.

    The page then names this execution's folders, so that it is what running the notebook here would give.
    """
    base, since = here.base, time.time()
    if here.folder == base.folder or not is_fresh(base, source, made_from):
        return False
    for name in _memory(base)[source.stem]["outputs"]:
        parts = Path(name).parts
        target = here.root.joinpath(
            *(here.folder if part == base.folder else part for part in parts)
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(here.root / name, target)
    page = page_of(here, source)
    text = page.read_text(encoding="utf-8").replace(
        f"data/processed/{base.folder}/", f"data/processed/{here.folder}/"
    )
    pages.put(pages.sealed(json.loads(text), made_from), page)
    forget_leftovers(here, source, since)
    remember(here, source, made_from, since)
    return True


def forget_leftovers(here: Workspace, source: Path, since: float) -> None:
    """Remove what an earlier version of a notebook wrote and this one did not."""
    for path in here.processed.glob(f"{source.name[:2]}_*"):
        for file in [path] if path.is_file() else list(path.rglob("*")):
            if file.is_file() and file.stat().st_mtime < since:
                file.unlink()


def _memory_file(here: Workspace) -> Path:
    return here.root / ".cache" / "executions" / f"{here.folder}.json"


def _memory(here: Workspace) -> dict:
    try:
        return json.loads(_memory_file(here).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
