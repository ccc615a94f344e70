#!/usr/bin/env python3
"""Every invariant of docs/invariants.md is named by a source that keeps it and carried in the name of
a test that tries to break it; and nobody names one that is not declared."""

import re

import project

DECLARED = set(range(1, 12))  # INV-1 to INV-11. A number once given is never reused.
NAMED = re.compile(r"\bINV-(\d+)\b")
CARRIED = re.compile(r"(?<![a-z0-9])inv_(\d+)_")


def numbers(pattern, text):
    return {int(number) for number in pattern.findall(text)}


def problems_of(declared, keepers, tests):
    """`keepers` and `tests`: name of a file -> numbers found in it."""
    problems = [f"INV-{n} is not declared in docs/invariants.md" for n in DECLARED - declared]
    for n in sorted(declared):
        if not any(n in found for found in keepers.values()):
            problems.append(f"INV-{n} is named in no source file: who keeps it?")
        if not any(n in found for found in tests.values()):
            problems.append(f"INV-{n} is carried by no test name (inv_{n}_...)")
    for name, found in [*keepers.items(), *tests.items()]:
        problems += [f"{name}: INV-{n} is not declared" for n in sorted(found - declared)]
    return problems


def check_self():
    kept = {"a.h": set(DECLARED)}
    doctored = [({1}, kept, kept), (DECLARED, {"a.h": DECLARED - {4}}, kept),
                (DECLARED, kept, {"a_test.cc": DECLARED - {9}}),
                (DECLARED, {"a.h": DECLARED | {12}}, kept)]
    problems = ["self test: a missing or unknown invariant was not flagged"
                for one in doctored if not problems_of(*one)]
    if problems_of(DECLARED, kept, kept):
        problems.append("self test: a complete project was flagged")
    if numbers(CARRIED, "CASE(inv_3_inv_11_x) CASE(my_inv_5_x)") != {3, 11, 5}:
        problems.append("self test: names of tests are read wrongly")
    return problems


def main():
    declared = numbers(NAMED, project.text_of("docs/invariants.md"))
    keepers, tests = {}, {}
    for name in project.files(".h", ".cc"):
        if name.startswith("tests/"):
            tests[name] = numbers(CARRIED, project.text_of(name))
        else:
            keepers[name] = numbers(NAMED, project.text_of(name))
    for name in project.files("_test.py", "_test.sh", ".scenario"):
        if name.startswith("tests/") and "architecture" not in name:
            tests[name] = numbers(CARRIED, project.text_of(name))
    project.finish(check_self() + problems_of(declared, keepers, tests))


if __name__ == "__main__":
    main()
