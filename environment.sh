# Makes .venv from requirements.lock when it is missing or stale, and sets $python. Sourced by the
# scripts in the project's folder: source ./environment.sh [base | site | cluster | tests]. It asks nothing,
# and costs nothing when there is nothing to do. What only the site, a cluster or the tests need is a
# section of the lock, and installed, with those above it, when it is first wanted.

stop() { printf '%s\n' "$*" >&2; exit 1; }

find_python() {
    local name
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        "$name" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null &&
            { echo "$name"; return; }
    done
    return 1
}

pinned() {  # the lock up to the end of a section
    awk -v last="$1" '/^# Section: / {if (found) exit; found = ($3 == last)} {print}' requirements.lock
}

install() {
    # uv is about three times as fast as pip; where it cannot be had, pip does the same from the same lock.
    local pip=(.venv/bin/python -m pip --disable-pip-version-check --no-input)
    local uv=(.venv/bin/python -m uv pip) wanted=.venv/wanted.txt
    pinned "$1" >"$wanted"
    awk '/^uv==/ {keep=1} keep {print} keep && !/\\$/ {exit}' "$wanted" >.venv/uv.txt
    if "${pip[@]}" install --quiet --require-hashes -r .venv/uv.txt; then
        "${uv[@]}" install --quiet --python .venv/bin/python --require-hashes --compile-bytecode -r "$wanted" &&
            "${uv[@]}" install --quiet --python .venv/bin/python --no-deps --no-build-isolation --offline --editable . &&
            return
    fi
    "${pip[@]}" install --quiet --require-hashes -r "$wanted" &&
        "${pip[@]}" install --quiet --no-deps --no-build-isolation --editable .
}

add() {
    if ! install "$1" >.venv/install.log 2>&1; then
        tail -n 5 .venv/install.log >&2
        grep -qi 'no space left' .venv/install.log && stop "The disk filled up while the packages were installed."
        stop "The packages could not be installed (the lines above are the end of .venv/install.log)." \
            "Is the package index within reach? Running the same command again starts afresh."
    fi
    touch .venv/has-base ".venv/has-$1"
    case $1 in cluster | tests) touch .venv/has-site ;; esac
    [ "$1" != tests ] || touch .venv/has-cluster
}

hold() {  # the environment, shared or alone, as long as this script and what takes its place run
    "$1" -c 'import fcntl, sys; fcntl.flock(9, getattr(fcntl, sys.argv[1]) | fcntl.LOCK_NB)' "$2" 2>/dev/null
}

make_environment() {
    local base free
    [ -f requirements.lock ] || stop "requirements.lock is missing; bring it back with: git checkout requirements.lock"
    base=$(find_python) || stop "No usable Python was found: 3.11, 3.12 or 3.13 with its venv module is needed" \
        "(on Debian and Ubuntu: apt install python3-venv). Another one can be named: PYTHON=/path/to/python3.12 $0"
    free=$(df -Pk . | awk 'NR == 2 {print int($4 / 1024)}')
    [ "$free" -ge 1500 ] || stop "The environment needs about 1,500 MB, and only $free MB are free on this disk."
    hold "$base" LOCK_EX || stop "Another command of this project is running, and the environment in .venv has to be" \
        "made anew for this one: wait until that one has ended, then run this again."
    echo "Making the environment in .venv (about half a minute) ..."
    rm -rf .venv
    "$base" -m venv .venv >/dev/null || stop "'$base -m venv .venv' failed: is this folder writable, and is there room on the disk?"
    add "$1"
    echo "$PWD" >.venv/made-in
    cp requirements.lock .venv/requirements.lock
    hold "$base" LOCK_SH
}

case ${1:-} in
    site | cluster | tests) wanted=$1 ;;
    *) wanted=base ;;
esac
cd -P .           # a symlinked path to the clone is the same clone
{ exec 9>.environment.lock; } 2>/dev/null || stop "The folder $PWD cannot be written to: copy it to a place of your own."
unset PYTHONPATH  # nothing that lies elsewhere under a name of ours is imported in its place
if [ "${CONDA_DEFAULT_ENV:-}" = cultural-alignment ]; then
    python=python
    python -c 'import alignment' 2>/dev/null || pip install --quiet --no-deps --no-build-isolation --editable .
elif ! cmp -s requirements.lock .venv/requirements.lock || [ "$PWD" != "$(cat .venv/made-in 2>/dev/null)" ]; then
    [ ! -e .venv/has-cluster ] || wanted=cluster  # an environment that is made anew has what it had
    [ ! -e .venv/bin/pytest ] || wanted=tests
    make_environment "$wanted"
    python=.venv/bin/python
else
    if [ ! -e ".venv/has-$wanted" ]; then
        echo "Adding to .venv what the $wanted needs (some seconds) ..." | sed 's/tests needs/tests need/'
        add "$wanted"
    fi
    python=.venv/bin/python
    hold "$python" LOCK_SH || stop "Another command is making the environment in .venv: wait until it is done."
fi
