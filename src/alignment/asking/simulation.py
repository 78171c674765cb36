"""Simulated respondents: known leanings, seeded, speaking the wire format of a chat-completions endpoint.

Nothing here says anything about a real model. What the respondents know is the plan (`planted`): which statement
speaks to which dimension, what agreeing with it says, and whether each of them agrees, in each language.
"""

import hashlib
import json
import random

import pandas as pd

from alignment.asking import archive
from alignment.study import table_files
from alignment.study.schema import Study
from alignment.study.workspace import Workspace
from utils import answer_words, prompts
from utils.errors import Problem

VERSION = 1  # raise it with any change of this module that may change an answer: all is asked anew
RELEVANT = 0.1  # share of statement-dimension pairs that are relevant where no table of the study plants them


def unit(*parts) -> float:
    """A number in [0, 1) that depends on its parts alone: the same on every machine and in every order.

    >>> unit(1, "a") == unit(1, "a"), unit(1, "a") == unit("1a")
    (True, False)
    """
    digest = hashlib.sha256(
        json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def fingerprint(workspace: Workspace) -> str:
    """Return eight hex digits of what decides the answers: a part of each reply's key.

    A changed version, setting, ground truth or wording of the respondents is so asked anew.
    """
    path = workspace.material / "planted.csv"
    planted = path.read_text(encoding="utf-8") if path.exists() else ""
    phrases = [_said(language) for language in workspace.study.languages]
    parts = [VERSION, workspace.study.simulation.model_dump(), planted, phrases]
    return archive.digest(parts)[:8]


def _said(language: str) -> dict:
    """What a respondent says in a language (`simulated` in its words file)."""
    return answer_words.words(language)["simulated"]


def labels(workspace: Workspace, statement_ids: list[str]) -> pd.DataFrame:
    """Planted relevance and polarity: the study's own table, seeded draws for statements that it does not hold."""
    own = workspace.material / "planted.csv"
    known = table_files.read(own).query("step != 'stance'") if own.exists() else _plan_rows([])
    missing = [s for s in statement_ids if s not in set(known["statement_id"])]
    drawn = _drawn_labels(
        workspace.study.simulation.seed, missing, list(workspace.study.dimensions)
    )
    return pd.concat([known, drawn], ignore_index=True) if missing else known


def planted(workspace: Workspace, statement_ids: list[str]) -> pd.DataFrame:
    """The whole plan: step, statement_id, dimension, model, language, value (stances: 1 agrees, -1 disagrees)."""
    known = labels(workspace, statement_ids)
    polarity = known[known["step"] == "polarity"]
    by_statement = {
        s: dict(zip(g["dimension"], g["value"], strict=True))
        for s, g in polarity.groupby("statement_id")
    }
    rows = [
        (
            "stance",
            statement,
            "",
            model,
            language,
            _stance(workspace.study, statement, by_statement.get(statement, {}), model, language),
        )
        for statement in statement_ids
        for model in workspace.study.models
        for language in workspace.study.languages
    ]
    return pd.concat(
        [known[known["statement_id"].isin(statement_ids)], _plan_rows(rows)], ignore_index=True
    )


def _plan_rows(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(
        rows, columns=["step", "statement_id", "dimension", "model", "language", "value"]
    )


def _drawn_labels(seed: int, statement_ids: list[str], dimensions: list[str]) -> pd.DataFrame:
    rows = []
    for statement in statement_ids:
        for dimension in dimensions:
            relevant = unit(seed, "relevance", statement, dimension) < RELEVANT
            rows.append(("relevance", statement, dimension, "", "", int(relevant)))
            if relevant:
                value = (-2, -1, 1, 2)[int(4 * unit(seed, "polarity", statement, dimension))]
                rows.append(("polarity", statement, dimension, "", "", value))
    return _plan_rows(rows)


def _stance(
    study: Study, statement: str, polarities: dict[str, float], model: str, language: str
) -> int:
    """Whether a respondent agrees, drawn so that its mean score on each dimension is its leaning.

    Agreeing scores the polarity p, so a leaning L needs a mean stance of L / p. A language shares the first
    language's draw with the probability that the study states as their correlation.
    """
    simulation, at = study.simulation, study.languages.index(language)
    tilts = [
        simulation.leanings[model][d][at] / p
        for d, p in polarities.items()
        if d in simulation.leanings[model]
    ]
    mean = max(-1.0, min(1.0, sum(tilts) / len(tilts))) if tilts else 0.0
    shared = (
        at == 0
        or unit(simulation.seed, "shares", statement, model, language)
        < simulation.language_correlation
    )
    draw = unit(
        simulation.seed, "stance", statement, model, study.languages[0] if shared else language
    )
    return 1 if draw < (1 + mean) / 2 else -1


class Respondents:
    """The simulated models of a study, who find a statement by its text in any language."""

    def __init__(self, workspace: Workspace, texts: dict[str, str]) -> None:
        self.workspace, self.texts = workspace, texts
        self.ids = {
            l: {v["name"]: k for k, v in workspace.describe(l).items()}
            for l in workspace.study.languages
        }
        plan = planted(workspace, sorted(set(texts.values())))
        self.plan = {tuple(row[:5]): row[5] for row in plan.itertuples(index=False)}

    def reply(self, request: dict) -> dict:
        """The body of a chat completion for the body of a request."""
        step, language, text, name = prompts.recognise(request["messages"])
        dimension = self.ids[language].get(name, "") if name else ""
        statement = self.texts.get(text) or f"unknown:{text}"
        sampled = request.get("seed", random.random())
        draw = lambda what: unit(self.workspace.study.simulation.seed, what, request["model"], step, statement, dimension, language, sampled)  # fmt: skip  # noqa: E731
        content, finish = self._say(
            self._opinion(step, statement, dimension, request["model"], language),
            step,
            language,
            draw,
        )
        return _completion(request, content, finish)

    def _opinion(
        self, step: str, statement: str, dimension: str, model: str, language: str
    ) -> float:
        """What a respondent holds on every run: the plan, but for the share on which it judges otherwise."""
        simulation = self.workspace.study.simulation
        where = (step, statement, dimension, *((model, language) if step == "stance" else ("", "")))
        if where not in self.plan:  # a statement or pair that nobody planted
            return {"relevance": 0, "polarity": 1, "stance": 1}[step] * (
                1 if unit("unplanned", *where) < 0.5 else -1
            )
        value = self.plan[where]
        differs = (
            unit(simulation.seed, "judges", step, statement, dimension, model, language)
            < simulation.judge_noise
        )
        return value if step == "stance" or not differs else _another(step, value)

    def _say(self, value: float, step: str, language: str, draw) -> tuple[str, str]:
        """A reply with its finish_reason: mostly an answer, now and then one of the stated troubles."""
        simulation, at = self.workspace.study.simulation, draw("trouble")
        trouble = simulation.trouble.model_dump()
        if draw("noise") < simulation.run_noise:
            value = _another(step, value)
        said = _said(language)
        reasons = (
            f"{said['mark']} {said['reasons']}\n\n" if step == "stance" else f"{said['mark']} "
        )
        for name, share in trouble.items():
            at -= share
            if at < 0:
                return _troubled(name, reasons, step, language, value)
        return reasons + _answer(step, language, value), "stop"


def _troubled(name: str, reasons: str, step: str, language: str, value: float) -> tuple[str, str]:
    said, other = (
        _said(language),
        next(known for known in answer_words.known() if known != language),
    )
    return {
        "refused": (f"{said['mark']} {said['refusal']}", "stop"),
        "unreadable": (f"{said['mark']} {said['nonsense']}", "stop"),
        "cut_off": (reasons[: len(reasons) // 2], "length"),
        "wrong_language": (
            f"{_said(other)['mark']} {_said(other)['reasons']}\n\n{_answer(step, other, value)}",
            "stop",
        ),
    }[name]


def _another(step: str, value: float) -> float:
    """A different answer: the opposite one, or the neighbour on the scale of polarities."""
    if step == "relevance":
        return 1 - value
    return -value if step == "stance" else {-2: -1, -1: 1, 1: -1, 2: 1}[int(value)]


def _answer(step: str, language: str, value: float) -> str:
    said = _said(language)
    word = {
        "relevance": "yes" if value > 0 else "no",
        "stance": "agree" if value > 0 else "disagree",
    }.get(step)
    return said["answer"] + (said["words"][word] if word else f"{int(value):+d}")


def _completion(request: dict, content: str, finish: str) -> dict:
    asked = sum(len(m["content"]) for m in request["messages"])
    usage = {
        "prompt_tokens": asked // 4,
        "completion_tokens": len(content) // 4,
        "total_tokens": (asked + len(content)) // 4,
    }
    message = {"role": "assistant", "content": content}
    return {
        "id": "simulated",
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "system_fingerprint": "simulated respondents",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
    }


def texts(workspace: Workspace) -> dict[str, str]:
    """Text in any language -> statement_id, from the tables of notebooks 02 and 03."""
    both = [workspace.read("02_statements"), workspace.read("03_translations")]
    return {
        row.text: row.statement_id
        for frame in both
        if len(frame)
        for row in frame.itertuples(index=False)
    }


def app(workspace: Workspace):
    """The study's respondents as an ASGI application."""
    return application(Respondents(workspace, texts(workspace)))


def application(respondents: Respondents):
    """Respondents as an ASGI application with the one route POST /v1/chat/completions."""

    async def served(scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, answer = _routed(respondents, scope, body)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send(
            {"type": "http.response.body", "body": json.dumps(answer, ensure_ascii=False).encode()}
        )

    return served


def _routed(respondents: Respondents, scope: dict, body: bytes) -> tuple[int, dict]:
    if not scope["path"].endswith("/chat/completions"):
        return 404, {"error": {"message": "only POST /v1/chat/completions is served here"}}
    try:
        request = json.loads(body)
        if request["model"] not in respondents.workspace.study.models:
            return 404, {
                "error": {
                    "message": f"there is no respondent {request['model']}; there are {', '.join(respondents.workspace.study.models)}"
                }
            }
        return 200, respondents.reply(request)
    except Exception as error:  # a server answers 400, whatever a client sends
        return 400, {"error": {"message": f"{type(error).__name__}: {error}"}}


def serve(workspace: Workspace, port: int) -> None:
    """Serve a study's respondents on a loopback port, for any client."""
    import uvicorn

    if not workspace.path_of("03_translations").exists():
        raise Problem(
            "The respondents know the statements from notebooks 02 and 03: "
            f"./run_all.sh --study {workspace.study.name} --until 03"
        )
    print(
        f"Simulated respondents of {workspace.study.name} at http://127.0.0.1:{port}/v1 "
        f"(stop with Ctrl-C): {', '.join(workspace.study.models)}",
        flush=True,
    )
    uvicorn.run(app(workspace), host="127.0.0.1", port=port, log_level="warning")
