"""How fast questions are asked and archives are read, side by side with a bare client.

    .venv/bin/python benchmarks/bench_asking.py speed   # shares of the ideal rate, CPU, memory
    .venv/bin/python benchmarks/bench_asking.py growth  # plan, resume and read 212,600 cells
    .venv/bin/python benchmarks/bench_asking.py growth --times 10

Clients of other projects can run in the same rounds: `--peers FOLDER` names a folder with
`clients/` (scripts that take --base-url, --n, --conc and --work and print a line of JSON) and
`--environments FOLDER` the one with a virtual environment for each; what is not there is skipped,
and says so. They get a third of the requests, since some of them are slow.

Absolute figures move with the machine; compare the ratios. `--server http://127.0.0.1:PORT/v1` uses
a server that runs already instead of the small one here (its latency is then given with --latency).
"""

import argparse
import asyncio
import cProfile
import json
import multiprocessing
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from utils.cells import cells_of_statements

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))
ANSWER = (
    "The statement weighs the interest of one against that of many. " * 12 + "\n\nAnswer: agree"
)


PEERS = {  # name -> environment (empty: this one), script and its arguments
    "openai": ("", "openai_async.py --variant default"),
    "curator": ("v_curator", "peer_curator.py"),
    "inspect": ("v_inspect", "peer_inspect.py"),
}
WIDTHS = (8, 9, 8, 23, 23, 15, 8)  # of the columns that `speed` prints
QUIET = {
    "TELEMETRY_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}


class Server(asyncio.Protocol):
    """Just enough HTTP: every request gets the same completion after the latency."""

    latency = 0.0
    reply = b""

    def connection_made(self, transport) -> None:
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, self.reply)


def serve(latency: float, port) -> None:
    message = {"role": "assistant", "content": ANSWER}
    usage = {"prompt_tokens": 200, "completion_tokens": 180, "total_tokens": 380}
    body = {
        "id": "x",
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": usage,
    }
    content = json.dumps(body).encode()
    Server.latency = latency
    Server.reply = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        % len(content)
        + content
    )

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(
            Server, "127.0.0.1", 0, backlog=2048
        )
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def server(latency: float, given: str):
    if given:
        yield given
        return
    receiver, sender = multiprocessing.Pipe(False)
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(latency, sender), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{receiver.recv()}/v1"
    finally:
        process.terminate()


def bodies(n: int) -> list[list[dict]]:
    from utils import prompts

    return [
        prompts.fill("stance", "en", f"Statement {i}: every town should have a library.")
        for i in range(n)
    ]


def bare(address: str, n: int, in_flight: int, folder: Path) -> None:
    """aiohttp alone, which keeps nothing."""
    import aiohttp
    import orjson

    async def run() -> None:
        todo = iter(bodies(n))
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=in_flight)
        ) as session:

            async def work() -> None:
                for messages in todo:
                    sent = orjson.dumps(
                        {"model": "m", "messages": messages, "temperature": 1.0, "max_tokens": 4096}
                    )
                    async with session.post(f"{address}/chat/completions", data=sent) as response:
                        orjson.loads(await response.read())["choices"][0]["message"]["content"]

            await asyncio.gather(*(work() for _ in range(in_flight)))

    asyncio.run(run())


def ours(address: str, n: int, in_flight: int, folder: Path) -> None:
    """This project: the openai package, every reply on disk."""
    from alignment.asking import archive, scheduler
    from alignment.asking.request import Request
    from alignment.study import loader, schema
    from alignment.study.workspace import Workspace

    demo = loader.load(ROOT / "studies" / "demo.yaml")
    endpoints = {"simulated": schema.Endpoint(base_url=address, in_flight=in_flight)}
    workspace = Workspace(
        demo.model_copy(update={"respondents": "live", "endpoints": endpoints}), "demo"
    )
    raw = folder / "demo"
    type(workspace).raw = property(lambda self: raw)
    todo = [
        Request(f"{i:032x}", "stance", "en", "sim-us-1", 1, 1, m) for i, m in enumerate(bodies(n))
    ]
    with archive.open_archive(raw / archive.FILE) as connection:
        scheduler.ask(workspace, todo, connection, Quiet())
        assert archive.sum_spending(connection)[0] == n


class Quiet:
    def add(self, *counts, **more) -> None: ...

    def close(self) -> None: ...


