"""One request: what is sent, and the key that names it in the archive."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from alignment.study.schema import Study


@dataclass(frozen=True, slots=True)
class Request:
    """A request to be made: its key in the archive, who is asked, and what is sent."""

    key: str
    step: str
    language: str
    model: str
    run: int
    attempt: int
    messages: list[dict]
    replies: int = 0  # of earlier attempts, none of which could be read

    def body(self, study: Study) -> bytes:
        """Return what is sent as JSON: the exact messages and the study's sampling settings."""
        model = study.models[self.model]
        temperature, most = study.sampling.temperature, study.limit(self.model)
        content = {"model": model.request or self.model, "messages": self.messages}
        content |= {"temperature": temperature, "max_tokens": most}
        if model.provider:
            content["provider"] = model.provider
        if study.respondents == "simulated" or study.endpoints[model.endpoint].send_seed:
            content["seed"] = 100 * self.run + self.replies + 1  # no failure changes a later answer
        return orjson.dumps(content)


def request_keys(
    study: Study, step: str, model: str, messages: str, runs: Iterable[int], simulated: str = ""
) -> list[str]:
    """Return the keys of requests that differ by their run alone: hashes of all that decides one.

    `messages` is the hash of the exact messages. The endpoint counts by its name, so that a moved
    port or address asks nothing again; `simulated` takes its place where a program answers.
    """
    settings = study.models[model]
    sampling = {"temperature": float(study.sampling.temperature)}
    sampling |= {"max_tokens": float(study.limit(model))}
    if not simulated and study.endpoints[settings.endpoint].send_seed:
        sampling["seed"] = 1.0  # on; which one it is, the run says
    endpoint, name = simulated or settings.endpoint, settings.request or model
    return hash_runs([step, messages, endpoint, name, settings.provider, sampling], runs)


def hash_runs(parts: list, runs: Iterable[int]) -> list[str]:
    """Return `hash_json([*parts, run])` for each run; what they share is hashed once."""
    shared, keys = hashlib.sha256(_json(parts)[:-1]), []
    for run in runs:
        whole = shared.copy()
        whole.update(b",%d]" % run)
        keys.append(whole.hexdigest()[:32])
    return keys


def hash_json(value) -> str:
    """Return 32 hex digits that name anything that JSON can hold, joined without ambiguity.

    >>> hash_json(["ab", "c"]) == hash_json(["a", "bc"])
    False
    """
    return hashlib.sha256(_json(value)).hexdigest()[:32]


def _json(value) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")
