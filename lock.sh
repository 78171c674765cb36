#!/usr/bin/env bash
# Resolves the dependencies anew: pyproject.toml -> requirements.lock -> environment.yml. Needs the package index.
#   ./lock.sh             resolve, keeping the pinned versions that still fit
#   ./lock.sh --upgrade   resolve to the newest versions
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ./environment.sh
"$python" -m uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --custom-compile-command ./lock.sh --quiet "$@" -o requirements.lock
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
