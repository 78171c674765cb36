"""The live client against a real server: polite, keeping every response, never asking twice."""

import csv
import json
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from hashlib import sha256

import pytest
from werkzeug import Response

from alignment.kialo.client import fetch_debates, scrape
from alignment.kialo.responses import read_responses
from alignment.study.paths import ROOT
from kialo_server import Kialo, as_json, graph
from utils.errors import Problem


def truncated(request):
    whole = json.dumps(graph("105"))
    response = Response(whole[:40], mimetype="application/json")
    response.automatically_set_content_length = False
    response.headers["Content-Length"] = str(len(whole))
    return response


def cut(request):
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response("")


def page(request):
    return Response("<html>Please wait ...</html>", mimetype="text/html")


def status(number, **headers):
    return lambda request: Response(
        "", number, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


GRAPH_105 = "/api/v1/discussiongraph?discussionId=105"


@pytest.fixture
def kialo(httpserver, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    return Kialo(httpserver)


def texts(folder):
    return read_responses(folder)[1][["statement_id", "text", "votes"]].values.tolist()


def expected(debates):
    return [[f"{d}.3", f"Cat {d} may vote.", 1 + int(d) % 7] for d in debates]


def test_all_pages_all_graphs_and_all_votes_are_fetched_once(kialo, tmp_path):
    told = []
    assert (
        scrape(kialo.settings(), tmp_path, progress=lambda done, total: told.append((done, total)))
        == []
    )
    debates, _ = read_responses(tmp_path)
    assert debates["title"].tolist() == [f"Cat {d}" for d in kialo.debates]
    assert texts(tmp_path) == expected(kialo.debates)
    assert told == [(n, 25) for n in range(1, 26)]
    assert len(kialo.asked) == 1 + 3 + 2 * 25 and max(Counter(kialo.asked).values()) == 1


def test_every_answer_is_kept_as_it_came_with_its_address_time_and_hash(kialo, tmp_path):
    scrape(kialo.settings(), tmp_path)
    with open(tmp_path / "responses.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(kialo.asked)
    for row in rows:
        assert sha256((tmp_path / row["file"]).read_bytes()).hexdigest() == row["sha256"]
        assert row["url"].startswith(kialo.server.url_for("")) and row["status"] == "200"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", row["time"])


def test_a_second_run_asks_for_nothing(kialo, tmp_path):
    scrape(kialo.settings(), tmp_path)
    before = len(kialo.asked)
    told = []
    scrape(kialo.settings(), tmp_path, progress=lambda *state: told.append(state))
    assert len(kialo.asked) == before and told[-1] == (25, 25)


def test_an_interrupted_run_resumes_where_it_stopped(kialo, tmp_path):
    def stop(done, total):
        if done == until:
            raise KeyboardInterrupt

    for until in range(1, 25, 4):
        with pytest.raises(KeyboardInterrupt):
            scrape(kialo.settings(), tmp_path, progress=stop)
        (tmp_path / "graphs" / f".{100 + until}.json.part").write_text("half a file")
    scrape(kialo.settings(), tmp_path)
    assert max(Counter(kialo.asked).values()) == 1
    assert texts(tmp_path) == expected(kialo.debates)


PROGRAM = """
import sys, json
from pathlib import Path
from alignment.kialo.client import scrape
from alignment.study.schema import Debates
scrape(Debates.model_validate_json(sys.argv[1]), Path(sys.argv[2]))
"""


def killed(kialo, folder, kills, rng, **settings):
    """Start the client again and again, and kill it at random: as it starts, asks, waits, writes."""
    command = [
        sys.executable,
        "-c",
        PROGRAM,
        kialo.settings(**settings).model_dump_json(),
        str(folder),
    ]
    share = (
        0.9 * (3 + 2 * len(kialo.debates)) / kills
    )  # requests from one kill to the next, so that none comes too late
    for number in range(kills):
        target = share * (number + rng.random())
        process = subprocess.Popen(
            command, cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src"), "NO_PROXY": "*"}
        )
        while len(kialo.asked) < target and process.poll() is None:
            time.sleep(0.001)
        time.sleep(0.05 * rng.random() if number % 4 else 0)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


def whole_answers(folder, debates):
    """Every answer on disk is whole: what was kept is what was sent, and no half file counts."""
    for kind in ("graphs", "votes"):
        for path in (folder / kind).glob("[!.]*.json"):
            json.loads(path.read_text())
    return {p.stem for p in (folder / "graphs").glob("[!.]*")} == set(debates)


def test_a_killed_run_loses_nothing_and_asks_for_at_most_the_answer_that_was_under_way(
    kialo, tmp_path
):
    kialo.debates = [str(n) for n in range(100, 220)]
    killed(kialo, tmp_path, 6, random.Random(1), limit=50)
    scrape(kialo.settings(limit=50), tmp_path)
    assert texts(tmp_path) == expected(kialo.debates) and whole_answers(tmp_path, kialo.debates)
    assert sum(Counter(kialo.asked).values()) - len(set(kialo.asked)) <= 6


FAULTS = [
    lambda: [status(429, Retry_After="0")], lambda: [status(500)],
    lambda: [status(503), status(500)], lambda: [truncated], lambda: [cut], lambda: [page], lambda: [page, truncated],
]  # fmt: skip


def test_faults_of_every_kind_at_once_change_nothing(kialo, tmp_path):
    faulty(kialo, tmp_path, debates=90, kills=0, every=4, seed=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_1534_debates_24_kills_and_hundreds_of_faults_end_in_the_same_statements(
    kialo, tmp_path, seed
):
    faulty(kialo, tmp_path, debates=1534, kills=24, every=20, seed=seed)


def faulty(kialo, folder, debates, kills, every, seed):
    """Collect under faults and kills, with some debates turned private; compare with the plan."""
    rng = random.Random(seed)
    kialo.debates = [str(n) for n in range(1000, 1000 + debates)]
    kialo.private = set(kialo.debates[7::101])
    waiting, planned = 0, {}
    for debate in kialo.debates[1::every]:
        if debate not in kialo.private:
            votes = f"/api/v1/discussions/{debate}/perspectives/1/votes?filter=all"
            address = rng.choice([f"/api/v1/discussiongraph?discussionId={debate}", votes])
            planned[address] = kialo.faults[address] = rng.choice(FAULTS)()
            waiting += len(planned[address])
    if kills:
        killed(kialo, folder, kills, rng, limit=500)
    assert set(scrape(kialo.settings(limit=500), folder)) == kialo.private
    open_ = [d for d in kialo.debates if d not in kialo.private]
    assert texts(folder) == expected(open_) and whole_answers(folder, kialo.debates)
    assert not any(planned.values())  # each planned fault was met
    twice = Counter(kialo.asked)
    assert sum(twice.values()) - len(twice) <= kills + waiting
    assert max(n for address, n in twice.items() if address not in planned) <= 2
    asked = len(kialo.asked)
    scrape(kialo.settings(limit=500), folder)
    assert len(kialo.asked) == asked


@pytest.mark.parametrize(
    "faults",
    [
        [status(500)],
        [status(503), status(500)],
        [truncated],
        [truncated, page],
        [page, page],
        [cut],
        [cut, cut],
    ],
)
def test_a_passing_trouble_changes_nothing(kialo, tmp_path, faults):
    kialo.faults[GRAPH_105] = list(faults)
    scrape(kialo.settings(), tmp_path)
    assert texts(tmp_path) == expected(kialo.debates)
    assert kialo.asked.count(GRAPH_105) == 1 + len(faults)


def test_the_client_waits_as_long_as_the_server_says(kialo, tmp_path):
    kialo.faults[GRAPH_105] = [status(429, Retry_After="1")]
    start = time.monotonic()
    scrape(kialo.settings(), tmp_path)
    assert time.monotonic() - start >= 1
    assert texts(tmp_path) == expected(kialo.debates)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (status(500), "answered 500"),
        (status(429), "answered 429"),
        (status(429, Retry_After="soon"), "the connection failed"),
        (page, "a web page came where JSON was due"),
        (truncated, "the connection failed"),
        (cut, "the connection failed"),
        (status(400), "answered 400"),
    ],
)
def test_a_lasting_trouble_names_the_debate_and_how_to_go_on(kialo, tmp_path, fault, says):
    kialo.faults[GRAPH_105] = [fault] * 40
    with pytest.raises(Problem, match=rf"Debate 105: .*{says}.* running again resumes"):
        scrape(kialo.settings(), tmp_path)
    assert kialo.asked.count(GRAPH_105) <= 18
    assert not (tmp_path / "graphs" / "105.json").exists()
    kialo.faults.clear()
    scrape(kialo.settings(), tmp_path)
    assert texts(tmp_path) == expected(kialo.debates)
    assert max(Counter(a for a in kialo.asked if a != GRAPH_105).values()) == 1


def test_an_answer_of_another_shape_names_the_field_the_debate_and_the_saved_file(kialo, tmp_path):
    kialo.faults[GRAPH_105] = [as_json({"claims": [{"id": "105.0"}], "places": []})]
    with pytest.raises(
        Problem, match=r'Debate 105, saved as failed/graphs-105\.json, has no list .* "locations"'
    ):
        scrape(kialo.settings(), tmp_path)
    assert json.loads((tmp_path / "failed" / "graphs-105.json").read_text())["places"] == []
    scrape(kialo.settings(), tmp_path)
    assert len(texts(tmp_path)) == 25


@pytest.mark.parametrize(
    "answer", [Response("{}", 403), Response("<html>", 404), as_json({}), as_json({"claims": []})]
)
def test_a_debate_that_turned_private_is_noted_and_skipped(kialo, tmp_path, answer):
    kialo.faults[GRAPH_105] = [answer]
    assert scrape(kialo.settings(), tmp_path) == ["105"]
    assert scrape(kialo.settings(), tmp_path) == ["105"]
    assert kialo.asked.count(GRAPH_105) == 1
    assert not any("105/perspectives" in asked for asked in kialo.asked)
    debates, theses = read_responses(tmp_path)
    assert debates.set_index("debate_id").loc["105", "source"].startswith("interface: private")
    assert len(debates) == 25 and len(theses) == 24


def test_votes_that_are_not_given_are_unknown(kialo, tmp_path):
    kialo.faults["/api/v1/discussions/105/perspectives/1/votes?filter=all"] = [Response("{}", 403)]
    scrape(kialo.settings(), tmp_path)
    theses = read_responses(tmp_path)[1].set_index("statement_id")["votes"]
    assert theses[theses.isna()].index.tolist() == ["105.3"]


def test_ten_closed_debates_in_a_row_are_a_closed_door(kialo, tmp_path):
    kialo.private = set(kialo.debates[5:])
    with pytest.raises(Problem, match="10 debates in a row, to 114"):
        scrape(kialo.settings(), tmp_path)
    kialo.private = set()
    assert scrape(kialo.settings(), tmp_path) == []
    assert texts(tmp_path) == expected(kialo.debates)


@pytest.mark.parametrize(
    "missing",
    [{"permission": False}, {"contact": " "}, {"contact": "a\nb"}],
)
def test_nothing_is_asked_without_permission_or_a_contact(kialo, tmp_path, missing):
    with pytest.raises(Problem):
        scrape(kialo.settings(**missing), tmp_path)
    assert kialo.asked == []


def test_the_client_names_itself_and_whom_to_write_to(kialo, tmp_path):
    scrape(kialo.settings(max_debates=1), tmp_path)
    assert kialo.agents == {"cultural-alignment (research; contact: cats@a.org)"}


@pytest.mark.parametrize(
    "rule", ["Disallow: /", "Disallow: /api/*discussiongraph", "Disallow: /api/v1/discussions?"]
)
def test_what_robots_txt_forbids_is_not_asked(kialo, tmp_path, rule):
    kialo.robots = f"User-agent: *\n{rule}\n"
    with pytest.raises(Problem, match=r"robots\.txt of .* forbids"):
        scrape(kialo.settings(), tmp_path)
    forbidden = "discussiongraph" if "graph" in rule else "discussions?"
    assert not any(forbidden in asked for asked in kialo.asked)


def test_a_site_without_robots_txt_forbids_nothing_and_one_in_trouble_everything(kialo, tmp_path):
    kialo.faults["/robots.txt"] = [status(503)] * 6
    with pytest.raises(Problem, match="so nothing may be asked"):
        scrape(kialo.settings(max_debates=1), tmp_path)
    assert set(kialo.asked) == {"/robots.txt"}
    kialo.faults["/robots.txt"] = [status(404)]
    assert scrape(kialo.settings(max_debates=1), tmp_path) == []


@pytest.mark.parametrize(("wait", "delay"), [(0.05, 0), (0, 0.05)])
def test_requests_are_as_far_apart_as_the_study_or_robots_txt_says(kialo, tmp_path, wait, delay):
    kialo.robots = f"User-agent: *\nCrawl-delay: {delay}\n"
    start = time.monotonic()
    scrape(kialo.settings(wait_seconds=wait, max_debates=5), tmp_path)
    assert time.monotonic() - start >= 0.05 * (len(kialo.asked) - 2)


def test_no_more_debates_are_fetched_than_wanted(kialo, tmp_path):
    scrape(kialo.settings(max_debates=12), tmp_path)
    assert texts(tmp_path) == expected(kialo.debates[:12])
    assert sum("discussions?" in asked for asked in kialo.asked) == 2


def test_where_the_list_is_gone_the_sitemap_and_the_pages_take_its_place(kialo, tmp_path):
    kialo.list_is_gone = True
    scrape(kialo.settings(), tmp_path)
    debates, _ = read_responses(tmp_path)
    assert debates["title"].tolist() == [f"May cats {d} vote?" for d in kialo.debates]
    assert texts(tmp_path) == expected(kialo.debates)
    scrape(kialo.settings(), tmp_path)
    assert max(Counter(kialo.asked).values()) == 1


def test_debates_are_fetched_by_their_ids_alone(kialo, tmp_path):
    assert fetch_debates(kialo.settings(), tmp_path, ["103", "101", "103"]) == []
    assert texts(tmp_path) == expected(["101", "103"])
    with pytest.raises(Problem, match="no id of a debate"):
        fetch_debates(kialo.settings(), tmp_path, ["../101"])


def test_a_folder_holds_one_list(kialo, tmp_path):
    scrape(kialo.settings(max_debates=1), tmp_path)
    with pytest.raises(Problem, match="another list"):
        scrape(kialo.settings(sort="latest"), tmp_path)
