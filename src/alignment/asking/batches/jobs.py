"""What `alignment batch` does: batch files are sent, looked after, fetched and taken back.

A step is on disk before the next one begins: that a job is about to be created, then its id. A job
whose id was lost with the process is found again in the service's own list.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection

import openai

from alignment.asking import archive
from alignment.asking.batches import files, results
from alignment.asking.batches.files import Batch
from alignment.asking.batches.service import Job, Service
from alignment.study import schema
from alignment.study.workspace import Workspace
from utils.errors import Problem

QUEUE_IS_FULL = "token_limit_exceeded"  # of the tokens that may be queued for a model
ENDED = ("completed", "expired", "cancelled")  # with results, whole or in part
UNSENT = ("creating", "uploaded", "written")
PAUSE = 60.0  # seconds between two looks


@dataclass
class Desk:
    """A study's batch files and its archive while no other command has them, and its services."""

    workspace: Workspace
    batches: Connection
    archived: Connection
    services: dict[str, Service] = field(default_factory=dict)

    def service(self, batch: Batch) -> Service:
        """Return the service that a batch goes to."""
        models = self.workspace.study.models
        if batch.model not in models:
            raise Problem(f"{batch.name}: the study has no model {batch.model} any more.")
        name = models[batch.model].endpoint
        if name not in self.services:
            self.services[name] = Service(self.workspace, name)
        return self.services[name]

    def save(self, batch: Batch, **changes) -> Batch:
        return files.save(self.batches, batch, **changes)

    def end(self, batch: Batch, ending: str) -> None:
        """Note how a batch has ended; its file, which nobody should run any more, goes."""
        self.save(batch, state="ended", ending=ending)
        files.path_of(self.workspace, batch.number).unlink(missing_ok=True)

    def each(self, act: Callable[["Desk", Batch], str], *states: str) -> Iterator[str]:
        """Yield what is said of each batch in some states; one's Problem does not keep the others.

        All of them are raised as one at the end.
        """
        problems = []
        for batch in files.read_batches(self.batches, *states):
            try:
                yield act(self, batch)
            except Problem as problem:
                problems.append(str(problem))
        if problems:
            raise Problem("\n".join(dict.fromkeys(problems)))


@contextmanager
def _open(workspace: Workspace) -> Iterator[Desk]:
    if workspace.study.respondents != "live":
        raise Problem("Only a study with respondents: live is asked by batch file.")
    path = workspace.raw / archive.FILE
    with files.open_batches(workspace) as batches, archive.open_archive(path) as archived:
        with archive.lock(path):
            yield Desk(workspace, batches, archived)


def submit(workspace: Workspace) -> Iterator[str]:
    """Send the batch files that wait, as far as their models' queues have room; yield sentences.

    Problem where a service refuses one, or when the cap has no room for them any more.
    """
    with _open(workspace) as desk:
        budget, cap = files.open_budget(workspace, desk.archived), workspace.study.cap
        most = budget.usd + budget.reserved
        is_over = cap and cap.usd is not None and most > cap.usd + 1e-9
        if is_over or (cap and cap.calls is not None and budget.calls > cap.calls):
            what = f"{budget.calls:,} calls and ${most:,.2f} with all that is in batch files"
            mend = "raise it, or take the files back (`alignment batch cancel`)"
            raise Problem(f"The study's cap is exceeded ({what}): {mend}.")
        yield from desk.each(_send, *UNSENT)


def fetch(workspace: Workspace, paths: list[Path]) -> Iterator[str]:
    """Archive what jobs that have ended brought, or what files of results hold; yield sentences.

    Problem for a job that was refused as a whole or brought no reply, and for lines of results that
    are none of this study's.
    """
    with _open(workspace) as desk:
        if paths:
            yield from _take(desk, paths)
        else:
            yield from desk.each(_look_after, "creating", "sent")


