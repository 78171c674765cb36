#!/usr/bin/env bash
# Regenerates the paper: runs the notebooks of one study in order and leaves
#   data/processed/<study>/NN_*.csv   figures/<study>/*.{png,pdf}   notebooks/rendered/<study>/NN_*.ipynb
# Without options: the default study, studies/demo.yaml (simulated respondents: no key, no cost). Options: ./run_all.sh --help
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
case " $* " in
    *" --site "*) source ./environment.sh site ;;
    *) source ./environment.sh base ;;
esac
exec "$python" -m alignment.cli run "$@"
