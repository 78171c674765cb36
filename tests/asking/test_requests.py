"""What leaves for an endpoint is what the study says; keys, addresses and proxies are checked."""

import json
import re

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from alignment.asking import answers, archive, client, simulation
from alignment.asking.request import Request, request_keys, unpinned_models
from alignment.study import loader, schema
from alignment.study.endpoint_checks import check_fields
from servers import Faulty, answer, serve
from three_statements import live, relevance
from utils.errors import Problem

MESSAGES = [{"role": "user", "content": "x"}]
PIN = {"order": ["DeepInfra"], "quantizations": ["bf16"], "allow_fallbacks": False}
SECRET = "sk-test-0123456789abcdefghij"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def study_with(model: dict | None = None, endpoint: dict | None = None, **changes) -> schema.Study:
    """The paper's study, GPT and its endpoint changed, checked anew."""
    raw = loader.load("paper").model_dump(exclude_none=True) | changes
    raw["models"]["GPT"] |= model or {}
    raw["endpoints"]["openai"] |= endpoint or {}
    return schema.Study.model_validate(raw)


def sent(study: schema.Study, model: str = "GPT", run: int = 2) -> dict:
    return json.loads(Request("key", "stance", "en", model, run, 1, MESSAGES, 1).body(study))


def keys(study: schema.Study, model: str = "GPT") -> list[str]:
    return request_keys(study, "stance", model, "0" * 32, [1, 2])


def test_a_study_without_fields_sends_what_it_always_did_under_the_keys_it_always_had():
    paper = loader.load("paper")
    assert keys(paper) == ["ddaab98e2cd788740831b37b6301414c", "3b9f905973afb00b6cee5741c7ee089f"]
    assert keys(paper, "Llama") == [
        "56c4c90a0a5099d066c75c35514b819e",
        "8be4e61f59d3db801ee3cd4317983cd4",
    ]
    assert list(sent(paper)) == ["model", "messages", "temperature", "max_tokens"]
    pinned = paper.models["Llama"].model_copy(update={"provider": PIN})
    seeds = {n: e.model_copy(update={"send_seed": True}) for n, e in paper.endpoints.items()}
    models = paper.models | {"Llama": pinned}
    seeded = paper.model_copy(update={"models": models, "endpoints": seeds})
    assert keys(seeded, "Llama") == [
        "89d31b06dc8d2b3d01b86370b0639b1b",
        "be1524be6b19fd3bd0cd9f0cba21358b",
    ]
    assert sent(seeded, "Llama")["seed"] == 202 and sent(seeded, "Llama")["provider"] == PIN
    demo = request_keys(loader.load("demo"), "stance", "sim-us-1", "0" * 32, [1, 2], "simulated x")
    assert demo == ["985134b9927b5232f5dc1f799260bef9", "2df0b26fb469a2238681ddaf8a1d13a7"]


@pytest.mark.parametrize(
    ("endpoint", "model", "expected"),
    [
        (
            {"max_tokens": "max_completion_tokens", "temperature": None},
            {"reasoning_effort": "low"},
            {"max_completion_tokens": 8192, "reasoning_effort": "low"},
        ),
        (
            {"temperature": None, "enable_thinking": True, "top_p": 0.9},
            {"temperature": "temperature", "enable_thinking": False, "top_p": None},
            {"temperature": 1.0, "max_tokens": 8192, "enable_thinking": False},
        ),
        (
            {"chat_template_kwargs": {"enable_thinking": False}, "transforms": []},
            {},
            {
                "temperature": 1.0,
                "max_tokens": 8192,
                "chat_template_kwargs": {"enable_thinking": False},
                "transforms": [],
            },
        ),
    ],
)
def test_fields_are_renamed_left_out_and_added_and_the_model_wins(endpoint, model, expected):
    study = study_with({"fields": model}, {"fields": endpoint})
    body = sent(study)
    assert body.pop("messages") == MESSAGES and body.pop("model") == "gpt-4.1-2025-04-14"
    assert body == expected
    assert not set(keys(study)) & set(keys(study_with()))
    assert keys(study, "Llama") == keys(study_with(), "Llama")  # of another endpoint


