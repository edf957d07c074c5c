"""Chromium as it runs in an office: with the State's policies and authorities, without a trace of them elsewhere.

Policies are machine-wide (/etc/chromium), so such a browser gets a mount namespace of its own, in which that folder is
another one, and a HOME of its own, whose NSS database holds the authorities that it trusts.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.support.browsers import find_chromium

DEBIANS, GOOGLES = Path("/etc/chromium"), Path("/etc/opt/chrome")
NO_UDP = {"WebRtcIPHandling": "disable_non_proxied_udp"}
NEEDS_ROOT = "This test makes namespaces: run it as root (as `make test` in a container of CI does)"
INSTALL = "{name} is missing: `apt-get install {package}` (or `make test`, which does it)"


def need(name: str, package: str) -> str:
    """Return the path of a program; raises FileNotFoundError with the command that installs it, PermissionError."""
    if os.geteuid():
        raise PermissionError(NEEDS_ROOT)
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise FileNotFoundError(INSTALL.format(name=name, package=package))
    return found


def enclosed_chromium(
    folder: Path,
    *,
    policy: dict[str, object] | None = None,
    trusts: Path | None = None,
    within: tuple[str, ...] = (),
) -> Path:
    """Write a program that starts Chromium with a policy, trusting an authority (a PEM file); return its path.

    `within` is what it is run by besides: `ip netns exec NAME`, for instance.
    """
    folder.mkdir(parents=True)
    home = folder / "home"
    home.mkdir()
    if trusts is not None:
        _trust(home, trusts)
    browser = find_chromium()
    place = GOOGLES if browser.endswith("google-chrome") else DEBIANS
    settings = folder / "settings"
    if place.is_dir():
        shutil.copytree(place, settings)
    else:
        # what is mounted needs a place to be mounted on
        place.mkdir(parents=True)
    managed = settings / "policies" / "managed"
    managed.mkdir(parents=True, exist_ok=True)
    (managed / "test.json").write_text(json.dumps(policy or {}))
    program = folder / "chromium"
    program.write_text(
        "#!/bin/sh\n"
        f"exec {' '.join(within)} {need('unshare', 'util-linux')} --mount /bin/sh -c '\n"
        f'mount --bind "{settings}" "{place}" && HOME="{home}" exec "{browser}" "$@"\n'
        '\' chromium "$@"\n'
    )
    program.chmod(0o755)
    return program


def _trust(home: Path, authority: Path) -> None:
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    certutil = need("certutil", "libnss3-tools")
    where = ["-d", f"sql:{database}"]
    for arguments in (
        ["-N", *where, "--empty-password"],
        ["-A", *where, "-n", "test", "-t", "C,,", "-i", str(authority)],
    ):
        subprocess.run([certutil, *arguments], check=True, capture_output=True, text=True)
