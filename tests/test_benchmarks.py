"""The benchmarks still run; what they find is for whoever runs them."""

import json
import subprocess
import sys

import pytest

from alignment.study.paths import ROOT

FILE = ROOT / "benchmarks" / "bench_asking.py"


@pytest.mark.slow
@pytest.mark.parametrize("client", ["bare", "ours"])
def test_the_benchmark_of_asking_runs(client, monkeypatch):
    monkeypatch.syspath_prepend(str(FILE.parent))
    import bench_asking

    with bench_asking.server(0.0, "") as address:
        trial = ["trial", "--client", client, "--server", address, "--n", "300"]
        command = [sys.executable, str(FILE), *trial]
        run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1])["rate"] > 0