def cancel(workspace: Workspace) -> Iterator[str]:
    """Take back batch files that were not sent, and end the jobs of the others; yield sentences."""
    with _open(workspace) as desk:
        yield from desk.each(_cancel, *UNSENT, "sent")


def submit_and_wait(workspace: Workspace) -> Iterator[str]:
    """Submit and fetch until nothing is under way any more; yield sentences when they change."""
    said, is_under_way = set(), True
    while is_under_way:
        for act in (submit(workspace), fetch(workspace, [])):
            for sentence in act:
                if sentence not in said:
                    said.add(sentence)
                    yield sentence
        with files.open_batches(workspace) as batches:
            is_under_way = bool(files.read_batches(batches, *UNSENT, "sent"))
        time.sleep(PAUSE if is_under_way else 0.0)


def _send(desk: Desk, batch: Batch) -> str:
    """Send a batch, from wherever an earlier process left off; its job's id is then on disk."""
    study, service = desk.workspace.study, desk.service(batch)
    if batch.state == "creating":
        batch = _find_again(desk, batch)
    if batch.state == "sent":
        return f"{batch.name}: begun earlier, as {batch.job}."
    matching = files.find_requests(study, desk.batches, "batch = ?", [batch.number])
    if wrong := next((custom_id for custom_id, _, request in matching if request is None), None):
        why = "no longer matches: the study has changed since it was written"
        raise Problem(f"{batch.name}: {wrong} {why}. `alignment batch cancel` takes it back.")
    if full := _describe_queue(desk, batch):
        return full
    if batch.state == "written":
        path = files.write_file(desk.workspace, desk.batches, batch.number)
        file = service.upload(path, f"{study.name}-{path.name}")
        batch = desk.save(batch, state="uploaded", input_file=file)
    batch = desk.save(batch, state="creating", since=time.time())
    try:
        job = service.create(batch.input_file, study.name, f"{batch.number:04}.jsonl")
    except Problem as problem:
        error = problem.__cause__
        if isinstance(error, openai.APIStatusError) and error.status_code < 500:
            desk.save(batch, state="written", input_file="")  # else it may have begun all the same
        raise
    batch = desk.save(batch, state="sent", job=job)
    return f"{batch.name}: sent, as {job}."


def _find_again(desk: Desk, batch: Batch) -> Batch:
    """Return a batch of which an earlier process did not learn whether its job was created."""
    job = desk.service(batch).find(batch.input_file, batch.since)
    return desk.save(batch, state="sent" if job else "uploaded", job=job)


def _describe_queue(desk: Desk, batch: Batch) -> str:
    """Say that a batch has to wait for others of its model; nothing where there is room."""
    limits = desk.workspace.study.batches(batch.model) or schema.Batch()
    query = """select coalesce(sum(tokens), 0) from requests join batches on batch = number
        where model = ? and (number = ? or state = 'sent' or state = 'creating')"""
    queued = desk.batches.execute(query, [batch.model, batch.number]).fetchone()[0]
    if limits.queued_tokens is None or queued <= limits.queued_tokens:
        return ""
    others = [b for b in files.read_batches(desk.batches, "sent") if b.model == batch.model]
    return f"{batch.name}: waits for room in the queue, as {len(others)} are before it."