def profiled() -> cProfile.Profile:
    """A profile of the thread in which asking runs."""
    profiler, run = cProfile.Profile(), threading.Thread.run
    threading.Thread.run = lambda self: (
        profiler.runcall(run, self) if "ThreadPool" in self.name else run(self)
    )
    return profiler


def trial(client: str, address: str, n: int, in_flight: int, profile: bool) -> None:
    """One client under one condition, in a process of its own; prints a line of JSON."""
    import aiohttp  # noqa: E401, F401 - before the clock runs

    with tempfile.TemporaryDirectory() as folder:
        {"bare": bare, "ours": ours}[client](address, min(n, 200), in_flight, Path(folder) / "warm")
        profiler = profiled() if profile else None
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        {"bare": bare, "ours": ours}[client](address, n, in_flight, Path(folder))
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
        if profiler:
            pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"rate": n / seconds, "cpu_ms": 1000 * cpu / n, "mb": after.ru_maxrss / 1024}))


def peers(options) -> dict[str, list[str]]:
    """The commands of other projects' clients, as far as they are there."""
    found = {}
    for name, (environment, script) in PEERS.items():
        python = (
            Path(options.environments) / environment / "bin" / "python"
            if environment
            else Path(sys.executable)
        )
        client = Path(options.peers) / "clients" / script.split()[0]
        if options.peers and python.exists() and client.exists():
            found[name] = [str(python), str(client), *script.split()[1:]]
        else:
            print(f"skipped: {name} ({client if python.exists() else python} is not there)")
    return found


def run(
    command: list[str], environments: str, client: str, address: str, n: int, in_flight: int
) -> dict:
    """One run of a client in a process of its own: rate (replies/s), cpu_ms a reply, mb at most."""
    with tempfile.TemporaryDirectory() as folder:
        if not command:
            command = [
                sys.executable,
                __file__,
                "trial",
                "--client",
                client,
                "--server",
                address,
                "--n",
                str(n),
                "--in-flight",
                str(in_flight),
            ]
        else:
            n //= 3
            command = [
                *command,
                "--base-url",
                address,
                "--n",
                str(n),
                "--conc",
                str(in_flight),
                "--work",
                folder,
            ]
        quiet = QUIET | {
            "TIKTOKEN_CACHE_DIR": environments + "/tiktoken",
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": address,
            "NO_PROXY": "127.0.0.1",
            "HOME": folder,
        }
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | quiet)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise SystemExit(f"{client} gave no figures:\n{done.stderr[-2000:]}")
    told = json.loads(lines[-1])
    if "rate" in told:
        return told
    return {
        "rate": told["n_ok"] / told["wall"],
        "cpu_ms": 1000 * told["cpu"] / n,
        "mb": told["maxrss_mb"],
    }


