"""By batch file, too, every planned cell is answered once, and the bill is right."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import BaseModel, ConfigDict

from alignment import cli
from alignment.asking import answers, archive, collection, plan
from alignment.asking.batches import files, jobs
from alignment.asking.histories import Histories
from alignment.runner import plan_preview
from alignment.study import schema
from alignment.study.workspace import Workspace
from batch_service import BatchService, as_lines, expired, failed, reply_to
from servers import Faulty, serve
from three_statements import live, relevance
from utils.errors import Problem

MODEL = "sim-us-1"
LIVE, HALF = schema.Price(input=2.0, output=20.0), schema.Price(input=1.0, output=10.0)
COST = (100 * 1.0 + 10 * 10.0) / 1e6  # US dollars of a reply at the price of batch files


def by_file(here: Workspace, address: str = "http://127.0.0.1:1", cap=None, **limits) -> Workspace:
    """The same study, one of whose models is asked by batch file; its files have 20 requests."""
    batch = schema.Batch(price=HALF, **{"requests": 20} | limits)
    models = {n: m.model_copy(update={"price": LIVE}) for n, m in here.study.models.items()}
    models[MODEL] = models[MODEL].model_copy(update={"batch": batch})
    return live(here, address, models=models, cap=cap or schema.Cap(usd=100.0))


def cells_of(here: Workspace) -> pd.DataFrame:
    """36 relevance cells of one model: three statements, six dimensions, two languages."""
    return relevance(here, 1).query("model == @MODEL")


def write(here: Workspace) -> None:
    with pytest.raises(Problem, match="Replies are to come by batch file"):
        answers.collect(here, cells_of(here))


def rows(here: Workspace, columns: str) -> list[tuple]:
    with archive.open_archive(here.raw / archive.FILE) as connection:
        return connection.execute(f"select {columns} from replies order by id").fetchall()


def spending(here: Workspace) -> tuple[int, float]:
    with archive.open_archive(here.raw / archive.FILE) as connection:
        return archive.sum_spending(connection)


def run(act, *arguments) -> tuple[list[str], str]:
    """What a command says, and the problem with which it ends."""
    said = []
    try:
        for sentence in act(*arguments):
            said.append(sentence)
    except Problem as problem:
        return said, str(problem)
    return said, ""


def until_done(here: Workspace, rounds: int = 8) -> tuple[pd.DataFrame, list[str]]:
    """Collect, submit and fetch as a person would; the answers, and all that was said."""
    said = []
    for _ in range(rounds):
        try:
            return answers.collect(here, cells_of(here)), said
        except Problem as problem:
            said.append(str(problem))
        for act in (jobs.submit, jobs.fetch):
            sentences, problem = run(act, here, *([[]] if act is jobs.fetch else []))
            said += [*sentences, problem]
    raise AssertionError("\n".join(said))


def all_is_right(
    here: Workspace, service: BatchService, frame: pd.DataFrame, lost: int = 0
) -> None:
    """Each planned cell has one reply in the archive, and the bill is what was charged."""
    texts = plan.read_texts(here)
    planned = collection.cell_keys(here, cells_of(here), texts)
    replied = [key for (key,) in rows(here, "case when text is not null then key end") if key]
    assert sorted(replied) == sorted(planned) and set(frame["state"]) == {"answered"}
    charged = sum(service.charged.values()) - lost
    assert sum(c or 0 for (c,) in rows(here, "cost")) == pytest.approx(charged * COST)
    assert sum(l or 0 for (l,) in rows(here, "lost")) == lost
    assert spending(here)[1] >= sum(service.charged.values()) * COST - 1e-9
    assert files.sum_waiting(here) == (0, 0)


def test_cells_leave_by_file_and_come_back_at_the_price_of_batches(here):
    service = BatchService()
    with serve(service) as address:
        asked = by_file(here, address)
        frame, said = until_done(asked)
    all_is_right(asked, service, frame)
    assert len(service.jobs) == 2 and max(service.charged.values()) == 1
    assert spending(asked) == (36, pytest.approx(36 * COST))
    assert "0001.jsonl (sim-us-1, relevance): completed; 20 replies." in said
    sent = {job["metadata"]["file"] for job in service.jobs.values()}
    assert sent == {"0001.jsonl", "0002.jsonl"}


class Line(BaseModel):
    """A line of a batch file: `BatchRequestInput` of OpenAI's API description 2.3.0 and of vLLM.

    Both have these fields as text; vLLM's has the body as the request of a chat completion, too.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    custom_id: str
    method: str
    url: str
    body: CompletionCreateParamsNonStreaming


