"""How long a reader waits: from a fresh clone to the site, with nothing to do, after one change.

    .venv/bin/python benchmarks/bench_runner.py      # needs the package index for the environment
    .venv/bin/python benchmarks/bench_runner.py --rounds 5

All pages from recorded replies are made three ways in turn: by ./run_all.sh, by the same with its
notebooks one after the other, and by jupytext and papermill, once a notebook, from the command
line: what one would do without the runner. Compare the ratios.
"""

import argparse
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHANGES = ("relevance_quorum=5", "human_values=2015", "stance_runs=3")
ALL_AGAIN = ("--recorded", "--force")
ONE_AFTER_THE_OTHER = """
import sys
from alignment import cli
from alignment.runner import execution
execution.KERNELS = 1
sys.exit(cli.main(["run", "--recorded", "--force"]))
"""


def seconds(*command: str, cwd: Path) -> tuple[float, float]:
    """Run a command that has to succeed; return its wall time and its processor time."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, busy


def make_plainly(clone: Path, drafts: Path) -> tuple[float, float]:
    """Run every notebook by jupytext and papermill, a process each; they write to demo--lab."""
    tools, wall, busy = clone / ".venv" / "bin", 0.0, 0.0
    papermill = [str(tools / "papermill"), "--no-progress-bar", "--kernel", "python3"]
    papermill += ["--cwd", str(clone / "notebooks")]
    jupytext = [str(tools / "jupytext"), "--quiet", "--to", "ipynb", "--output"]
    for source in sorted((clone / "notebooks").glob("[0-9]*.py")):
        draft = str(drafts / f"{source.stem}.ipynb")
        for command in ([*jupytext, draft, str(source)], [*papermill, draft, draft]):
            more = seconds(*command, cwd=clone)
            wall, busy = wall + more[0], busy + more[1]
    return wall, busy


def report(name: str, times: list[tuple[float, float]]) -> None:
    """Print the median wall time with its range, and the median processor time."""
    walls, busy = zip(*times, strict=True)
    spread = f"{min(walls):.1f} to {max(walls):.1f}, n = {len(walls)}"
    middle = statistics.median(walls)
    print(f"{name:<44} {middle:7.1f} s ({spread}; busy {statistics.median(busy):.1f} s)")


def compare(what: str, ours: list[tuple[float, float]], theirs: list[tuple[float, float]]) -> None:
    """Print the ratio of wall times, pair by pair."""
    ratios = [a[0] / b[0] for a, b in zip(ours, theirs, strict=True)]
    middle, spread = statistics.median(ratios), f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"run_all.sh takes {middle:.2f} of {what} ({spread}, n = {len(ratios)})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        clone, drafts = Path(folder) / "a clone", Path(folder) / "drafts"
        drafts.mkdir()
        seconds("git", "clone", "--quiet", str(ROOT), str(clone), cwd=ROOT)
        report("fresh clone to the last page", [seconds("./run_all.sh", cwd=clone)])
        report("the site, with what it needs", [seconds("./run_all.sh", "--site", cwd=clone)])
        report("nothing to do", [seconds("./run_all.sh", cwd=clone) for _ in range(rounds)])
        for change in CHANGES:
            times = [seconds("./run_all.sh", "-p", change, cwd=clone)]
            report(f"one parameter changed: {change}", times)
        python = str(clone / ".venv" / "bin" / "python")
        ours, single, plain = [], [], []
        for _ in range(rounds):
            ours.append(seconds("./run_all.sh", *ALL_AGAIN, cwd=clone))
            single.append(seconds(python, "-c", ONE_AFTER_THE_OTHER, cwd=clone))
            plain.append(make_plainly(clone, drafts))
        report("all pages again, run_all.sh", ours)
        report("all pages again, one after the other", single)
        report("all pages again, jupytext and papermill", plain)
        compare("the time of one after the other", ours, single)
        compare("the time of jupytext and papermill", ours, plain)


if __name__ == "__main__":
    main()