def speed(options) -> None:
    conditions = [(0.0, 64, 8000), (0.2, 64, 64 * 60), (0.2, 256, 256 * 60)]
    commands = {"bare": [], "ours": []} | peers(options)
    heads = ("latency", "in flight", "client", "replies/s", "of ideal", "CPU ms a reply", "peak MB")
    print(" ".join(f"{head:>{width}}" for head, width in zip(heads, WIDTHS, strict=True)))
    for latency, in_flight, n in conditions:
        if options.server and latency != options.latency:
            continue
        found = {client: [] for client in commands}
        with server(latency, options.server) as address:
            for _ in range(options.rounds):
                for (
                    client,
                    command,
                ) in commands.items():  # interleaved, so that all meet the same machine
                    found[client].append(
                        run(command, options.environments, client, address, n, in_flight)
                    )
        for client, runs in found.items():
            rates = sorted(r["rate"] for r in runs)
            cpu, mb = sorted(r["cpu_ms"] for r in runs)[len(runs) // 2], max(r["mb"] for r in runs)
            ideal = _spread([r * latency / in_flight for r in rates], ".3f") if latency else ""
            row = (f"{1000 * latency:.0f} ms", in_flight, client, _spread(rates, ",.0f"), ideal)
            row = (*row, f"{cpu:.2f}", f"{mb:.0f}")
            line = " ".join(f"{value:>{width}}" for value, width in zip(row, WIDTHS, strict=True))
            print(line, flush=True)


def _spread(values: list[float], form: str) -> str:
    """Median (least to most) of sorted values."""
    return f"{values[len(values) // 2]:{form}} ({values[0]:{form}} to {values[-1]:{form}})"


def growth(times: int) -> None:
    """Time the paper's study with every reply in the archive: planning, resuming, reading it."""
    from alignment.asking import archive, collection
    from alignment.study import loader
    from alignment.study.workspace import Workspace
    from utils import prompts

    base = loader.load(ROOT / "studies" / "paper.yaml")
    sizes = [
        ("relevance", 776 * times, 6),
        ("polarity", 378 * times, 1),
        ("stance", 281 * times, 1),
    ]
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "paper"
        Workspace.raw = property(lambda self: raw)
        workspace = Workspace(base, "paper")
        texts = {
            (f"{i}.1", l): f"Statement {i} in {l}: {'a town needs a library. ' * 3}"
            for i in range(776 * times)
            for l in workspace.study.languages
        }
        tables = []
        for step, n, dimensions in sizes:
            names = workspace.dimensions[:dimensions] if step != "stance" else [""]
            tables.append(
                cells_of_statements(
                    step, [f"{i}.1" for i in range(n)], names, list(base.models), base.languages, 5
                )
            )
        count = sum(len(t) for t in tables)
        said = {"relevance": "Answer: yes", "polarity": "Answer: +1", "stance": ANSWER}
        with archive.open_archive(raw / archive.FILE) as connection:
            for cells in tables:
                _fill(connection, workspace, cells, texts, said, prompts, archive, collection)
        size = sum(p.stat().st_size for p in raw.iterdir()) / 1e6
        print(f"{count:,} cells, an archive of {size:,.0f} MB")
        with timed("keys of all cells (planning)"):
            for cells in tables:
                collection.cell_keys(workspace, cells, texts)
        with timed("resuming with nothing left to ask, and reading all into tables"):
            for cells in tables:
                found = collection.collect(workspace, cells, texts)
                assert len(found) == len(cells) and (found["state"] != "not asked").all()
        with timed("which cells are new (--plan)"):
            for cells in tables:
                assert not collection.read_archived(workspace, cells, texts)["new"].any()


def _fill(connection, workspace, cells, texts, said, prompts, archive, collection) -> None:
    keys, question = (
        collection.cell_keys(workspace, cells, texts),
        collection.message_writer(workspace, texts),
    )
    own = {
        "zh": {
            "Answer: yes": "答案：是",
            "Answer: +1": "答案：+1",
            ANSWER: "理由很多。" * 60 + "\n\n答案：同意",
        }
    }
    rows = []
    for key, cell in zip(keys, cells.itertuples(index=False), strict=True):
        asked = question(cell.step, cell.statement_id, cell.dimension, cell.language)
        text = said[cell.step]
        text = own.get(cell.language, {}).get(text, text)
        if cell.step == "stance":  # no two arguments are the same
            text = f"{cell.statement_id} {cell.model} {cell.run} {text}"
        row = {
            "key": key,
            "attempt": 1,
            "step": cell.step,
            "model": cell.model,
            "language": cell.language,
            "text": text,
        }
        row |= {
            "finish_reason": "stop",
            "respondents": "live",
            "request": json.dumps(asked),
            "response": json.dumps(text) * 2,
        }
        rows.append(row | {"prompt_tokens": 200, "completion_tokens": 180, "cost": 0.001})
        if len(rows) == 10_000:
            archive.add_records(connection, rows)
            rows = []
    archive.add_records(connection, rows)


@contextmanager
def timed(what: str):
    began = time.perf_counter()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{time.perf_counter() - began:8.1f} s  {peak:7,.0f} MB at most so far  {what}", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["speed", "growth", "trial"])
    parser.add_argument("--server", default="", help="the base URL of a server that runs already")
    parser.add_argument(
        "--latency", type=float, default=0.0, help="seconds a reply of that server takes"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--peers", default="", help="a folder with clients of other projects to run beside ours"
    )
    parser.add_argument(
        "--environments",
        default=".lab",
        help="the folder with a virtual environment for each of them",
    )
    parser.add_argument("--times", type=int, default=1, help="how many times 212,600 cells")
    parser.add_argument("--client", default="ours")
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    if options.what == "trial":
        trial(options.client, options.server, options.n, options.in_flight, options.profile)
    elif options.what == "speed":
        speed(options)
    else:
        growth(options.times)


if __name__ == "__main__":
    main()
