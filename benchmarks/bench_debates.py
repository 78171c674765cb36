"""How long reading a folder of exports and votes takes, and how that grows with ten times as many.

    python benchmarks/bench_debates.py FOLDER [--repeats 5]

FOLDER holds exports (*.txt) and votes_json/<debate>.json. Everything is read in processes of its own, in turn, so that
what else the machine does hits all alike; the ratios are what to look at. Copies bear ids of their own.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

TIMES = 10


def plain(folder: Path) -> int:
    """The least that must be done: read every byte, and take the JSON apart. Its rows are characters."""
    texts = sum(len(p.read_bytes().decode("utf-8", "replace")) for p in folder.rglob("*.txt"))
    return texts + sum(
        len(json.loads(p.read_bytes())) for p in (folder / "votes_json").glob("*.json")
    )


def exports(folder: Path) -> int:
    """All of it: formats, theses, votes, twins, plain text. Its rows are theses."""
    from alignment.kialo.exports import read_exports

    return len(read_exports(folder, folder / "votes_json")[1])


def statements(folder: Path) -> int:
    """That, and the filter with its account."""
    from alignment.kialo.exports import read_exports
    from utils import vote_filter

    debates, theses, _ = read_exports(folder, folder / "votes_json")
    kept, left = vote_filter.filter_statements(debates, theses, 3)
    return int(vote_filter.account(debates, theses, kept, left)["theses"].iloc[-1])


WAYS = {f.__name__: f for f in (plain, exports, statements)}


def copied(folder: Path, target: Path, times: int) -> None:
    """The folder `times` over, the id at the end of each file's name made another; a first copy keeps its own."""
    for k in range(times):
        for path in [*folder.rglob("*.txt"), *(folder / "votes_json").glob("*.json")]:
            head, _, number = path.stem.rpartition("-")
            name = (
                path.stem
                if not number.isdecimal()
                else f"{head}-{int(number) + k * 10**6}".lstrip("-")
            )
            place = target / str(k) if path.suffix == ".txt" else target / "votes_json"
            place.mkdir(parents=True, exist_ok=True)
            # An export that is the same to the byte would count as a copy: a blank line makes it another.
            content = path.read_bytes()
            place.joinpath(name + path.suffix).write_bytes(
                content + b"\r\n" * k if path.suffix == ".txt" else content
            )


def once(way: str, folder: Path) -> None:
    """Read in this process; tell seconds, rows, and the most memory that it took (MiB)."""
    import pandas  # noqa: F401  # loaded before the clock starts

    import alignment.kialo.exports  # noqa: F401
    import alignment.kialo.sources  # noqa: F401

    before, started = peak(), time.perf_counter()
    rows = WAYS[way](folder)
    print(json.dumps([time.perf_counter() - started, rows, peak() - before, peak()]))


def peak() -> float:
    scale = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def measured(way: str, folder: Path) -> list[float]:
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
        copied(chosen.folder, many, TIMES)
        found = {(way, n): [] for way in WAYS for n in (1, TIMES)}
        for _ in range(chosen.repeats):
            for way, n in found:
                found[way, n].append(measured(way, chosen.folder if n == 1 else many))
        shutil.rmtree(many)
    print(
        f"{'read':<12}{'copies':>7}{'rows':>12}{'seconds: median (least to most)':>34}{'MiB more':>10}{'MiB in all':>12}{'to plain':>10}"
    )
    medians = {key: statistics.median(r[0] for r in runs) for key, runs in found.items()}
    for (way, n), runs in found.items():
        seconds = sorted(r[0] for r in runs)
        span = f"{medians[way, n]:.2f} ({seconds[0]:.2f} to {seconds[-1]:.2f})"
        more, all_ = (max(r[i] for r in runs) for i in (2, 3))
        to_plain = medians[way, n] / medians["plain", n]
        print(
            f"{way:<12}{n:>7}{runs[0][1]:>12,}{span:>34}{more:>10.0f}{all_:>12.0f}{to_plain:>9.1f}x"
        )
    for way in WAYS:
        print(
            f"{TIMES} times as many: {way} takes {medians[way, TIMES] / medians[way, 1]:.1f} times as long"
        )


if __name__ == "__main__":
    main()
