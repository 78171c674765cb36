"""How long reading a folder of exports and votes takes, and how that grows with ten times as many.

    python benchmarks/bench_debates.py FOLDER [--repeats 5]

FOLDER holds exports (*.txt) and votes_json/<debate>.json. Each way of reading runs in a process of
its own, in turn, so that other load on the machine affects all alike; look at the ratios. Copies
have ids of their own.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

TIMES = 10


def plain(folder: Path) -> int:
    """Read every byte and parse the JSON, the least that must be done; count characters."""
    texts = sum(len(p.read_bytes().decode("utf-8", "replace")) for p in folder.rglob("*.txt"))
    return texts + sum(
        len(json.loads(p.read_bytes())) for p in (folder / "votes_json").glob("*.json")
    )


def exports(folder: Path) -> int:
    """Read formats, theses, votes, twins and plain text; count theses."""
    from alignment.kialo.exports import read_exports

    return len(read_exports(folder, folder / "votes_json")[1])


def statements(folder: Path) -> int:
    """Read the exports and filter them; count the theses accounted for."""
    from alignment.kialo.exports import read_exports
    from utils import vote_filter

    debates, theses, _ = read_exports(folder, folder / "votes_json")
    kept, left = vote_filter.filter_statements(debates, theses, 3)
    return int(vote_filter.account(debates, theses, kept, left)["theses"].iloc[-1])


WAYS = {f.__name__: f for f in (plain, exports, statements)}


def copy_folder(folder: Path, target: Path, times: int) -> None:
    """Copy a folder `times` over, each copy but the first with other ids in the files' names."""
    for k in range(times):
        for path in [*folder.rglob("*.txt"), *(folder / "votes_json").glob("*.json")]:
            name, content = path.stem, path.read_bytes()
            head, _, number = name.rpartition("-")
            if number.isdecimal():
                name = f"{head}-{int(number) + k * 10**6}".lstrip("-")
            place = target / "votes_json"
            if path.suffix == ".txt":
                place = target / str(k)
                content += b"\r\n" * k  # the same bytes would count as a copy
            place.mkdir(parents=True, exist_ok=True)
            place.joinpath(name + path.suffix).write_bytes(content)


def once(way: str, folder: Path) -> None:
    """Read in this process; print seconds, rows, and memory (MiB) taken and in all."""
    import pandas  # noqa: F401  # loaded before the clock starts

    import alignment.kialo.exports  # noqa: F401
    import alignment.kialo.sources  # noqa: F401

    before, started = peak(), time.perf_counter()
    rows = WAYS[way](folder)
    print(json.dumps([time.perf_counter() - started, rows, peak() - before, peak()]))


def peak() -> float:
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def measure(way: str, folder: Path) -> list[float]:
    command = [sys.executable, __file__, str(folder), "--once", way]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--once", choices=WAYS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.once:
        return once(chosen.once, chosen.folder)
    with tempfile.TemporaryDirectory() as temporary:
        many = Path(temporary) / "many"
        copy_folder(chosen.folder, many, TIMES)
        runs = {(way, n): [] for way in WAYS for n in (1, TIMES)}
        for _ in range(chosen.repeats):
            for way, n in runs:
                runs[way, n].append(measure(way, chosen.folder if n == 1 else many))
    print(
        f"{'read':<12}{'copies':>7}{'rows':>12}{'seconds: median (least to most)':>34}"
        f"{'MiB more':>10}{'MiB in all':>12}{'to plain':>10}"
    )
    medians = {key: statistics.median(run[0] for run in rows) for key, rows in runs.items()}
    for (way, n), rows in runs.items():
        seconds, count = sorted(run[0] for run in rows), rows[0][1]
        span = f"{medians[way, n]:.2f} ({seconds[0]:.2f} to {seconds[-1]:.2f})"
        more, in_all = (max(run[i] for run in rows) for i in (2, 3))
        ratio = medians[way, n] / medians["plain", n]
        print(f"{way:<12}{n:>7}{count:>12,}{span:>34}{more:>10.0f}{in_all:>12.0f}{ratio:>9.1f}x")
    for way in WAYS:
        ratio = medians[way, TIMES] / medians[way, 1]
        print(f"{TIMES} times as many: {way} takes {ratio:.1f} times as long")


if __name__ == "__main__":
    main()
