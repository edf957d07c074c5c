#!/bin/sh
# Print a Python that can make the environment; otherwise install what it lacks, or say which command does.
set -eu

fits() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

found=
for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14; do
    if fits "$candidate"; then
        found=$candidate
        break
    fi
done

if [ -z "$found" ]; then
    if command -v python3 >/dev/null 2>&1; then
        echo "Python 3.11 or newer is needed; python3 here is $(python3 -c 'import platform; print(platform.python_version())')." >&2
        echo "Install a newer one beside it (Debian 12 and Ubuntu 24.04 have one), then say: make $* PYTHON=python3.12" >&2
        exit 1
    fi
    sh scripts/system-packages.sh python3 python3-venv >&2
    found=python3
    fits "$found" || { echo "Python 3.11 or newer is needed; this system's own is older." >&2; exit 1; }
fi

if ! "$found" -c 'import venv, ensurepip' 2>/dev/null; then
    version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    sh scripts/system-packages.sh "python$version-venv" >&2
fi
echo "$found"
