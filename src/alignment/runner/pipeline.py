"""Run the notebooks of a study in order and keep their pages fresh: what `run_all.sh` calls."""

import argparse
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

from alignment.asking import answers
from alignment.kialo import client
from alignment.paper import hofstede
from alignment.runner import freshness, pages, parameters, preview, terminal
from alignment.study import loader as studies
from alignment.study.loader import find, load
from alignment.study.paths import NOTEBOOKS, shown
from alignment.study.schema import Study
from alignment.study.workspace import Workspace, pack, with_cap
from utils import votes
from utils.errors import Problem

ASKING = ("04", "05", "07")
LAST_ASKING = "07"
LAST_TABLE = "11_counts.csv"  # the last that the page of changes reads


@dataclass(frozen=True)
class Order:
    """What was asked for on the command line, checked."""

    workspace: Workspace
    notebooks: list[Path]
    force: bool


def run(chosen: argparse.Namespace) -> int:
    """Carry out what `./run_all.sh` was told; return 0 when everything is done."""
    if chosen.list:
        print(parameters.table(parameters.sources()))
        return 0
    if chosen.lab:
        return terminal.lab()
    order = _order(chosen)
    if chosen.pilot is not None:
        terminal.pilot(order.workspace, order.workspace.given, chosen.pilot)
    if chosen.plan or chosen.pilot is not None:
        print(
            terminal.plan(order.workspace, preview.planned(order.workspace, order.workspace.given))
        )
        return 0
    done = _execute(order)
    return terminal.site(order.workspace.study.name) if chosen.site else done


def _order(chosen: argparse.Namespace) -> Order:
    path = find(chosen.study)
    if chosen.cap is not None and not chosen.cap >= 0:
        raise Problem(f"--cap takes US dollars, not {chosen.cap}.")
    study, known, given = load(path), parameters.all_of(parameters.sources()), _pairs(chosen.p)
    of_study = parameters.checked(study.parameters, f"parameters of {shown(path)}")
    changed = parameters.checked({k: v for k, v in given.items() if k in known}, "-p")
    settings = studies.settings(study, {k: v for k, v in given.items() if k not in known}, known)
    study = with_cap(load(path, settings), chosen.cap)
    _check(study, of_study | changed)
    new = {k: v for k, v in changed.items() if v != _usual(of_study, k)} | settings
    notebooks = _selected(
        parameters.sources(), chosen.only or chosen.first, chosen.only or chosen.last
    )
    workspace = Workspace(
        study,
        name_of_folder(study.name, new),
        given=of_study | changed,
        changed=new,
        recorded=chosen.recorded,
    )
    return Order(workspace, notebooks, chosen.force)


def _check(study: Study, values: dict) -> None:
    """What would stop a notebook stops now, and not when all have been asked: a quorum out of reach, people without values."""
    planned = len(study.judges or study.models) * len(study.languages)
    votes.check_quorum(values.get("relevance_quorum", 0), planned)
    hofstede.read_human_values(
        str(_usual(values, "human_values")),
        {name: culture.people for name, culture in study.cultures.items()},
    )


def _usual(of_study: dict, name: str) -> object:
    """A parameter's value when nobody changes it."""
    return of_study.get(name, parameters.all_of(parameters.sources())[name][0].default)


def _pairs(given: list[str]) -> dict[str, str]:
    for text in given:
        if "=" not in text:
            raise Problem(f'-p takes name=value, not "{text}".')
    return dict(text.split("=", 1) for text in given)


def name_of_folder(study: str, changed: dict[str, object]) -> str:
    """Where a changed execution writes.

    >>> name_of_folder("demo", {})
    'demo'
    >>> name_of_folder("demo", {"relevance_quorum": 5})
    'demo--relevance_quorum=5'
    >>> name_of_folder("demo", {"judges": ["sim-us-1", "sim-cn-1"], "sampling.temperature": 0.5})
    'demo--judges=sim-us-1+sim-cn-1--sampling.temperature=0.5'
    """
    texts = {
        k: "+".join(map(str, v)) if isinstance(v, list) else str(v)
        for k, v in sorted(changed.items())
    }
    name = "--".join([study, *(f"{k}={v}" for k, v in texts.items())])
    safe = all(c.isalnum() or c in "-_=.+" for c in name)
    return (
        name
        if safe and len(name) <= 80
        else f"{name[:60].replace('/', '_')}--{hashlib.sha256(name.encode()).hexdigest()[:10]}"
    )