def test_fields_that_change_nothing_in_the_request_change_no_key():
    endpoint = {"fields": {"temperature": None, "top_p": 0.5}}
    model = {"fields": {"temperature": "temperature", "top_p": None}}
    assert sent(study_with(model, endpoint)) == sent(study_with())
    assert keys(study_with(model, endpoint)) == keys(study_with())


def test_the_seed_goes_by_the_name_that_an_endpoint_knows():
    endpoint = {"send_seed": True, "fields": {"seed": "random_seed"}}
    bodies = [sent(study_with({}, endpoint), run=run) for run in (1, 2)]
    assert [body["random_seed"] for body in bodies] == [102, 202] and "seed" not in bodies[0]


def test_a_program_that_answers_is_sent_no_fields(here):
    fields = {"max_tokens": "max_completion_tokens", "temperature": None}
    raw = loader.load("demo").model_dump(exclude_none=True)
    raw["endpoints"]["simulated"]["fields"] = fields
    assert sent(schema.Study.model_validate(raw), "sim-us-1") == sent(here.study, "sim-us-1")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"messages": []}, "the prompts are the same"),
        ({"stream": True}, "replies are read whole"),
        ({"n": 5}, "each run is a request"),
        ({"tools": []}, "answers by itself"),
        ({"model": "x"}, "`request:`"),
        ({"models": ["x", "y"]}, "another model would answer"),
        ({"provider": {"only": ["x"]}}, "a setting of the model"),
        ({"extra_body": {"top_k": 1}}, "as they are"),
        ({"seed": 42}, "another one in each run"),
        ({"random_seed": 42}, 'write "seed: random_seed"'),
        ({"max_tokens": 20}, "model's own `max_tokens:`"),
        ({"max_completion_tokens": 20}, 'write "max_tokens: max_completion_tokens"'),
        ({"max_tokens": "n"}, "each run is a request"),
        ({"max_tokens": "temperature"}, "another name"),
        ({"temperature": 0.5}, "under `sampling:`"),
        ({"top_p": float("nan")}, "not finite"),
    ],
)
def test_fields_that_would_break_the_method_are_refused(fields, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        check_fields(fields)


@pytest.mark.parametrize(
    ("model", "endpoint", "said"),
    [
        ({"temperature": "heat", "heat": 1}, {}, '"heat" twice'),
        ({"max_tokens": None}, {}, "no cap would hold"),
        ({"seed": "random_seed"}, {}, "renames a seed that is not sent"),
        ({}, {"base_url": ""}, 'endpoint "openai" needs its base_url'),
    ],
)
def test_what_contradicts_itself_is_refused_when_the_study_is_loaded(model, endpoint, said):
    with pytest.raises(ValueError, match=said):
        study_with({"fields": model}, endpoint)


def test_a_model_that_costs_nothing_may_answer_without_a_limit():
    study = study_with({"fields": {"max_tokens": None}, "price": {"input": 0.0, "output": 0.0}})
    assert "max_tokens" not in sent(study)


class Recorder(Faulty):
    """The respondents behind a server that notes every header and body."""

    def __init__(self, here):
        super().__init__(simulation.app(here))
        self.headers = []

    async def __call__(self, scope, receive, send):
        self.headers.append({k.decode(): v.decode() for k, v in scope["headers"]})
        await super().__call__(scope, receive, send)


def asked(here, server, endpoint: dict, **changes):
    """Ask one statement in one language of a served study; return the answers."""
    with serve(server) as address:
        settings = schema.Endpoint(base_url=f"{address}/v1", in_flight=4, **endpoint)
        cells = relevance(here, 1).query("language == 'en'").head(8)
        return answers.collect(live(here, address, endpoints={"simulated": settings}), cells)


def test_nothing_of_the_environment_goes_out_but_what_the_study_names(here, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else-0123456789")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-0123456789")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/elsewhere")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Ü: 1\nAuthorization: Bearer another")
    monkeypatch.setenv("SOME_KEY", SECRET)
    usual = {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length"}

    server = Recorder(here)
    asked(here, server, {})
    assert len(server.headers) >= 8 and {frozenset(h) for h in server.headers} == {frozenset(usual)}

    (here.raw / archive.FILE).unlink()
    server = Recorder(here)
    asked(here, server, {"key": "SOME_KEY", "headers": {"OpenAI-Organization": "OPENAI_ORG_ID"}})
    assert set(server.headers[0]) == usual | {"authorization", "openai-organization"}
    assert server.headers[0]["authorization"] == f"Bearer {SECRET}"
    assert server.headers[0]["openai-organization"] == "org-1"


def test_a_study_with_fields_is_asked_and_answered(here):
    async def demanding(send):
        await answer(send, 400, b'{"error": {"message": "Unsupported parameter: max_tokens"}}')

    def fault(asked, body):
        right = "max_completion_tokens" in body and "max_tokens" not in body
        return None if right and body["enable_thinking"] is False else demanding

    server = Faulty(simulation.app(here), fault)
    fields = {"max_tokens": "max_completion_tokens", "enable_thinking": False}
    assert "failed" not in set(asked(here, server, {"fields": fields})["state"])
    assert len(server.asked) >= 8


@pytest.mark.parametrize("around", ["{}\n", '"{}"', " '{}' \r\n", "\ufeff{}\u200b"])
def test_what_copying_leaves_around_a_key_is_not_sent(around, monkeypatch):
    monkeypatch.setenv("SOME_KEY", around.format(SECRET))
    headers = client.read_headers(schema.Endpoint(key="SOME_KEY"))
    assert headers == {"authorization": f"Bearer {SECRET}"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "needs the environment variable SOME_KEY"),
        (" \n", "needs the environment variable SOME_KEY"),
        (f"{SECRET}\nX-Own: 1", "SOME_KEY holds a line break at place 29"),
        (f"{SECRET}é", "SOME_KEY holds a character that no key can have at place 29"),
        (f"{SECRET[:9]}…{SECRET[-9:]}", "SOME_KEY holds a character"),
    ],
)
def test_a_key_that_cannot_be_sent_is_refused_by_its_variables_name(value, said, monkeypatch):
    monkeypatch.setenv("SOME_KEY", value)
    study = study_with({}, {"key": "SOME_KEY"})
    monkeypatch.setenv("OPENROUTER_API_KEY", "x")
    with pytest.raises(Problem, match=said) as error:
        client.check_endpoints(study)
    assert "sk-" not in str(error.value) and 'endpoint "openai"' in str(error.value)


