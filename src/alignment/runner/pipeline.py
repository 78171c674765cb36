"""Carry out `./run_all.sh`: check its options, then plan, pilot or execute."""

import argparse
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alignment.runner import freshness, parameters, untouched
from alignment.study import loader
from alignment.study.paths import ASKING, NOTEBOOKS, ROOT, shown
from alignment.study.workspace import Workspace, pack, with_cap
from utils.errors import Problem

LAST_TABLE = "11_counts.csv"  # the last that the page of changes reads


def run(chosen: argparse.Namespace) -> int:
    """Carry out the command `./run_all.sh`; return 0 when everything is done."""
    if chosen.list:
        print(parameters.table(parameters.sources()))
        return 0
    if chosen.lab:
        from alignment.runner import jupyterlab

        return jupyterlab.open_lab()
    workspace = _open(chosen)
    sources = _select(parameters.sources(), chosen.only or chosen.first, chosen.only or chosen.last)
    if chosen.plan and chosen.pilot is not None:
        raise Problem("--plan asks nothing and --pilot asks a few cells: give one of the two.")
    if chosen.plan or chosen.pilot is not None:
        from alignment.runner import plan_and_pilot

        _check(workspace)
        if chosen.pilot is not None:
            print(plan_and_pilot.pilot(workspace, chosen.pilot), end="\n\n")
        print(plan_and_pilot.plan_text(workspace))
        return 0
    _make_pages(workspace, sources, chosen)
    return _make_site(workspace.study.name) if chosen.site else 0


def _open(chosen: argparse.Namespace) -> Workspace:
    """Return the workspace of an execution as the command line describes it, all of it checked."""
    path = loader.find(chosen.study)
    if chosen.cap is not None and not chosen.cap >= 0:
        raise Problem(f"--cap takes US dollars, not {chosen.cap}.")
    study, given, defaults = loader.load(path), _pairs(chosen.p), parameters.defaults()
    of_study = parameters.check(study.parameters, f"parameters of {shown(path)}")
    changed = parameters.check({k: v for k, v in given.items() if k in defaults}, "-p")
    settings = {k: v for k, v in given.items() if k not in defaults}
    settings = loader.parse_settings(study, settings, defaults)
    if changed or settings:
        study = loader.load(path, settings)
    usual = defaults | of_study
    new = {name: value for name, value in changed.items() if value != usual[name]} | settings
    return Workspace(
        with_cap(study, chosen.cap),
        name_of_folder(study.name, new),
        given=of_study | changed,
        changed=new,
        recorded=chosen.recorded,
    )


def _pairs(given: list[str]) -> dict[str, str]:
    for text in given:
        if "=" not in text:
            raise Problem(f'-p takes name=value, not "{text}".')
    return dict(text.split("=", 1) for text in given)


def name_of_folder(study: str, changed: dict[str, object]) -> str:
    """Return the name of the folders that a changed execution writes to.

    >>> name_of_folder("demo", {})
    'demo'
    >>> name_of_folder("demo", {"relevance_quorum": 5})
    'demo--relevance_quorum=5'
    >>> name_of_folder("demo", {"judges": ["sim-us-1", "sim-cn-1"], "sampling.temperature": 0.5})
    'demo--judges=sim-us-1+sim-cn-1--sampling.temperature=0.5'
    """
    parts = [study]
    for name, value in sorted(changed.items()):
        text = "+".join(map(str, value)) if isinstance(value, list) else str(value)
        parts.append(f"{name}={text}")
    whole = "--".join(parts)
    if len(whole) <= 80 and all(c.isalnum() or c in "-_=.+" for c in whole):
        return whole
    checksum = hashlib.sha256(whole.encode()).hexdigest()[:10]
    return f"{whole[:60].replace('/', '_')}--{checksum}"


def _select(sources: list[Path], first: str | None, last: str | None) -> list[Path]:
    numbers = [s.name[:2] for s in sources]
    for number in (first, last):
        if number is not None and number.zfill(2) not in numbers:
            ends = f"{numbers[0]} to {numbers[-1]}"
            raise Problem(f'There is no notebook "{number}": they are {ends}.')
    start = numbers.index(first.zfill(2)) if first else 0
    stop = numbers.index(last.zfill(2)) if last else len(numbers) - 1
    if start > stop:
        raise Problem(f"--from {first} comes after --until {last}.")
    return sources[start : stop + 1]