def test_a_line_has_the_published_format_and_the_body_that_is_sent_live(here):
    asked = by_file(here)
    write(asked)
    lines = (asked.raw / "batches" / "0001.jsonl").read_bytes().splitlines()
    seen = [Line.model_validate_json(line, strict=False) for line in lines]
    assert {(line.method, line.url) for line in seen} == {("POST", "/v1/chat/completions")}
    assert len({line.custom_id for line in seen}) == len(seen) == 20
    assert max(len(line.custom_id) for line in seen) <= 64
    wrong = json.loads(lines[0]) | {"prompt": "x"}
    with pytest.raises(ValueError, match="prompt"):
        Line.model_validate(wrong)
    bodies = {json.dumps(json.loads(line)["body"]) for line in lines}
    cells, texts = cells_of(here), plan.read_texts(here)
    ask_live = live(here, "", models=here.study.models)
    keys = collection._key_array(ask_live, cells, texts)
    histories = Histories.of(keys).at(keys)
    requests = collection._open_requests(ask_live, cells, histories, texts)
    assert bodies <= {json.dumps(json.loads(r.body(ask_live.study))) for r in requests}


@pytest.mark.parametrize(
    ("limits", "sizes"),
    [
        ({"requests": 36}, [36]),
        ({"requests": 7}, [7, 7, 7, 7, 7, 1]),
        ({"requests": 36, "megabytes": 0.01}, None),
        ({"requests": 36, "queued_tokens": 900}, None),
    ],
)
def test_no_file_is_over_a_limit_and_together_they_hold_every_cell_once(here, limits, sizes):
    asked = by_file(here, **limits)
    write(asked)
    paths = sorted((asked.raw / "batches").glob("*.jsonl"))
    lines = [path.read_bytes().splitlines(keepends=True) for path in paths]
    assert [len(own) for own in lines] == sizes or sizes is None and len(lines) > 2
    ids = [json.loads(line)["custom_id"] for own in lines for line in own]
    assert len(set(ids)) == len(ids) == 36
    with files.open_batches(asked) as batches:
        query = "select sum(tokens), sum(length(body)) from requests group by batch"
        tokens = [tokens for tokens, _ in batches.execute(query)]
    assert max(tokens) <= limits.get("queued_tokens", 10**9)
    assert max(path.stat().st_size for path in paths) <= 1e6 * limits.get("megabytes", 200)


def test_a_request_over_a_limit_is_named(here):
    with pytest.raises(Problem, match=r"demo\.[0-9a-f]{32}\.1 alone .* is over a limit"):
        answers.collect(by_file(here, megabytes=0.0001), cells_of(here))


def half_failed(number: int, lines: list[dict]):
    """Of the first job, a half comes, shuffled; the others have an error or were not run."""
    if number > 1:
        return "completed", [reply_to(line) for line in lines], []
    output = [reply_to(line) for line in lines[::2]]
    random.Random(number).shuffle(output)
    errors = [failed(line, 500, "overloaded") for line in lines[1::4]]
    return "expired", output, errors + [expired(line) for line in lines[3::4]]


def doubled(number: int, lines: list[dict]):
    output = [reply_to(line) for line in lines]
    return "completed", random.Random(number).sample(output, len(output)) + output[:5], []


