#!/usr/bin/env bash
# Resolves the dependencies anew: pyproject.toml -> requirements.lock -> environment.yml. Needs the package index.
#   ./lock.sh             resolve, keeping the pinned versions that still fit
#   ./lock.sh --upgrade   resolve to the newest versions
# The lock has four sections: what running a study needs, then what the site, a cluster and the tests need, too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ./environment.sh base
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
resolve() {
    "$python" -m uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --custom-compile-command ./lock.sh --quiet "$@"
}
cp requirements.lock "$new/tests"
resolve --all-extras "$@" -o "$new/tests"
resolve --constraints "$new/tests" --extra site --extra cluster -o "$new/cluster"
resolve --constraints "$new/tests" --extra site -o "$new/site"
resolve --constraints "$new/tests" -o "$new/base"
"$python" - "$new" >"$new/lock" <<'PYTHON'
import re
import sys
from pathlib import Path

head, *pins = re.split(r"^(?=[a-z0-9-]+==)", Path(sys.argv[1], "tests").read_text(), flags=re.M)
print(head, end="")
for section in ("base", "site", "cluster", "tests"):
    print(f"# Section: {section}")
    names = re.findall(r"^[a-z0-9-]+==", Path(sys.argv[1], section).read_text(), re.M)
    for pin in [pin for pin in pins if pin.startswith(tuple(names))]:
        print(pin, end="")
        pins.remove(pin)
PYTHON
cp "$new/lock" requirements.lock
cat >environment.yml <<'YAML'
# Made by lock.sh: the same pinned packages as .venv, for conda.
#   conda env create -f environment.yml && conda activate cultural-alignment && ./run_all.sh
name: cultural-alignment
channels: [conda-forge, nodefaults]
dependencies:
  - python=3.11
  - pip
  - pip:
      - -r requirements.lock
YAML
