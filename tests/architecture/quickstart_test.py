#!/usr/bin/env python3
"""The commands of README.md and docs/guides/quickstart.md are run as they stand there.

Left out are those that would build everything again: the README's two, which must be exactly `./dev demo`
and `./dev test`, and `./dev build`. In their place stands the build that is being tested: the commands run
in a copy of the tree's top folder in which build/release is that build. Only where another process has
the guide's ports, others stand for them.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import project

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from ports import is_taken, unused_port  # noqa: E402

LONG = ("./dev demo", "./dev test", "./dev build")

# What must be printed after a block that contains the text on the left.
PRINTS = {
    "-d 2\n": "577",
    "build/release/examples/counter serve --data \"$data\" >>": "7",
    "idempotency-key: a-1": "1717",
    "?delay=2s": "117",
    "invocations?limit=2": '"invocations":[',
}


def blocks_of(name):
    """The blocks marked `sh`, each as its text."""
    return re.findall(r"^```sh\n(.*?)^```", project.text_of(name), re.MULTILINE | re.DOTALL)


def without_long(block):
    return "".join(line for line in block.splitlines(True) if line.strip() not in LONG)


def make_tree(folder):
    """The tree as a reader has it, with the present build as his own."""
    for entry in project.ROOT.iterdir():
        if entry.name not in ("build", ".git"):
            (folder / entry.name).symlink_to(entry)
    (folder / "build").mkdir()
    (folder / "build" / "release").symlink_to(project.BUILD.resolve())


def compiler_of_the_build():
    """A program that links a build with a sanitizer needs it too, and the compiler whose it is."""
    cache = dict(re.findall(r"^(\w+):\w+=(.*)$", (project.BUILD / "CMakeCache.txt").read_text(),
                            re.MULTILINE))
    return {"CXX": cache["CMAKE_CXX_COMPILER"],
            "CXXFLAGS": cache.get(f"CMAKE_CXX_FLAGS_{cache.get('CMAKE_BUILD_TYPE', '').upper()}", "")}


def script_of(blocks):
    """One shell for all blocks, since later ones use the variables of earlier ones. What a block
    prints goes to a file of its own."""
    lines = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for number, block in enumerate(blocks):
        lines += ["{", without_long(block).rstrip("\n") or ":", f"}} >$OUT/{number}"]
    return "\n".join(lines) + "\n"


def on_free_ports(script):
    """The script and what its environment needs, with other ports for those that are taken."""
    environment = {}
    for port, variable in [(8080, "HOLDFAST_INGRESS__LISTEN"), (9070, "HOLDFAST_ADMIN__LISTEN")]:
        if is_taken(port):
            other = unused_port()
            print(f"port {port} is taken; {other} stands for it")
            script = script.replace(f"127.0.0.1:{port}", f"127.0.0.1:{other}")
            environment[variable] = f"127.0.0.1:{other}"
    return script, environment


def problems_of_the_readme():
    blocks = blocks_of("README.md")
    if blocks != ["./dev demo\n", "./dev test\n"]:
        yield f"README.md: the commands are {blocks}; they must be exactly ./dev demo and ./dev test"
    known = set(re.findall(r"^  ([a-z]+)(?:, ([a-z]+))? ", (project.ROOT / "dev").read_text(),
                           re.MULTILINE))
    verbs = {verb for pair in known for verb in pair if verb}
    for block in blocks + blocks_of("docs/guides/quickstart.md"):
        for verb in re.findall(r"^\./dev (\w+)", block, re.MULTILINE):
            if verb not in verbs:
                yield f"./dev has no verb {verb}"


def problems_of_the_quick_start():
    blocks = blocks_of("docs/guides/quickstart.md")
    with tempfile.TemporaryDirectory(prefix="holdfast-quickstart.") as name:
        folder = pathlib.Path(name)
        tree, out = folder / "tree", folder / "out"
        tree.mkdir()
        out.mkdir()
        make_tree(tree)
        script, ports = on_free_ports(script_of(blocks))
        ended = subprocess.run(["bash", "-c", script], cwd=tree, text=True, capture_output=True,
                               timeout=400, env={**os.environ, **ports, "OUT": str(out),
                                                 "TMPDIR": str(folder),
                                                 **compiler_of_the_build()})
        if ended.returncode != 0:
            done = len(list(out.iterdir()))
            block = blocks[max(0, done - 1)]
            yield (f"docs/guides/quickstart.md: block {done} ended with {ended.returncode}:\n{block}"
                   f"{ended.stderr[-3000:]}")
            return
        for number, block in enumerate(blocks):
            printed = (out / str(number)).read_text()
            for text, expected in PRINTS.items():
                if text in block and expected not in printed:
                    yield f"docs/guides/quickstart.md: printed {printed!r}, not {expected}:\n{block}"
        used = {text for text in PRINTS if any(text in block for block in blocks)}
        for text in set(PRINTS) - used:
            yield f"docs/guides/quickstart.md has no block with {text!r} any more; look at this test"


def main():
    project.finish([*problems_of_the_readme(), *problems_of_the_quick_start()])


if __name__ == "__main__":
    main()
