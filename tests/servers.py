"""Real servers on loopback: the simulated respondents with faults on demand, and Kialo's interface over kept answers."""

import json
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import uvicorn


@contextmanager
def serve(app):
    """Serve an ASGI application on a free loopback port; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off"))
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


async def answer(send, status: int, content: bytes, kind: bytes = b"application/json", **headers: str) -> None:
    named = [(b"content-type", kind), *((k.replace("_", "-").encode(), v.encode()) for k, v in headers.items())]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": content})


class Faulty:
    """An application that fails now and then before it answers; counts what it was asked and what it answered."""

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
        path, query = scope["path"], dict(p.split("=") for p in scope["query_string"].decode().split("&") if p)
        if path == "/robots.txt":
            await answer(send, 200, b"User-agent: *\nDisallow: /private/\n", b"text/plain")
        elif path == "/api/v1/discussions":
            listed = json.loads((folder / "list" / "0000.json").read_text(encoding="utf-8"))["discussions"]
            page = listed[int(query["skip"]) : int(query["skip"]) + int(query["limit"])]
            await answer(send, 200, json.dumps({"discussions": page}).encode())
        elif path == "/api/v1/discussiongraph":
            await answer(send, 200, (folder / "graphs" / f"{query['discussionId']}.json").read_bytes())
        else:
            await answer(send, 200, (folder / "votes" / f"{path.split('/')[4]}.json").read_bytes())

    return app