def _selected(sources: list[Path], first: str | None, last: str | None) -> list[Path]:
    numbers = [s.name[:2] for s in sources]
    for number in (first, last):
        if number is not None and number.zfill(2) not in numbers:
            raise Problem(
                f'There is no notebook "{number}": they are {numbers[0]} to {numbers[-1]}.'
            )
    start = numbers.index(first.zfill(2)) if first else 0
    stop = numbers.index(last.zfill(2)) if last else len(numbers) - 1
    if start > stop:
        raise Problem(f"--from {first} comes after --until {last}.")
    return sources[start : stop + 1]


def _execute(order: Order) -> int:
    """Run what is not fresh, one line a notebook; the first failing one stops."""
    workspace, is_changed = order.workspace, order.workspace.is_changed
    _foretell(order, is_changed)
    pages.quiet_kernels()
    ran = borrowed = 0
    for source in order.notebooks:
        given = _given(source, order)
        made_from = freshness.inputs(workspace, source, given)
        if not order.force and freshness.is_fresh(workspace, source, made_from):
            continue
        if not order.force and freshness.borrow(workspace, source, made_from):
            print(f"{source.stem:<32} as in {workspace.study.name}", flush=True)
            borrowed += 1
        else:
            _run(order, source, given)
            ran += 1
    if is_changed and (workspace.processed / LAST_TABLE).exists():
        _compare(workspace)
    total = len(order.notebooks)
    rest = (
        f", {borrowed} are as in {workspace.study.name}" if borrowed else ""
    ) + f", {total - ran - borrowed} were fresh"
    print(
        f"{ran} of {total} pages made{rest}."
        if ran + borrowed
        else f"Nothing to do: all {total} pages are fresh."
    )
    print(
        f"Pages in {shown(workspace.rendered)}, tables in {shown(workspace.processed)}, figures in {shown(workspace.figures)}."
    )
    return 0


def _foretell(order: Order, is_changed: bool) -> None:
    """Say what a changed execution will ask; a live study asks only with a cap and its keys, and without a cap prints its plan."""
    workspace = order.workspace
    asks = any(source.name[:2] in ASKING for source in order.notebooks)
    may_pay = workspace.study.respondents == "live" and asks and not order.workspace.recorded
    planned = preview.planned(workspace, order.workspace.given) if is_changed or may_pay else None
    if may_pay:
        terminal.allow(workspace, planned)
    if workspace.study.debates.source == "kialo" and order.notebooks[0].name.startswith(
        ("00", "01")
    ):
        client.check_permission(workspace.study.debates)
    if is_changed:
        print(
            f"{workspace.folder}: {preview.sentence(planned)}{preview.left(workspace)}", flush=True
        )


def _compare(workspace: Workspace) -> None:
    """The page that sets a changed execution beside the default one, where that is there."""
    source = NOTEBOOKS / "what_changed.py"
    page = freshness.page_of(workspace, source)
    tables = [p.stat().st_mtime for p in workspace.processed.glob("*.csv")]
    if page.exists() and page.stat().st_mtime > max(tables):
        return
    if (workspace.base.processed / LAST_TABLE).exists():
        given = {"study": workspace.study.name} if workspace.study.name != "demo" else {}
        os.environ.update(pack(workspace))
        pages.run(source, page, given, lambda: "")
        print(f"What changed: {shown(page)}")


def _given(source: Path, order: Order) -> dict[str, object]:
    """The parameters that papermill sets: those that differ from the notebook's defaults."""
    own = parameters.of(source)
    values = {"study": order.workspace.study.name} | order.workspace.given
    return {n: values[n] for n, p in own.items() if n in values and values[n] != p.default}


def _run(order: Order, source: Path, given: dict) -> None:
    """Run one notebook, note what it was made from, and print its line."""
    workspace, began = order.workspace, time.time()
    page = freshness.page_of(workspace, source)

    def made_from() -> str:
        return freshness.inputs(workspace, source, given)

    try:
        with terminal.progress(workspace, source.stem) as told, terminal.interruptible():
            os.environ.update(pack(told))
            seconds = pages.run(source, page, given, made_from)
    except pages.Failed as failed:
        kept = " The last good page was left as it was." if page.exists() else ""
        raise pages.Failed(f"{source.stem} stopped: {failed}{kept}") from None
    freshness.forget_leftovers(workspace, source, began)
    if source.name.startswith(LAST_ASKING):
        answers.publish_answers(workspace)
    if not terminal.unfinished(workspace, source):
        freshness.remember(workspace, source, made_from(), began)
    print(f"{source.stem:<32} {seconds:6.1f} s", flush=True)
