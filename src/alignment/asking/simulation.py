"""Simulated respondents: known leanings, seeded, in the wire format of a chat-completions endpoint.

Nothing here says anything about a real model. What the respondents know is the ground truth.
"""

import json
import random

from alignment.asking import ground_truth, plan, wording_texts
from alignment.asking.ground_truth import uniform
from alignment.asking.request import hash_json
from alignment.study.workspace import Workspace
from utils import answer_words, prompts
from utils.cells import SCORES, is_stance
from utils.errors import Problem

VERSION = 2  # raise it with any change here or in `ground_truth` that may change an answer


def fingerprint(workspace: Workspace) -> str:
    """Return eight hex digits of what decides the answers: a part of each reply's key.

    A changed version, setting, planted table or wording of the respondents is so asked anew.
    """
    path = ground_truth.planted_file(workspace)
    labels = path.read_text(encoding="utf-8") if path.exists() else ""
    phrases = [_phrases(language) for language in workspace.study.languages]
    settings = workspace.study.simulation.model_dump()
    if not settings["habits"]:  # as in archives from before there were habits
        del settings["habits"]
    return hash_json([VERSION, settings, labels, phrases])[:8]


def _phrases(language: str) -> dict:
    """Return what a respondent says in a language (`simulated` in its words file)."""
    words = answer_words.words(language)
    if "simulated" not in words:
        raise Problem(f"words.{language}.yaml has no entry simulated, which this study needs.")
    return words["simulated"]


def read_statement_ids(workspace: Workspace) -> dict[str, str]:
    """Read text in any language -> statement_id, from the tables of notebooks 02 and 03."""
    return {text: key[0] for key, text in plan.read_texts(workspace).items()}


