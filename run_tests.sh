#!/usr/bin/env bash
# Runs the tests, after the same set-up as run_all.sh. Arguments go to pytest:
# ./run_tests.sh -m slow, ./run_tests.sh -k votes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ./environment.sh tests
# All tests take two processes where there are two cores; a part of them one, which starts sooner.
case ${1:-all} in
    all | -m | --durations=*)
        if [ "$(getconf _NPROCESSORS_ONLN)" -ge 2 ]; then
            set -- -n 2 --dist loadgroup --no-loadscope-reorder "$@"
        fi ;;
esac
exec "$python" -m pytest "$@"
