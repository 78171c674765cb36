"""What a study file may say of an endpoint's address, its key and the fields of a request."""

import ipaddress
import json
import re
from urllib.parse import urlsplit

VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
KEY = re.compile(  # as providers' keys begin; some repeat them with stars in their middle
    r"\bsk-[\w*-]{12,}|\b(?:gsk|hf|pk|r8|xai|csk|tgp)[-_][A-Za-z0-9]{16,}"
    r"|\b(?:AIza|nvapi-)[\w-]{20,}"
)
LONG_WORD = re.compile(r"(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}")  # none is in a variable's name
HEADER = re.compile(r"[A-Za-z0-9-]+")
OWN_HEADERS = {
    "accept": "",
    "accept-encoding": "",
    "authorization": ": `key:` fills it",
    "connection": "",
    "content-length": "",
    "content-type": "",
    "host": "",
    "transfer-encoding": "",
    "user-agent": "",
}

FILLED = ("temperature", "max_tokens", "seed")  # fields whose values the study's settings give
ALIASES = {  # what some endpoints call them
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "max_new_tokens": "max_tokens",
    "n_predict": "max_tokens",
    "num_predict": "max_tokens",
    "random_seed": "seed",
}
OF_THE_METHOD = {
    "model": "a model's name is its `request:`",
    "models": "another model would answer in its place",
    "route": "another model would answer in its place",
    "messages": "the prompts are the same for all models",
    "prompt": "the prompts are the same for all models",
    "stream": "replies are read whole",
    "stream_options": "replies are read whole",
    "n": "each run is a request of its own",
    "best_of": "each run is a request of its own",
    "tools": "a model answers by itself",
    "tool_choice": "a model answers by itself",
    "functions": "a model answers by itself",
    "function_call": "a model answers by itself",
    "plugins": "a model answers by itself",
    "web_search_options": "a model answers by itself",
    "provider": "it is a setting of the model, beside `fields:`",
    "extra_body": "write its fields here as they are",
}


def check_address(address: str) -> str:
    """Return a base URL, or raise a ValueError that says what to write; "" is none.

    >>> check_address("https://api.openai.com/v1")
    'https://api.openai.com/v1'
    >>> check_address("localhost:8000/v1")
    Traceback (most recent call last):
    ...
    ValueError: it has no http:// or https:// at its start: write "http://localhost:8000/v1"
    """
    if not address:
        return address
    if "@" in address or KEY.search(address):
        raise ValueError("it holds a key or password, which belongs into the environment: `key:`")
    if not re.match(r"https?://", address, re.IGNORECASE):
        bare = re.sub(r"^(\w+:(?=/))?/+", "", address)
        scheme = "http" if is_loopback(bare.partition("/")[0].partition(":")[0]) else "https"
        start = "it has no http:// or https:// at its start"
        raise ValueError(f'{start}: write "{scheme}://{bare}"')
    parts = urlsplit(address)
    try:
        whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number
        whole = False
    if not whole or re.search(r"\s", address):
        raise ValueError(f'"{address}" is no address')
    if "?" in address or "#" in address:
        azure = " (Azure needs none in .../openai/v1)" if "api-version" in parts.query else ""
        bare = re.split(r"[?#]", address)[0]
        raise ValueError(f'it ends in a query{azure}: leave it out, as in "{bare}"')
    if match := re.search(r"/((chat/)?completions|responses|models)/*$", parts.path):
        bare = address.rstrip("/").removesuffix(match[0].rstrip("/"))
        raise ValueError(f'it ends before {match[0].rstrip("/")}: write "{bare}"')
    return address


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("models.example")
    (True, True, False)
    """
    try:
        address = ipaddress.ip_address(host)
        return address.is_loopback or address.is_unspecified  # servers print 0.0.0.0
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def check_variable(name: str) -> str:
    """Return the name of an environment variable; ValueError, which does not repeat it, for a key.

    >>> check_variable("OPENAI_API_KEY")
    'OPENAI_API_KEY'
    """
    wrong = not VARIABLE.fullmatch(name) or KEY.search(name) or LONG_WORD.search(name)
    if name and wrong:
        what = (
            "here stands the name of an environment variable (as OPENAI_API_KEY), never its value"
        )
        raise ValueError(f"{what}; if a key stood here, withdraw it: others may have seen the file")
    return name


def check_headers(headers: dict[str, str]) -> dict[str, str]:
    """Return headers with the variables that hold their values; ValueError for one not allowed."""
    for name, variable in headers.items():
        if not HEADER.fullmatch(name):
            raise ValueError("a header's name has letters, digits and hyphens")
        if name.lower() in OWN_HEADERS:
            raise ValueError(f'"{name}" is not set here{OWN_HEADERS[name.lower()]}')
        if not variable:
            raise ValueError(f'"{name}" needs the name of an environment variable')
        check_variable(variable)
    return headers


def check_fields(fields: dict) -> dict:
    """Return fields to send otherwise or besides; ValueError for one that would break the method.

    >>> check_fields({"max_tokens": "max_completion_tokens", "temperature": None, "top_p": 0.9})
    {'max_tokens': 'max_completion_tokens', 'temperature': None, 'top_p': 0.9}
    >>> check_fields({"stream": True})
    Traceback (most recent call last):
    ...
    ValueError: "stream" cannot be sent: replies are read whole
    """
    for name, value in fields.items():
        sent = value if name in FILLED else name
        if sent in OF_THE_METHOD:
            raise ValueError(f'"{sent}" cannot be sent: {OF_THE_METHOD[sent]}')
        if name in ALIASES and value is not None:
            other, where = ALIASES[name], "send_seed of the endpoint gives its value"
            if other == "max_tokens":
                where = "max_tokens of the model or under sampling: gives its value"
            raise ValueError(f'write "{other}: {name}"; {where}')
        is_name = isinstance(value, str) and value and (value == name or value not in FILLED)
        if name in FILLED and value is not None and not is_name:
            where = "its value is set under `sampling:`"
            if name == "max_tokens":
                where += ", or by the model's own `max_tokens:`"
            elif name == "seed":
                where = "`send_seed: true` of the endpoint sends another one in each run"
            raise ValueError(f'"{name}" takes another name for it or null; {where}')
        try:
            json.dumps(value, allow_nan=False)
        except ValueError:
            raise ValueError(f'"{name}" is not finite') from None
    return fields
