#!/usr/bin/env bash
# Runs the tests, after the same set-up as run_all.sh. Arguments go to pytest: ./run_tests.sh -m slow, ./run_tests.sh -k votes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ./environment.sh
exec "$python" -m pytest "$@"