def test_what_is_missing_of_any_endpoint_is_told_at_once_before_the_first_request(
    here, monkeypatch
):
    monkeypatch.delenv("SOME_KEY", raising=False)
    server, names = Faulty(simulation.app(here)), list(here.study.models)
    with serve(server) as address:
        open_one = schema.Endpoint(base_url=f"{address}/v1")
        endpoints = {"a": open_one, "b": open_one.model_copy(update={"key": "SOME_KEY"})}
        models = {
            name: here.study.models[name].model_copy(update={"endpoint": "b" if i else "a"})
            for i, name in enumerate(names)
        }
        study = live(here, address, endpoints=endpoints, models=models)
        cells = relevance(here, 1)  # of models at both
        with pytest.raises(Problem, match='endpoint "b" needs the environment variable SOME_KEY'):
            answers.collect(study, cells)
    assert not server.asked


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 200])
def test_a_key_that_an_endpoint_repeats_is_nowhere_to_be_found(here, status, monkeypatch, capsys):
    monkeypatch.setenv("SOME_KEY", SECRET)
    monkeypatch.setattr("alignment.asking.retries.TRIES", 2)
    monkeypatch.setattr("alignment.asking.retries.PATIENCE", 2)
    message = f"Incorrect key {SECRET} (also as sk-test-********ghij), sent as Bearer {SECRET}"
    body = {"error": {"message": message}}
    if status == 200:
        body = {"choices": [{"message": {"content": message}, "finish_reason": "stop"}]}

    async def repeat(send):
        await answer(send, status, json.dumps(body).encode())

    said = ""
    try:
        said = str(asked(here, Faulty(None, lambda *_: repeat), {"key": "SOME_KEY"}))
    except Problem as problem:
        said = str(problem)
    files = b"".join(p.read_bytes() for p in here.raw.rglob("*") if p.is_file())
    printed = "".join(capsys.readouterr())
    for text in (said, printed, files.decode("utf-8", "replace")):
        assert SECRET not in text and (status == 200 or "********" not in text)
    if status in (400, 200):
        assert b"(the key)" in files