def _look_after(desk: Desk, batch: Batch, giving_up: bool = False) -> str:
    """Ask how far a job is, and archive what it brought when it has ended; return a sentence.

    Lines that no longer match keep a batch under way, so that nothing paid is lost; with
    `giving_up` they count as lost.
    """
    if batch.state == "creating":
        batch = _find_again(desk, batch)
    if batch.state != "sent":
        return f"{batch.name}: was not begun; `alignment batch submit` sends it."
    service = desk.service(batch)
    job = service.retrieve(batch.job)
    if job.status == "failed":
        return _give_back(desk, batch, job)
    counts = job.request_counts
    if job.status not in ENDED:
        far = f", {counts.completed:,} of {counts.total:,} done" if counts else ""
        return f"{batch.name}: {job.status}{far}."
    ids = {"output": job.output_file_id, "errors": job.error_file_id}
    paths = [
        service.download(file, files.path_of(desk.workspace, batch.number, f"{name}.jsonl"))
        for name, file in ids.items()
        if file
    ]
    delivery = results.deliver(desk.workspace, paths, desk.batches, desk.archived)
    said = f"{batch.name}: {job.status}; {delivery.describe()}"
    if delivery.refused and not giving_up:
        mend = "set the study file back and fetch again; `alignment batch cancel` gives it up"
        raise Problem(f"{said}. Refused: {delivery.describe_refused()}. If that was you, {mend}.")
    count = "select count(*) from requests where batch = ? and "
    arrived = desk.batches.execute(f"{count} outcome = 'reply'", [batch.number]).fetchone()[0]
    silent = (counts.completed if counts else 0) - arrived
    study = desk.workspace.study
    lost = results.count_as_lost(study, batch, silent, desk.batches, desk.archived)
    missing = f"{count} coalesce(outcome, 'not run') = 'not run'"
    n = desk.batches.execute(missing, [batch.number]).fetchone()[0]
    desk.end(batch, job.status)
    said += f"; {lost:,} charged without a word" if lost else ""
    if not arrived:
        raise Problem(f"{said}. It brought no reply at all.")
    return f"{said}; {n:,} missing again." if n else f"{said}."


def _give_back(desk: Desk, batch: Batch, job: Job) -> str:
    """Take back a job that its service refused as a whole; nothing of it was run.

    Where only the queue was full the file waits to be sent again; else its requests are missing.
    """
    errors = (job.errors.data if job.errors else None) or []
    told = "; ".join(f"{error.code}: {error.message}" for error in errors[: results.SHOWN])
    if errors and all(error.code == QUEUE_IS_FULL for error in errors):
        desk.save(batch, state="written", input_file="", job="")
        if any(b.model == batch.model for b in files.read_batches(desk.batches, "sent")):
            return f"{batch.name}: the queue was full ({told}); it is sent again later."
        mend = "submit again later; or cancel, and set queued_tokens under batch: of the model"
        raise Problem(f"{batch.name}: the queue was full ({told}): {mend}.")
    desk.end(batch, f"failed: {told}")
    raise Problem(f"{batch.name}: the service refused the file ({told or 'without a word'}).")


def _take(desk: Desk, paths: list[Path]) -> Iterator[str]:
    """Archive files of results; a batch all of whose requests have an outcome has ended."""
    if gone := [path.name for path in paths if not path.is_file()]:
        raise Problem(f"There is no file {', '.join(gone)}.")
    delivery = results.deliver(desk.workspace, paths, desk.batches, desk.archived)
    yield f"{delivery.describe()}."
    for batch in files.read_batches(desk.batches, *UNSENT, "sent"):
        query = "select count(*), count(outcome) from requests where batch = ?"
        total, done = desk.batches.execute(query, [batch.number]).fetchone()
        if done == total:
            desk.end(batch, "results from a file")
        elif done:
            yield f"{batch.name}: {total - done:,} of {total:,} requests are still under way."
    if delivery.refused:
        raise Problem(f"Refused: {delivery.describe_refused()}.")


def _cancel(desk: Desk, batch: Batch) -> str:
    """Take back a batch that was not sent, or end its job; one that has ended is fetched."""
    if batch.state == "creating":
        batch = _find_again(desk, batch)
    if batch.state != "sent":
        desk.end(batch, "taken back")
        return f"{batch.name}: taken back before it was sent."
    service = desk.service(batch)
    if service.retrieve(batch.job).status in (*ENDED, "failed"):
        return _look_after(desk, batch, giving_up=True)
    service.cancel(batch.job)
    return f"{batch.name}: asked to end; `alignment batch fetch` brings what it answered."
