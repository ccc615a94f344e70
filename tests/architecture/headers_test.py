#!/usr/bin/env python3
"""Every header compiles alone. What compiled once is remembered in the build folder by a hash of the
header and of all it includes of ours, so that a second run looks at the changed ones only."""

import concurrent.futures
import hashlib
import json
import re
import shlex
import subprocess
import sys

import project

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
CACHE = project.BUILD / "headers_test.json"
AT_ONCE = 2
# A suite for files that say first which stores it is for.
NOT_ALONE = ("tests/storage/store_contract.h",)


def included_of_ours(name, seen):
    """Adds `name` and the project's files it includes, directly or not, to `seen`."""
    if name in seen:
        return
    seen.add(name)
    for included in INCLUDE.findall(project.text_of(name)):
        for path in (included, "sdk/include/" + included):
            if (project.ROOT / path).is_file():
                included_of_ours(path, seen)


def compile_flags():
    """Compiler, includes, defines and language of the build; standard ones when there is none."""
    flags = ["-std=c++20", f"-I{project.ROOT}", f"-I{project.ROOT}/sdk/include",
             f"-I{project.BUILD}/generated"]
    compiler = "g++"
    commands = project.BUILD / "compile_commands.json"
    if commands.is_file():
        for entry in json.loads(commands.read_text()):
            words = shlex.split(entry["command"])
            compiler = next((word for word in words if re.search(r"(g|clang)\+\+[-0-9]*$", word)),
                            compiler)
            for at, word in enumerate(words):
                # Not the precompiled headers: a header must not live on them.
                if word.startswith(("-I", "-D", "-std=")) and word not in flags:
                    flags.append(word)
                elif word == "-isystem" and "-isystem" + words[at + 1] not in flags:
                    flags.append("-isystem" + words[at + 1])
    return compiler, flags


def complaint_about(name, compiler, flags):
    """What the compiler says about a file that includes the header alone, twice; none when fine."""
    done = subprocess.run(
        [compiler, *flags, "-fsyntax-only", "-Wall", "-Wextra", "-x", "c++", "-"],
        input=f'#include "{name}"\n#include "{name}"\n', capture_output=True, text=True,
        cwd=project.ROOT)
    return None if done.returncode == 0 else f"{name} does not compile alone:\n{done.stderr[:2000]}"


def check_self(compiler, flags):
    bad = project.BUILD / "headers_test_self.h"
    bad.write_text("#pragma once\ninline std::string text() { return {}; }\n")
    problem = complaint_about(str(bad), compiler, flags)
    bad.unlink()
    return [] if problem else ["self test: a header that includes too little was not flagged"]


def main():
    if not project.BUILD.is_dir():
        print(f"no build folder {project.BUILD}; set HOLDFAST_BUILD")
        sys.exit(1)
    compiler, flags = compile_flags()
    known = json.loads(CACHE.read_text()) if CACHE.is_file() else {}
    good, to_do = {}, []
    for name in project.files(".h"):
        if not name.startswith(tuple(f + "/" for f in (*project.SOURCE_FOLDERS, "tests"))):
            continue
        if name in NOT_ALONE:
            continue
        seen = set()
        included_of_ours(name, seen)
        digest = hashlib.sha256(" ".join([compiler, *flags]).encode())
        for one in sorted(seen):
            digest.update(one.encode() + b"\0" + project.text_of(one).encode() + b"\0")
        if known.get(name) == digest.hexdigest():
            good[name] = known[name]
        else:
            to_do.append((name, digest.hexdigest()))

    problems = check_self(compiler, flags) if to_do else []
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        complaints = pool.map(lambda one: complaint_about(one[0], compiler, flags), to_do)
        for (name, digest), complaint in zip(to_do, complaints):
            if complaint:
                problems.append(complaint)
            else:
                good[name] = digest
    CACHE.write_text(json.dumps(good))
    print(f"{len(to_do)} header(s) compiled, {len(good) + len(problems) - len(to_do)} known")
    project.finish(problems)


if __name__ == "__main__":
    main()