def test_a_word_that_a_reply_may_hold_is_left_in_it(here, monkeypatch):
    monkeypatch.setenv("SOME_KEY", "yes")
    body = {"choices": [{"message": {"content": "Answer: yes"}, "finish_reason": "stop"}]}

    async def say_yes(send):
        await answer(send, 200, json.dumps(body).encode())

    frame = asked(here, Faulty(None, lambda *_: say_yes), {"key": "SOME_KEY"})
    assert set(frame["answer"]) == {"yes"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_one_sentence_and_the_key_does_not_follow_it(here, status, monkeypatch):
    monkeypatch.setenv("SOME_KEY", SECRET)
    elsewhere = Recorder(here)
    with serve(elsewhere) as other, HTTPServer(host="127.0.0.1") as httpserver:
        target = f"{other}/v1/chat/completions"
        moved = Response(status=status, headers={"location": target})
        httpserver.expect_request("/v1/chat/completions").respond_with_response(moved)
        address = httpserver.url_for("").rstrip("/")
        settings = schema.Endpoint(base_url=f"{address}/v1", in_flight=1, key="SOME_KEY")
        study = live(here, address, endpoints={"simulated": settings})
        with pytest.raises(Problem) as error:
            answers.collect(study, relevance(here, 1).head(2))
        asked_once = len(httpserver.log)
    assert f"{address}/v1/chat/completions" in str(error.value) and target in str(error.value)
    assert not elsewhere.headers and asked_once <= len(here.study.models)


@pytest.mark.parametrize(
    ("environment", "address", "expected"),
    [
        ({}, "https://models.example/v1", None),
        ({"https_proxy": "http://proxy:3128"}, "https://models.example/v1", "http://proxy:3128"),
        ({"https_proxy": "proxy:3128"}, "https://models.example/v1", "http://proxy:3128"),
        ({"https_proxy": "http://proxy"}, "https://models.example/v1", "http://proxy:80"),
        ({"ALL_PROXY": "http://proxy:1"}, "https://models.example/v1", "http://proxy:1"),
        ({"http_proxy": "http://proxy:1"}, "https://models.example/v1", None),
        (
            {"ALL_PROXY": "socks5://proxy:1", "https_proxy": "http://proxy:2"},
            "https://models.example/v1",
            "http://proxy:2",
        ),
        ({"ALL_PROXY": "socks5://proxy:1"}, "http://127.0.0.1:8000/v1", None),
        ({"http_proxy": "proxy:1"}, "http://localhost:8000/v1", None),
        ({"http_proxy": "proxy:1"}, "http://[::1]:8000/v1", None),
        ({"http_proxy": "proxy:1"}, "http://0.0.0.0:8000/v1", None),
        ({"https_proxy": "http://[fe80::1]:3"}, "https://models.example/v1", "http://[fe80::1]:3"),
    ],
)
def test_the_proxy_is_what_the_environment_says(environment, address, expected, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert client.proxy_for(address) == (expected, {})


@pytest.mark.parametrize(
    ("entries", "address", "direct"),
    [
        ("models.example", "http://models.example/v1", True),
        ("example", "http://models.example/v1", True),
        (".example", "http://models.example/v1", True),
        ("*.example", "http://models.example/v1", True),
        ("dels.example", "http://models.example/v1", False),
        ("a, *", "http://models.example/v1", True),
        ("", "http://models.example/v1", False),
        ("models.example:80", "http://models.example/v1", True),
        ("models.example:8080", "http://models.example/v1", False),
        ("models.example:8080", "http://models.example:8080/v1", True),
        ("models*", "http://models.example/v1", True),
        ("10.0.0.0/8", "http://10.1.2.3:8000/v1", True),
        ("10.0.0.0/16", "http://10.1.2.3:8000/v1", False),
        ("10.1.2.3:8000", "http://10.1.2.3:8000/v1", True),
        ("fd00::/8", "http://[fd00::1]:8000/v1", True),
        ("10.0.0.0/99, , :", "http://models.example/v1", False),
    ],
)
def test_what_no_proxy_lists_is_asked_directly(entries, address, direct, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", entries)
    assert (client.proxy_for(address)[0] is None) == direct


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("socks5://me:hush@proxy:1080", "all_proxy.* is socks5, not http"),
        ("http://me:hush@proxy:port", "is no address"),
        ("http://:1", "is no address"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(proxy, said, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    monkeypatch.setenv("OPENROUTER_API_KEY", "x")
    with pytest.raises(Problem, match=said) as error:
        client.check_endpoints(study_with())
    assert "hush" not in str(error.value) and "api.openai.com" in str(error.value)


def test_a_proxy_gets_its_login_and_the_request(here, monkeypatch):
    server = Recorder(here)
    with serve(server) as address:
        monkeypatch.setenv("http_proxy", f"http://me:h%C3%BCsh@{address.removeprefix('http://')}")
        settings = schema.Endpoint(base_url="http://models.example/v1", in_flight=4)
        cells = relevance(here, 1).head(3)
        answers.collect(live(here, address, endpoints={"simulated": settings}), cells)
    assert server.headers[0]["host"] == "models.example"
    assert server.headers[0]["proxy-authorization"] == "Basic bWU6aMO8c2g="


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_missing_certificates_are_told_only_where_they_are_needed(name, monkeypatch, tmp_path):
    monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere"))
    assert client.read_certificates("http://127.0.0.1:8000/v1", None) is True
    with pytest.raises(Problem, match=f"certificates cannot be read: {name} names .*nowhere"):
        client.read_certificates("https://models.example/v1", None)
    with pytest.raises(Problem, match=name):
        client.read_certificates("http://models.example/v1", "https://proxy:1")


def test_certificates_that_are_none_are_told(monkeypatch, tmp_path):
    (tmp_path / "empty.pem").write_text("no certificate", encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "empty.pem"))
    with pytest.raises(Problem, match="SSL_CERT_FILE names"):
        client.read_certificates("https://models.example/v1", None)
    monkeypatch.delenv("SSL_CERT_FILE")
    assert client.read_certificates("https://models.example/v1", None).verify_mode


@pytest.mark.parametrize(
    ("provider", "pinned"),
    [
        ({}, False),
        ({"order": ["DeepInfra"]}, False),  # others step in
        ({"order": ["DeepInfra"], "allow_fallbacks": False}, True),
        ({"order": ["DeepInfra", "Together"], "allow_fallbacks": False}, False),
        ({"only": ["deepinfra"]}, True),
        ({"only": ["deepinfra", "together"]}, False),
        ({"quantizations": ["bf16"]}, False),
    ],
)
def test_a_brokers_model_is_pinned_by_one_provider_alone(provider, pinned):
    study = study_with({"endpoint": "openrouter", "provider": provider})
    assert unpinned_models(study) == [*([] if pinned else ["GPT"]), "Llama", "DeepSeek", "Qwen"]


def test_a_broker_is_known_by_its_address_or_by_a_provider_that_is_named():
    assert unpinned_models(loader.load("demo")) == []
    own = {"base_url": "https://gateway.example/v1"}
    study = study_with({}, own)
    assert "GPT" not in unpinned_models(study)
    named = study.models | {"Other": study.models["GPT"].model_copy(update={"provider": PIN})}
    assert "GPT" in unpinned_models(study.model_copy(update={"models": named}))
    face = {"base_url": "https://router.huggingface.co/v1"}
    assert "GPT" not in unpinned_models(study_with({"request": "openai/gpt-oss-20b:groq"}, face))
    assert "GPT" in unpinned_models(study_with({"request": "openai/gpt-oss-20b:fastest"}, face))
