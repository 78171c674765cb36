"""Servers on loopback: respondents with faults on demand, and Kialo's interface."""

import asyncio
import json
import threading
import time
from collections import Counter
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import uvicorn


@contextmanager
def serve(app):
    """Serve an ASGI application on a free loopback port; gives its address."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            log_level="critical",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)


async def _body(receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def answer(
    send, status: int, content: bytes, kind: bytes = b"application/json", **headers: str
) -> None:
    named = [
        (b"content-type", kind),
        *((k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": content})


async def cut(send, started: bytes = b"") -> None:
    """Start an answer and drop the connection."""
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]}
    )
    if started:
        await send({"type": "http.response.body", "body": started, "more_body": True})
    raise ConnectionError


async def trickle(send) -> None:
    """A byte now and then, and never the last."""
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]}
    )
    for _ in range(100):
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(0.05)


def _completion(message) -> bytes:
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()


SLOW_DOWN = b'{"error": {"message": "slow down"}}'
FAULTS = {  # what an endpoint may do in place of answering
    "429": lambda send: answer(send, 429, SLOW_DOWN),
    "429, seconds": lambda send: answer(send, 429, SLOW_DOWN, retry_after="0.01"),
    "429, date": lambda send: answer(
        send, 429, SLOW_DOWN, retry_after=formatdate(time.time(), usegmt=True)
    ),
    "500": lambda send: answer(send, 500, b"oops", b"text/html"),
    "503": lambda send: answer(send, 503, b"{}"),
    "no answer": lambda send: asyncio.sleep(5),
    "dropped": cut,
    "half a body": lambda send: answer(
        send, 200, b'{"choices": [{"message": {"content": "Answer: y'
    ),
    "cut in the body": lambda send: cut(send, b'{"choices": [{"message": {"content": "Answer: yes'),
    "null choice": lambda send: answer(send, 200, b'{"choices": [null]}'),
    "an error as a reply": lambda send: answer(
        send, 200, b'{"error": {"message": "upstream failed", "code": 502}}'
    ),
    "content is no text": lambda send: answer(
        send, 200, _completion({"content": [{"type": "text"}]})
    ),
    "a list": lambda send: answer(send, 200, b"[]"),
    "nothing": lambda send: answer(send, 200, b""),
    "a trickle": trickle,
    "a page": lambda send: answer(
        send, 200, b"<html>the proxy wants your attention</html>", b"text/html"
    ),
}


class Faulty:
    """An application that fails now and then; counts requests, and those it answered, by body."""

    def __init__(self, app, fault=lambda asked, body: None) -> None:
        self.app, self.fault = app, fault
        self.asked, self.answered = Counter(), Counter()

    async def __call__(self, scope, receive, send) -> None:
        body = await _body(receive)
        self.asked[body] += 1
        fault = self.fault(self.asked[body], json.loads(body))
        if fault is not None:
            await fault(send)
            return
        self.answered[body] += 1

        async def again():
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, again, send)


def kialo(folder: Path):
    """Kialo's interface over a folder of kept answers: list, graphs, votes, robots.txt."""

    async def app(scope, receive, send) -> None:
        path, query = (
            scope["path"],
            dict(p.split("=") for p in scope["query_string"].decode().split("&") if p),
        )
        if path == "/robots.txt":
            await answer(send, 200, b"User-agent: *\nDisallow: /private/\n", b"text/plain")
        elif path == "/api/v1/discussions":
            listed = json.loads((folder / "list" / "0000.json").read_text(encoding="utf-8"))[
                "discussions"
            ]
            page = listed[int(query["skip"]) : int(query["skip"]) + int(query["limit"])]
            await answer(send, 200, json.dumps({"discussions": page}).encode())
        elif path == "/api/v1/discussiongraph":
            await answer(
                send, 200, (folder / "graphs" / f"{query['discussionId']}.json").read_bytes()
            )
        else:
            await answer(send, 200, (folder / "votes" / f"{path.split('/')[4]}.json").read_bytes())

    return app
