# Makes .venv from requirements.lock when it is missing or stale, and sets $python.
# Sourced by run_all.sh and run_tests.sh, in the project's folder; asks nothing, costs nothing when there is nothing to do.

stop() { printf '%s\n' "$*" >&2; exit 1; }

find_python() {
    local name
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        "$name" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null &&
            { echo "$name"; return; }
    done
    return 1
}

install() {
    # uv is about three times as fast as pip; where it cannot be had, pip does the same from the same lock.
    local pip=(.venv/bin/python -m pip --disable-pip-version-check --no-input)
    awk '/^uv==/ {keep=1} keep {print} keep && !/\\$/ {exit}' requirements.lock >.venv/uv.txt
    "${pip[@]}" install --quiet --require-hashes -r .venv/uv.txt &&
        .venv/bin/python -m uv pip install --quiet --python .venv/bin/python --require-hashes \
            --compile-bytecode -r requirements.lock ||
        "${pip[@]}" install --quiet --require-hashes -r requirements.lock || return
    "${pip[@]}" install --quiet --no-deps --no-build-isolation --editable .
}

make_environment() {
    local base free
    [ -f requirements.lock ] || stop "requirements.lock is missing; bring it back with: git checkout requirements.lock"
    base=$(find_python) || stop "No usable Python was found: 3.11, 3.12 or 3.13 with its venv module is needed" \
        "(on Debian and Ubuntu: apt install python3-venv). Another one can be named: PYTHON=/path/to/python3.12 $0"
    free=$(df -Pk . | awk 'NR == 2 {print int($4 / 1024)}')
    [ "$free" -ge 1500 ] || stop "The environment needs about 1,500 MB, and only $free MB are free on this disk."
    echo "Making the environment in .venv (about half a minute) ..."
    rm -rf .venv
    "$base" -m venv .venv >/dev/null || stop "'$base -m venv .venv' failed: is this folder writable, and is there room on the disk?"
    if ! install >.venv/install.log 2>&1; then
        tail -n 5 .venv/install.log >&2
        grep -qi 'no space left' .venv/install.log && stop "The disk filled up while the packages were installed."
        stop "The packages could not be installed (the lines above are the end of .venv/install.log)." \
            "Is the package index within reach? Running the same command again starts afresh."
    fi
    echo "$PWD" >.venv/made-in
    cp requirements.lock .venv/requirements.lock
}

cd -P .          # a symlinked path to the clone is the same clone
unset PYTHONPATH  # nothing that lies elsewhere under a name of ours is imported in its place
if [ "${CONDA_DEFAULT_ENV:-}" = cultural-alignment ]; then
    python=python
    python -c 'import alignment' 2>/dev/null || pip install --quiet --no-deps --no-build-isolation --editable .
else
    cmp -s requirements.lock .venv/requirements.lock && [ "$PWD" = "$(cat .venv/made-in)" ] || make_environment
    python=.venv/bin/python
fi
