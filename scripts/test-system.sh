#!/bin/sh
# See to the programs that the tests drive for real: Chromium, PostgreSQL, Redis, coturn, networks and others.
set -eu

missing=
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
    command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium fonts-dejavu-core"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 ||
    missing="$missing postgresql"
command -v redis-server >/dev/null 2>&1 || command -v valkey-server >/dev/null 2>&1 || missing="$missing redis-server"
[ -x /usr/sbin/dovecot ] || command -v dovecot >/dev/null 2>&1 || missing="$missing dovecot-imapd"
command -v turnserver >/dev/null 2>&1 || missing="$missing coturn"
command -v certutil >/dev/null 2>&1 || missing="$missing libnss3-tools"
for program in ip iptables ip6tables; do
    command -v "$program" >/dev/null 2>&1 || [ -x "/usr/sbin/$program" ] || missing="$missing iproute2 iptables"
done
# shellcheck disable=SC2086 # a list of words on purpose
[ -z "$missing" ] || exec sh scripts/system-packages.sh $missing
