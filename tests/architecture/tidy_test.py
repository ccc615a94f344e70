#!/usr/bin/env python3
"""Tidiness. Limits are ratchets: what is over a limit today is listed below, may shrink and not grow,
and leaves the list when it is under the limit."""

import re

import project

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 110  # The formatter aims at 100; this is for what it cannot break.

# Name of a file -> its lines; name of a file and its longest function's first line -> its lines.
LONG_FILES = {
    "sdk/include/holdfast/context.h": 530,
    "tests/sdk/session_test.cc": 700,
}
LONG_FUNCTIONS = {
    "tests/sdk/session_replay_test.cc: Task<std::string> random_program("
    "WorkflowContext& ctx, std::uint64_t seed, Trace& trace) {": 77,
}

LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))")
UNBREAKABLE = re.compile(r'https?://|R"')
CODE = (".h", ".cc", ".py", ".capnp")
TEXT = (*CODE, ".md", ".sh", ".cmake", "CMakeLists.txt", "CMakePresets.json", ".toml")
OURS = ("tests/architecture/tidy_test.py",)  # Names what it looks for.


def functions_of(text):
    """(first line, lines) of each function: from a line that opens a body at the margin or inside a
    namespace or class, to the brace that closes it. By indentation, which clang-format sees to."""
    opening = re.compile(r"^( {0,2})(?!namespace|class|struct|enum|union|extern|constexpr|const |"
                         r"static const|inline const|BOOST_AUTO_TEST_SUITE|BOOST_FIXTURE_TEST_SUITE"
                         r"|else|//|\})[\w~].*\{$")
    lines = text.splitlines()
    found = []
    at = 0
    while at < len(lines):
        match = opening.match(lines[at])
        if match and "(" in "".join(lines[max(0, at - 4):at + 1]):
            closing = match.group(1) + "}"
            end = next((i for i in range(at + 1, len(lines)) if lines[i].startswith(closing)), at)
            found.append((lines[at].strip(), end - at + 1))
            at = end
        at += 1
    return found


def problems_in(name, text):
    problems = []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        if line != line.rstrip():
            problems.append(f"{where}: trailing space")
        if "\t" in line:
            problems.append(f"{where}: tab")
        if name not in OURS and LEFTOVER.search(line):
            problems.append(f"{where}: a leftover; do it, or give it the number of its issue")
        if name.endswith(CODE) and len(line) > COLUMNS_MAX and not UNBREAKABLE.search(line):
            problems.append(f"{where}: {len(line)} columns")
    if text and not text.endswith("\n"):
        problems.append(f"{name}: no end of line at the end")
    if name.endswith(".h") and "#pragma once" not in lines[:3]:
        problems.append(f"{name}: no #pragma once at the beginning")
    if name.endswith(CODE):
        problems += over_limit(name, len(lines), FILE_LINES_MAX, LONG_FILES)
        if name.endswith((".h", ".cc")):
            for first, length in functions_of(text):
                problems += over_limit(f"{name}: {first}", length, FUNCTION_LINES_MAX,
                                       LONG_FUNCTIONS)
    if name.endswith(".md"):
        titles = [line for line in outside_of_code(lines) if line.startswith("# ")]
        if len(titles) != 1 or not lines or lines[0] != titles[0]:
            problems.append(f"{name}: begins with its title, the only one of the first level")
    return problems


def outside_of_code(lines):
    inside = False
    for line in lines:
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield line


def over_limit(what, length, limit, known):
    allowed = known.get(what, limit)
    if length > allowed:
        return [f"{what}: {length} lines, at most {allowed}"]
    if what in known and length <= limit:
        return [f"{what}: {length} lines now; take it out of the list in tidy_test.py"]
    return []


def folder_problems(names):
    """Each top-level folder of sources says what it is, and no file is empty."""
    problems = [f"{folder}/README.md is missing" for folder in (*project.SOURCE_FOLDERS, "tests",
                                                                "bench", "docs")
                if f"{folder}/README.md" not in names]
    return problems + [f"{name}: empty" for name in names
                       if (project.ROOT / name).stat().st_size == 0]


def check_self():
    long_function = "void f() {\n" + "  g();\n" * 80 + "}\n"
    wrong = [("a.cc", "int a; \n"), ("a.cc", "\tint a;\n"), ("a.cc", "// TODO later\n"),
             ("a.cc", "int a;"), ("a.h", "int a;\n"), ("a.cc", "int a;\n" * 501),
             ("a.cc", long_function), ("a.cc", "namespace x {\n\n" + long_function + "\n}\n"),
             ("a.cc", "x" * 111 + "\n"), ("a.md", "text\n"), ("a.md", "# One\n\n# Two\n")]
    right = [("a.cc", "// TODO(#12) later\n"), ("a.cc", "void f() {\n  g();\n}\n"),
             ("a.h", "#pragma once\n"), ("a.md", "# One\n\n```\n# a comment\n```\n"),
             ("a.cc", "namespace x {\n" + "int a;\n" * 90 + "}\n")]
    return ([f"self test: {text[:40]!r} was not flagged" for name, text in wrong
             if not problems_in(name, text)] +
            [f"self test: {problem}" for name, text in right
             for problem in problems_in(name, text)])


def main():
    problems = check_self()
    names = project.files("")
    for name in names:
        if name.endswith(TEXT):
            problems += problems_in(name, project.text_of(name))
    project.finish(problems + folder_problems(names))


if __name__ == "__main__":
    main()