def _make_pages(workspace: Workspace, sources: list[Path], chosen: argparse.Namespace) -> None:
    """Make the pages that are not fresh, and say what was done."""
    places = [shown(p) for p in (workspace.rendered, workspace.processed, workspace.figures)]
    where = "Pages in {}, tables in {}, figures in {}.".format(*places)
    nothing = f"Nothing to do: all {len(sources)} pages are fresh.\n{where}"
    state = untouched.read_state()
    if not chosen.force and _are_fresh(workspace, sources):
        print(nothing)
    else:
        _check(workspace)
        _foretell(workspace, sources)
        _execute(workspace, sources, chosen.force)
        print(where)
        time.sleep(2 * untouched.TICK / 1e9)
        state = untouched.read_state()
        if not _are_fresh(workspace, sources):
            return
    debates = workspace.study.debates
    if not (debates.folder or debates.votes):  # they may lie anywhere
        untouched.remember(chosen, state, nothing)


def _are_fresh(workspace: Workspace, sources: list[Path]) -> bool:
    for source in sources:
        made_from = freshness.digest_inputs(workspace, source)
        if not freshness.is_fresh(workspace, source, made_from):
            return False
    return True


def _check(workspace: Workspace) -> None:
    """Stop now what would stop a notebook when all have been asked.

    A quorum that the planned votes cannot reach, or people without values.
    """
    from alignment.paper import hofstede
    from utils import labels

    study, values = workspace.study, parameters.defaults() | workspace.parameters
    planned = len(study.judges or study.models) * len(study.languages)
    labels.check_quorum(values["relevance_quorum"], planned)
    people = study.countries
    hofstede.read_human_values(values["human_values"], people)


def _foretell(workspace: Workspace, sources: list[Path]) -> None:
    """Say what a changed execution will ask; stop a live study that has no cap or no keys."""
    study, first, obstacles = workspace.study, sources[0].name[:2], []
    asks = any(source.name.startswith(tuple(ASKING.values())) for source in sources)
    may_pay = study.respondents == "live" and asks and not workspace.recorded
    if workspace.is_changed or may_pay:
        from alignment.runner import plan_and_pilot, plan_preview

        calls = plan_preview.plan_calls(workspace, workspace.given)
        if may_pay:
            obstacles += plan_and_pilot.find_obstacles(workspace, calls)
    if study.debates.source == "kialo" and first <= "01":
        from alignment.kialo import client

        try:
            client.check_permission(study.debates)
        except Problem as problem:
            obstacles.append(str(problem))
    if obstacles:
        raise Problem("\n".join(["Nothing was asked.", *obstacles]))
    if workspace.is_changed:
        cost = plan_preview.describe_cost(calls, plan_preview.lets_more_through(workspace))
        sentences = f"{cost}{plan_preview.describe_cap(workspace)}"
        print(f"{workspace.folder}: {sentences}", flush=True)


def _execute(workspace: Workspace, sources: list[Path], force: bool) -> None:
    from alignment.runner import pages
    from alignment.runner.execution import Execution

    os.environ.update(pages.STEADY)
    Path(pages.STEADY["IPYTHONDIR"]).mkdir(parents=True, exist_ok=True)
    with _summary(workspace):
        counts = Execution(workspace, sources, force).run()
    if workspace.is_changed and (workspace.processed / LAST_TABLE).exists():
        _compare(workspace)
    borrowed = counts["borrowed"]
    rest = f", {borrowed} are as in {workspace.study.name}" if borrowed else ""
    print(f"{counts['made']} of {len(sources)} pages made{rest}, {counts['fresh']} were fresh.")
    if (ratings := workspace.raw / "ratings").is_dir():
        from alignment.annotation import rating_sheets

        sentences = rating_sheets.describe_unread(ratings)
        if (workspace.processed / "06_ratings.csv").exists():
            sentences += rating_sheets.describe_open_pairs(workspace.read("06_ratings"))
        for sentence in sentences:
            print(sentence)


@contextmanager
def _summary(workspace: Workspace) -> Iterator[None]:
    """Say in the end, however it comes, what asking real models has come to."""
    if workspace.study.respondents != "live" or workspace.recorded:
        yield
        return
    from alignment.asking import serving

    before = serving.summarise(workspace.base)
    try:
        yield
    finally:
        after = serving.summarise(workspace.base)
        if after != before:
            print(after, flush=True)


def _compare(workspace: Workspace) -> None:
    """Make the page that sets a changed execution beside the default one, where that is there."""
    from alignment.runner import pages

    source = NOTEBOOKS / "what_changed.py"
    page = freshness.page_of(workspace, source)
    newest = max(table.stat().st_mtime for table in workspace.processed.glob("*.csv"))
    if page.exists() and page.stat().st_mtime > newest:
        return
    if (workspace.base.processed / LAST_TABLE).exists():
        given = parameters.given_to(workspace, source)
        pages.run(source, page, given, pack(workspace), lambda: "")
        print(f"What changed: {shown(page)}")


def _make_site(study: str) -> int:
    """Build the site of a study from its pages."""
    command = [sys.executable, str(ROOT / "site" / "build.py"), study]
    return subprocess.run(command, check=False).returncode
