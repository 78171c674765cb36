"""One request: what is sent, and the key that names it in the archive."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson

from alignment.study.endpoint_checks import FILLED
from alignment.study.schema import Model, Study

BROKERS = ("openrouter.ai", "router.huggingface.co")


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
        for name, value in study.fields(self.model).items():
            if name not in FILLED:
                content[name] = value
            elif name in content:  # `value` is its name at this endpoint, or None
                content |= {value: content[name]} if value else {}
                del content[name]
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
    if fields := study.fields(model):
        sampling["fields"] = fields
    endpoint, name = simulated or settings.endpoint, settings.request or model
    return hash_runs([step, messages, endpoint, name, settings.provider, sampling], runs)


def unpinned_models(study: Study) -> list[str]:
    """Return the models of a broker that it may serve through more than one provider.

    A broker is known by its address, or by another model of it that names its `provider`.
    """
    if study.respondents != "live":
        return []
    hosts = {n: urlsplit(e.base_url).hostname or "" for n, e in study.endpoints.items()}
    with_provider = {model.endpoint for model in study.models.values() if model.provider}
    brokers = {n for n, host in hosts.items() if host.endswith(BROKERS)} | with_provider
    return [
        name
        for name, model in study.models.items()
        if model.endpoint in brokers and not _is_pinned(model, hosts[model.endpoint])
    ]


def _is_pinned(model: Model, host: str) -> bool:
    """Return whether a model names one provider alone, as OpenRouter or Hugging Face have it."""
    if host.endswith("huggingface.co"):
        _, _, provider = model.request.partition(":")
        return provider not in ("", "fastest", "cheapest", "preferred")
    fallbacks = model.provider.get("allow_fallbacks", True)
    allowed = model.provider.get("only") or (not fallbacks and model.provider.get("order"))
    return isinstance(allowed, list) and len(allowed) == 1


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