def refused_first(number: int, lines: list[dict]):
    if number == 0:
        return "failed", [{"code": "token_limit_exceeded", "message": "Enqueued token limit"}]
    return "completed", [reply_to(line) for line in lines], []


def refused_as_a_whole(number: int, lines: list[dict]):
    if number == 0:
        return "failed", [{"code": "invalid_json_line", "message": "not valid"}]
    return "completed", [reply_to(line) for line in lines], []


def nothing_but_errors(number: int, lines: list[dict]):
    if number < 2:
        return "completed", [], [failed(line) for line in lines]
    return "completed", [reply_to(line) for line in lines], []


ENDINGS = {
    "half failed, shuffled, expired": (half_failed, "10 replies, 5 failed, 5 not run (mostly: "),
    "delivered twice": (doubled, "20 replies, 5 that had come before"),
    "the queue is full, seen on retrieval": (refused_first, "the queue was full"),
    "refused as a whole": (refused_as_a_whole, "the service refused the file (invalid_json_line"),
    "an error file alone": (nothing_but_errors, "It brought no reply at all"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_however_jobs_end_each_cell_is_answered_once_and_the_bill_is_right(here, name):
    ending, sentence = ENDINGS[name]
    service = BatchService(ending)
    with serve(service) as address:
        asked = by_file(here, address)
        frame, said = until_done(asked)
    all_is_right(asked, service, frame)
    assert any(sentence in line for line in said), said
    assert max(service.charged.values()) == 1


def test_replies_that_were_charged_and_never_came_count_with_the_most_they_can_have_cost(here):
    class Forgetful(BatchService):
        def end(self, job, cancelled=False):
            super().end(job, cancelled)
            if job["number"] == 0:  # three lines of its results are lost, and counted as done
                name = job["output_file_id"]
                self.files[name] = as_lines(
                    [json.loads(l) for l in self.files[name].splitlines()][3:]
                )

    service = Forgetful()
    with serve(service) as address:
        asked = by_file(here, address)
        frame, said = until_done(asked)
    all_is_right(asked, service, frame, lost=3)
    assert any("; 3 charged without a word." in line for line in said), said


def test_a_cancelled_job_brings_what_it_answered_and_gives_the_rest_back(here):
    service = BatchService()
    service.looks = 1
    with serve(service) as address:
        asked = by_file(here, address)
        write(asked)
        run(jobs.submit, asked)
        assert "in_progress" in run(jobs.fetch, asked, [])[0][0]
        service.looks = 100
        said, _ = run(jobs.cancel, asked)
        assert len(said) == 2 and "asked to end" in said[0]
        said, _ = run(jobs.fetch, asked, [])
        assert said[0].endswith("cancelled; 10 replies, 10 not run; 10 missing again.")
        assert spending(asked) == (18, pytest.approx(18 * COST))
        service.looks = 0
        frame, _ = until_done(asked)
    all_is_right(asked, service, frame)


def test_files_that_were_not_sent_are_taken_back_without_a_service(here):
    asked = by_file(here)
    write(asked)
    assert files.sum_waiting(asked).calls == 36
    assert "taken back before it was sent" in run(jobs.cancel, asked)[0][1]
    assert files.sum_waiting(asked) == (0, 0)
    assert not list((asked.raw / "batches").glob("*.jsonl"))  # nobody runs them by mistake


def test_a_cell_that_fails_by_file_as_often_as_there_are_attempts_is_failed(here):
    service = BatchService(lambda _, lines: ("completed", [], [failed(line) for line in lines]))
    with serve(service) as address:
        frame, said = until_done(by_file(here, address, requests=36))
    assert set(frame["state"]) == {"failed"} and len(service.jobs) == here.study.attempts
    assert any("mostly: status 400" in line or "no such field" in line for line in said)


# Results that were made elsewhere, as with `vllm run-batch`.


def results_of(here: Workspace, *numbers: int) -> list[dict]:
    paths = [here.raw / "batches" / f"{number:04}.jsonl" for number in numbers]
    return [reply_to(json.loads(l)) for path in paths for l in path.read_bytes().splitlines()]


def test_results_from_another_machine_come_in_any_order_in_parts_and_twice(here, tmp_path):
    asked, path = by_file(here), tmp_path / "results.jsonl"
    write(asked)
    results, rng = results_of(asked, 1, 2), random.Random(0)
    rng.shuffle(results)
    for part in (results[:25], results, results[10:] + results[:10]):
        path.write_bytes(as_lines(part))
        said, problem = run(jobs.fetch, asked, [path])
        assert not problem
    assert said == ["0 replies, 36 that had come before."]
    service = BatchService()
    service.charged.update(line["custom_id"] for line in results)
    all_is_right(asked, service, answers.collect(asked, cells_of(asked)))


def test_results_in_the_shape_of_vllm_are_read_its_errors_too(here, tmp_path):
    asked, path = by_file(here, requests=36), tmp_path / "results.jsonl"
    write(asked)
    results = results_of(asked, 1)
    for number, line in enumerate(results):  # as `BatchRequestOutput` of vLLM's protocol
        line["id"] = f"vllm-{number}"
        line["response"] |= {"request_id": f"vllm-batch-{number}"}
    error = {"object": "error", "message": "too long", "type": "BadRequestError"}
    error |= {"param": None, "code": 400}
    first = results[0]["response"] | {"status_code": 400, "body": None}
    newer = {"error": {name: error[name] for name in ("message", "type", "param", "code")}}
    results[0] |= {"response": first, "error": error}
    results[1] |= {"response": results[1]["response"] | {"status_code": 400, "body": None}}
    results[1] |= {"error": newer}
    path.write_bytes(as_lines(results))
    said, problem = run(jobs.fetch, asked, [path])
    assert said[0].startswith("34 replies, 2 failed (mostly: ") and not problem
    errors = [error for (error,) in rows(asked, "error") if error]
    assert len(errors) == 2 and all("too long" in error for error in errors)


def test_a_reply_made_twice_is_charged_twice_and_changes_no_answer(here, tmp_path):
    asked, path, service = by_file(here), tmp_path / "results.jsonl", BatchService()
    write(asked)
    twice = results_of(asked, 1, 2), results_of(asked, 1, 2)  # the same files, run a second time
    for results in twice:
        path.write_bytes(as_lines(results))
        service.charged.update(line["custom_id"] for line in results)
        said, _ = run(jobs.fetch, asked, [path])
    assert said == ["0 replies, 36 to a request that had its reply, and charged."]
    all_is_right(asked, service, answers.collect(asked, cells_of(asked)))
    assert spending(asked) == (72, pytest.approx(72 * COST))


def test_lines_that_are_none_of_this_studys_are_refused_by_name(here, tmp_path):
    asked, path = by_file(here), tmp_path / "results.jsonl"
    write(asked)
    results = results_of(asked, 1)
    name = results[0]["custom_id"]
    other, unknown = name.replace("demo", "paper"), f"demo.{'0' * 32}.1"
    strange = [results[0] | {"custom_id": other}, results[0] | {"custom_id": unknown}]
    path.write_bytes(as_lines([*strange, *results[1:]]) + b"half a li")
    said, problem = run(jobs.fetch, asked, [path])
    assert f"{other} is of another study (paper)" in problem
    assert f"{unknown} is of no batch file of this study" in problem
    assert "line 22 of results.jsonl is no result" in problem
    assert said[0] == "19 replies." and len(rows(asked, "key")) == 19


def with_other_sampling(asked):
    """The study after somebody has changed its file."""
    sampling = schema.Sampling(temperature=0.5)
    return replace(asked, study=asked.study.model_copy(update={"sampling": sampling}))


def test_what_no_longer_matches_is_refused_by_name_and_neither_sent_nor_lost(here):
    service = BatchService()
    with serve(service) as address:
        asked = by_file(here, address)
        changed = with_other_sampling(asked)
        write(asked)
        _, problem = run(jobs.submit, changed)
        assert "no longer matches" in problem and "demo." in problem and not service.jobs
        run(jobs.submit, asked)
        _, problem = run(jobs.fetch, changed, [])
        assert problem.count("no longer matches") == 2 * 5 and not rows(asked, "key")
        assert files.sum_waiting(asked).calls == 36  # they stay set aside
        frame, _ = until_done(asked)
        all_is_right(asked, service, frame)


def test_giving_up_what_no_longer_matches_counts_what_was_charged(here):
    service = BatchService()
    with serve(service) as address:
        asked = by_file(here, address)
        changed = with_other_sampling(asked)
        write(asked)
        run(jobs.submit, asked)
        run(jobs.fetch, changed, [])
        most = files.sum_waiting(asked).usd
        run(jobs.cancel, changed)
    assert spending(asked)[1] == pytest.approx(most) and files.sum_waiting(asked) == (0, 0)


# The cap and the plan.


def test_what_is_in_flight_is_set_aside_under_the_cap(here):
    free = by_file(here)
    write(free)
    most = files.sum_waiting(free).usd
    shutil.rmtree(free.raw / "batches")
    for path in free.raw.glob("*.sqlite*"):
        path.unlink()
    service = BatchService()
    with serve(service) as address:
        asked = by_file(here, address, cap=schema.Cap(usd=most / 2))
        with pytest.raises(Problem, match="no room for 19 more"):
            answers.collect(asked, cells_of(asked))
        assert 0 < files.sum_waiting(asked).usd <= most / 2
        assert "17 requests in batch files" in plan_preview.describe_cap(asked)
        others = relevance(asked, 1).query("model == 'sim-us-2'")
        with pytest.raises(Problem, match="cap is reached"):
            answers.collect(asked, others)
        frame, _ = until_done(asked)
        assert spending(asked)[1] <= most / 2
    all_is_right(asked, service, frame)


def test_a_cap_that_was_lowered_keeps_files_from_being_sent(here):
    write(by_file(here))
    low = by_file(here, cap=schema.Cap(usd=0.001))
    assert "cap is exceeded (36 calls" in run(jobs.submit, low)[1]


def test_the_plan_knows_the_price_of_batches(here):
    asked = by_file(here)
    sizes = dict.fromkeys(asked.study.steps, 0) | {"relevance": 3}
    table = plan.plan_calls(asked.study, sizes, dict.fromkeys(sizes, 1))
    cost = table.query("step == 'relevance'").groupby("model")["usd_high"].sum()
    assert cost[MODEL] == pytest.approx(cost["sim-us-2"] / 2) and cost[MODEL] > 0


def test_queued_tokens_are_never_more_than_the_study_says(here):
    service = BatchService()
    service.looks = 1
    with serve(service) as address:
        asked = by_file(here, address, requests=36, queued_tokens=3000)
        write(asked)
        with files.open_batches(asked) as batches:
            written = len(files.read_batches(batches, "written"))
        said, _ = run(jobs.submit, asked)
        waits = [line for line in said if "waits for room in the queue" in line]
        assert written > 1 and len(service.jobs) == written - len(waits) == 1
        frame, _ = until_done(asked, rounds=30)
    all_is_right(asked, service, frame)


def test_other_models_are_asked_live_beside_it(here):
    from alignment.asking import simulation

    server = Faulty(simulation.app(here))
    with serve(server) as address:
        asked = by_file(here, address)
        cells = relevance(asked, 1)
        with pytest.raises(Problem, match="36 requests"):
            answers.collect(asked, cells)
        assert sum(server.answered.values()) == len(cells) - 36 == 108
        with pytest.raises(Problem, match="36 requests"):  # nothing is written or asked again
            answers.collect(asked, cells)
        assert sum(server.answered.values()) == 108


def test_submit_waits_until_all_has_come_and_the_command_says_so(here, monkeypatch, capsys):
    monkeypatch.setattr(jobs, "PAUSE", 0.01)
    service = BatchService()
    service.looks = 2
    with serve(service) as address:
        asked = by_file(here, address)
        write(asked)
        monkeypatch.setattr(cli, "_open", lambda chosen: asked)
        assert cli.main(["batch", "submit", "demo", "--wait"]) == 0
    out = capsys.readouterr().out
    assert out.count("in_progress") == 2 and out.count("completed; ") == 2
    assert cli.main(["batch", "cancel", "demo", "--wait"]) == 1


def test_a_key_is_sent_to_the_service_and_never_shown(here, monkeypatch, capsys):
    monkeypatch.setenv("OWN_KEY", "sk-own-0123456789abcdef")
    keys = []

    class Locked(BatchService):
        def obey(self, method, parts, content, headers):
            keys.append(headers.get(b"authorization"))
            return 401, {"error": {"message": "Incorrect API key: sk-own-0123456789abcdef"}}

    with serve(Locked()) as address:
        asked = by_file(here, address)
        endpoint = asked.study.endpoints["simulated"].model_copy(update={"key": "OWN_KEY"})
        study = asked.study.model_copy(update={"endpoints": {"simulated": endpoint}})
        asked = replace(asked, study=study)
        write(asked)
        _, problem = run(jobs.submit, asked)
    assert set(keys) == {b"Bearer sk-own-0123456789abcdef"}
    assert "the key was refused" in problem and "0123456789" not in problem


# Killed between every two steps.

CHILD = """
import os, signal, sys
from alignment.asking import answers, archive
from alignment.asking.batches import files, jobs, service
from alignment.study import paths
from pathlib import Path
sys.path.insert(0, sys.argv[3])
import test_batches as t
from alignment.study import loader
from alignment.study.workspace import Workspace
from utils.errors import Problem

paths.ROOT = Path(sys.argv[1])
here = t.by_file(Workspace(loader.load("demo"), "demo"), sys.argv[2])
steps = 0

def step():
    global steps
    steps += 1
    if steps == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

def around(owner, name):
    whole = getattr(owner, name)
    def stepped(*arguments, **named):
        result = whole(*arguments, **named)
        step()
        return result
    setattr(owner, name, stepped)

for owner, name in [(files, "write_file"), (files, "_add"), (files, "save"),
                    (archive, "add_records"), (service.Service, "upload"),
                    (service.Service, "create"), (service.Service, "retrieve"),
                    (service.Service, "download"), (service.Service, "find")]:
    around(owner, name)

for line in sys.stdin:
    kill_at = int(line)
    child = os.fork()
    if child == 0:
        t.until_done(here)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


def test_killed_between_any_two_steps_it_asks_nothing_twice_and_loses_nothing(here, tmp_path):
    service, kills, ended = BatchService(), 0, -signal.SIGKILL
    with serve(service) as address:
        command = [sys.executable, "-c", CHILD, str(tmp_path), address, os.path.dirname(__file__)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        child = subprocess.Popen(command, env=environment, **pipes)

        def advance(kill_at: int) -> int:
            child.stdin.write(f"{kill_at}\n")
            child.stdin.flush()
            return int(child.stdout.readline())

        asked = by_file(here, address)
        try:
            while ended == -signal.SIGKILL:
                kills += 1
                service.__init__()
                shutil.rmtree(asked.raw / "batches", ignore_errors=True)
                for path in asked.raw.glob("*.sqlite*"):
                    path.unlink()
                ended = advance(kills)
                frame, _ = until_done(asked)  # it goes on from there
                run(jobs.fetch, asked, [])  # where it was killed with all replies in the archive
                all_is_right(asked, service, frame)
                assert max(service.charged.values()) == 1 and len(service.jobs) == 2, kills
        finally:
            child.stdin.close()
            child.wait(10)
    assert kills > 20 and ended == 0
