"""django-appointment 3.12 from PyPI, in an environment of its own under build/: its slot list, and its race."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path("build/peer")
SCRIPT = Path(__file__).with_name("peer_django.py")
PACKAGES = ("django-appointment==3.12.0", "psycopg[binary]")


def run(url: str) -> dict[str, Any]:
    """Install it if it is not there, and return what it measured on an empty database."""
    python = FOLDER / "bin" / "python"
    if not (FOLDER / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", FOLDER], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES], check=True)
        (FOLDER / "installed").touch()
    done = subprocess.run([python, SCRIPT, url], check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))
