"""How long a reader waits: from a fresh clone to the site, with nothing to do, after one change; and against plain papermill.

    .venv/bin/python benchmarks/bench_runner.py              # needs the package index once, for the clone's environment
    .venv/bin/python benchmarks/bench_runner.py --rounds 5

The plain alternative is jupytext and papermill, once a notebook, from the command line: what one would do without the
runner. Both run the same fifteen notebooks over the same recorded replies, in turn; compare the ratio.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHANGES = ("relevance_quorum=5", "human_values=2015", "stance_runs=3")


def seconds(*command: str, cwd: Path, **environment: str) -> float:
    """The wall time of a command that has to succeed."""
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - began


def plain(clone: Path, drafts: Path) -> float:
    """Every notebook by jupytext and papermill, one process each; they write to demo--lab, as by hand."""
    tools, total = clone / ".venv" / "bin", 0.0
    for source in sorted((clone / "notebooks").glob("[0-9]*.py")):
        draft = drafts / f"{source.stem}.ipynb"
        total += seconds(
            str(tools / "jupytext"),
            "--quiet",
            "--to",
            "ipynb",
            "--output",
            str(draft),
            str(source),
            cwd=clone,
        )
        command = (
            str(tools / "papermill"),
            "--no-progress-bar",
            "--kernel",
            "python3",
            "--cwd",
            str(clone / "notebooks"),
            str(draft),
            str(draft),
        )
        total += seconds(*command, cwd=clone)
    return total


def spread(name: str, times: list[float]) -> None:
    print(
        f"{name:<44} {statistics.median(times):7.1f} s   ({min(times):.1f} to {max(times):.1f}, n = {len(times)})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        clone, drafts = Path(folder) / "a clone", Path(folder) / "drafts"
        drafts.mkdir()
        seconds("git", "clone", "--quiet", str(ROOT), str(clone), cwd=ROOT)
        spread(
            "fresh clone to site (environment, study, site)",
            [seconds("./run_all.sh", "--site", cwd=clone)],
        )
        spread("nothing to do", [seconds("./run_all.sh", cwd=clone) for _ in range(rounds)])
        for change in CHANGES:
            spread(
                f"one parameter changed: {change}",
                [seconds("./run_all.sh", "-p", change, cwd=clone)],
            )
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(seconds("./run_all.sh", "--force", cwd=clone))
            theirs.append(plain(clone, drafts))
        spread("all fifteen again, run_all.sh --force", ours)
        spread("all fifteen again, jupytext and papermill", theirs)
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        print(
            f"run_all.sh takes {statistics.median(ratios):.2f} of the plain time ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
