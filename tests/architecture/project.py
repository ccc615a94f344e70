"""What the architecture tests share: the project's files and the report of what is wrong with them."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HOLDFAST_BUILD", ROOT / "build" / "dev"))

# The top-level folders of sources.
SOURCE_FOLDERS = ("storage", "journal", "actors", "net", "sdk")


def files(*endings):
    """Paths relative to the root, as strings: what git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:  # A source package without git.
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if path.is_file() and not str(path.relative_to(ROOT)).startswith("build/")]
    return sorted(name for name in set(names)
                  if name.endswith(endings) and (ROOT / name).is_file())


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def finish(problems):
    """Ends the test: prints what is wrong and fails, or passes."""
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problem(s)")
    sys.exit(1 if problems else 0)
