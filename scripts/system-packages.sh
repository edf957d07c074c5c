#!/bin/sh
# Install Debian packages when this user may; otherwise say which command does, and fail.
# usage: system-packages.sh PACKAGE...
set -eu

command_line="apt-get install --no-install-recommends $*"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing on this system: $*. Install what corresponds to these Debian packages, then try again." >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "Missing on this system: $*. Run this, then try again:" >&2
    echo "    sudo apt-get update && sudo $command_line" >&2
    exit 1
fi
echo "Installing $* ..." >&2
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null >&2
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" </dev/null >&2
