#!/bin/sh
# Make .venv and install what is pinned there, only when something changed since the last time.
# usage: environment.sh run|test
set -eu

extra=$1
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(sh scripts/find-python.sh "$extra")
    echo "Making the environment in .venv with $python ..."
    "$python" -m venv --clear .venv
fi

# The place belongs to the state: scripts in .venv hold its path, so that a moved clone installs anew.
state=$({ cat pyproject.toml constraints.txt; pwd; .venv/bin/python -V; } | cksum)
stamp=.venv/installed-$extra
if [ "$(cat "$stamp" 2>/dev/null)" = "$state" ]; then
    exit 0
fi
echo "Installing Python packages ..."
case $extra in
    run) .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . ;;
    test) .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]' ;;
    *) echo "unknown: $extra" >&2; exit 2 ;;
esac
echo "$state" > "$stamp"
[ "$extra" = run ] || echo "$state" > .venv/installed-run