class Respondents:
    """The simulated models of a study, who find a statement by its text in any language."""

    def __init__(self, workspace: Workspace, statement_ids: dict[str, str]) -> None:
        self.study, self.statement_ids = workspace.study, statement_ids
        self.in_wording = {text: key[2] for key, text in wording_texts.read(workspace).items()}
        self.dimensions = {}
        for language in self.study.languages:
            for dimension, text in workspace.describe(language).items():
                self.dimensions[language, text["name"]] = dimension
        truth = ground_truth.plant(workspace, sorted(set(statement_ids.values())))
        self.truth = {tuple(row[:5]): row[5] for row in truth.itertuples(index=False)}

    def reply(self, request: dict) -> dict:
        """Return the body of a chat completion for the body of a request."""
        step, language, text, name = prompts.recognise(request["messages"])
        dimension = self.dimensions.get((language, name), "")
        statement = self.statement_ids.get(text) or f"unknown:{text}"
        step = self.in_wording.get(text, step)
        model, sampled = request["model"], request.get("seed", random.random())

        def draw(what: str) -> float:
            question = (model, step, statement, dimension, language, sampled)
            return uniform(self.study.simulation.seed, what, *question)

        value = self._opinion(step, statement, dimension, model, language)
        if draw("noise") < self.study.simulation.run_noise:
            value = _other_value(step, value)
        content, finish_reason = self._say(value, step, language, draw("trouble"))
        return _completion(request, content, finish_reason)

    def _opinion(
        self, step: str, statement: str, dimension: str, model: str, language: str
    ) -> float:
        """Return what a respondent holds on every run: mostly the ground truth."""
        simulation = self.study.simulation
        who = (model, language) if is_stance(step) else ("", "")
        key = (step, statement, dimension, *who)
        if key not in self.truth:  # a statement or pair that nobody planted
            sign = 1 if uniform("unplanned", *key) < 0.5 else -1
            return 0 if step == "relevance" else sign
        value = self.truth[key]
        judging = uniform(simulation.seed, "judges", step, statement, dimension, model, language)
        is_off = not is_stance(step) and judging < simulation.judge_noise
        return _other_value(step, value) if is_off else value

    def _say(self, value: float, step: str, language: str, draw: float) -> tuple[str, str]:
        """Return a reply with its finish_reason: an answer, or one of the stated troubles."""
        phrases, start = _phrases(language), _start(step, language)
        for trouble, share in self.study.simulation.trouble.model_dump().items():
            draw -= share
            if draw >= 0:
                continue
            if trouble in ("refused", "unreadable"):
                text = phrases["refusal" if trouble == "refused" else "nonsense"]
                return f"{phrases['mark']} {text}", "stop"
            if trouble == "cut_off":
                return start[: len(start) // 2], "length"
            other = next(name for name in answer_words.list_languages() if name != language)
            return _start("stance", other) + _answer(step, other, value), "stop"
        return start + _answer(step, language, value), "stop"


def _start(step: str, language: str) -> str:
    phrases = _phrases(language)
    return f"{phrases['mark']} " + (f"{phrases['reasons']}\n\n" if is_stance(step) else "")


def _answer(step: str, language: str, value: float) -> str:
    phrases = _phrases(language)
    if step == "polarity":
        return f"{phrases['answer']}{int(value):+d}"
    (answer,) = (name for name, score in SCORES[step].items() if score == value)
    if answer == "neither":
        return phrases["answer"] + answer_words.words(language)["simulated_neither"]
    return phrases["answer"] + phrases["words"][answer]


def _other_value(step: str, value: float) -> float:
    """Return the opposite answer, or the neighbour on the scale of polarities."""
    if step == "relevance":
        return 1 - value
    return -value if is_stance(step) else {-2: -1, -1: 1, 1: -1, 2: 1}[int(value)]


def _completion(request: dict, content: str, finish_reason: str) -> dict:
    characters = sum(len(message["content"]) for message in request["messages"])
    usage = {"prompt_tokens": characters // 4, "completion_tokens": len(content) // 4}
    usage["total_tokens"] = (characters + len(content)) // 4
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    completion = {"id": "simulated", "object": "chat.completion", "created": 0}
    completion |= {"model": request["model"], "system_fingerprint": "simulated respondents"}
    return completion | {"choices": [choice], "usage": usage}


def app(workspace: Workspace, statement_ids: dict[str, str] | None = None):
    """Return the respondents as an ASGI app with the one route POST /v1/chat/completions."""
    respondents = Respondents(workspace, statement_ids or read_statement_ids(workspace))

    async def serve_request(scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, reply = _route(respondents, scope["path"], body)
        headers = [(b"content-type", b"application/json")]
        content = json.dumps(reply, ensure_ascii=False).encode()
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return serve_request


def _route(respondents: Respondents, path: str, body: bytes) -> tuple[int, dict]:
    if not path.endswith("/chat/completions"):
        return 404, _error("only POST /v1/chat/completions is served here")
    try:
        request, models = json.loads(body), respondents.study.models
        if request["model"] not in models:
            listed = ", ".join(models)
            return 404, _error(f"there is no respondent {request['model']}; there are {listed}")
        return 200, respondents.reply(request)
    except Exception as error:  # a server answers 400, whatever a client sends
        return 400, _error(f"{type(error).__name__}: {error}")


def _error(message: str) -> dict:
    return {"error": {"message": message}}


def serve(workspace: Workspace, port: int) -> None:
    """Serve a study's respondents on a loopback port, for any client, until Ctrl-C."""
    import uvicorn

    name = workspace.study.name
    if not workspace.path_of("03_translations").exists():
        how = f"./run_all.sh --study {name} --until 03"
        raise Problem(f"The respondents know the statements from notebooks 02 and 03: {how}")
    where = f"at http://127.0.0.1:{port}/v1 (stop with Ctrl-C)"
    models = ", ".join(workspace.study.models)
    print(f"Simulated respondents of {name} {where}: {models}", flush=True)
    uvicorn.run(app(workspace), host="127.0.0.1", port=port, log_level="warning")
