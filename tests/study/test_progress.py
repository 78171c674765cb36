"""Progress says what is on disk, what failed, and what the whole study has cost."""

import json

import pytest

from alignment.asking import answers, archive
from alignment.study import parts, progress, schema
from alignment.study.workspace import Workspace
from servers import serve
from three_statements import failing, live, relevance


@pytest.mark.filterwarnings("ignore")
def test_the_runner_is_told_of_replies_retries_and_all_that_was_spent(here, tmp_path, monkeypatch):
    file = tmp_path / "progress.json"
    untroubled = here.study.simulation.model_copy(
        update={"trouble": parts.Trouble()}
    )  # so that none is asked for anew
    models = {
        name: m.model_copy(update={"price": schema.Price(input=1.0, output=1.0)})
        for name, m in here.study.models.items()
    }
    study = Workspace(
        here.study.model_copy(update={"simulation": untroubled, "models": models}),
        "demo",
        progress=str(file),
    )
    server = failing(study, ["500"], share=0.3)
    with serve(server) as address:
        for runs in (1, 2):
            before = sum(server.asked.values()) - sum(server.answered.values())
            answers.collect(live(study, address, cap=schema.Cap(usd=50.0)), relevance(study, runs))
            told = json.loads(file.read_text())
            with archive.open_archive(here.raw / archive.FILE) as connection:
                assert (
                    told["usd"] == pytest.approx(archive.sum_spending(connection)[1])
                    and told["cap"] == 50.0
                )
            assert (
                told["again"]
                == sum(server.asked.values()) - sum(server.answered.values()) - before
                > 10
            )
            assert told["done"] == told["total"] == 144 * runs and told["failed"] == 0


def test_a_log_gets_a_line_now_and_then_and_no_bar(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE", 0.0)
    state = {
        "total": 100,
        "start": 10,
        "done": 40,
        "failed": 1,
        "again": 2,
        "usd": 0.5,
        "cap": None,
        "what": "replies",
        "note": "",
    }
    bar = progress.Bar(state, "07_collect", in_log=True)
    bar.draw(state)
    bar.close()
    said = capsys.readouterr().err
    assert (
        said.startswith("07_collect:  40% 40/100 [")
        and "replies/s, 1 failed, 2 tried again, $0.50]\n" in said
    )
    assert said.count("\n") == 1 and "\r" not in said
    monkeypatch.setattr(progress, "LINE", 60.0)
    progress.Bar(state, in_log=True).draw(state)
    assert capsys.readouterr().err == ""
