"""How fast a cluster of one and of two workers on this machine asks, side by side with one process.

    .venv/bin/python benchmarks/bench_cluster.py    # needs: bash -c 'source ./environment.sh tests'

A server on loopback answers after 200 ms, so that neither it nor the processor binds, and each
worker may have 64 requests in flight, as the one process may. (One process with 128 would be as
fast: what is measured is what the cluster itself costs.) Then the server answers at once, so that
the processor binds, which the server shares. The three take turns, so that all meet the same
machine; starting the workers is timed apart.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bench_asking
from bench_asking import ROOT, bodies, server

PLACES = ("", "local:1", "local:2")
IN_FLIGHT = 64  # of the process, or of each worker
CONDITIONS = ((0.2, 60), (0.0, 100))  # seconds a reply takes, replies for each one in flight


def trial(place: str, address: str, rounds: int) -> None:
    """Ask in one place, in a process of its own; print a line of JSON."""
    from alignment.asking import archive, cluster
    from alignment.asking.request import Request
    from alignment.study import loader, schema
    from alignment.study.progress import Progress
    from alignment.study.workspace import Workspace

    workers = int(place.rpartition(":")[2] or 1)
    endpoint = schema.Endpoint(base_url=address, in_flight=IN_FLIGHT * workers)
    changes = {"respondents": "live", "endpoints": {"simulated": endpoint}, "cluster": place}
    study = loader.load(ROOT / "studies" / "demo.yaml").model_copy(update=changes)
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(study, "demo", root=Path(folder))
        few, all_of = IN_FLIGHT * workers, IN_FLIGHT * workers * rounds
        requests = [
            Request(f"{i:032x}", "stance", "en", "sim-us-1", 1, 1, messages)
            for i, messages in enumerate(bodies(few + all_of))
        ]
        path = workspace.raw / archive.FILE
        with archive.open_archive(path) as connection, cluster.open_asker(workspace) as ask:
            seconds = []
            for part in (requests[:few], requests[few:]):
                began, progress = (
                    time.perf_counter(),
                    Progress(len(part), file=f"{folder}/progress"),
                )
                ask(workspace, part, connection, progress)
                seconds.append(time.perf_counter() - began)
            assert archive.sum_spending(connection)[0] == len(requests)
    print(json.dumps({"rate": all_of / seconds[1], "start": seconds[0]}))


def run(place: str, address: str, rounds: int) -> dict:
    command = [sys.executable, __file__, "--trial", place or "here", "--server", address]
    done = subprocess.run([*command, "--for-each", str(rounds)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    for name in ("--trial", "--server", "--for-each"):
        parser.add_argument(name, default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.trial:
        place = "" if options.trial == "here" else options.trial
        trial(place, options.server, int(options.for_each))
        return
    for latency, rounds in CONDITIONS:
        found = {place: [] for place in PLACES}
        with server(latency, "") as address:
            for _ in range(options.rounds):
                for place in PLACES:
                    found[place].append(run(place, address, rounds))
        print(f"a reply takes {1000 * latency:.0f} ms; {IN_FLIGHT} in flight for each worker")
        rates = {place: [r["rate"] for r in results] for place, results in found.items()}
        for place, own in rates.items():
            ratios = [a / b for a, b in zip(own, rates[""], strict=True)]
            start = statistics.median(r["start"] for r in found[place])
            spread = bench_asking._spread(sorted(own), ",.0f")
            times = bench_asking._spread(sorted(ratios), ".2f")
            line = f"  {place or 'one process':12} {spread:>24} replies/s"
            line += f", {times:>20} times one process"
            print(f"{line}; {start:.1f} s to start and ask {IN_FLIGHT} each", flush=True)


if __name__ == "__main__":
    main()
