#!/usr/bin/env python3
"""Who may include what, and where a library may be named. Includes follow the request:
net -> actors -> journal -> storage -> storage/base; the list below is that sentence in full."""

import re

import project

# A part of the tree (a file belongs to the longest that fits), and what it may include besides
# itself.
BASE = "storage/base/"
WIRE = ("net/protocol/", "net/http/", BASE)
EDGES = ("net/ingress/", "net/egress/", "net/admin/", "actors/", "journal/", "storage/", *WIRE)
MAY_INCLUDE = {
    "net/egress/embedded": ("sdk/", *EDGES),
    "net/server/": ("sdk/", *EDGES),
    "net/ingress/": EDGES,
    "net/admin/": EDGES,
    "net/egress/": EDGES,
    "net/protocol/": (BASE,),
    "net/http/": (BASE,),
    "storage/base/": (),
    "storage/": (BASE,),
    "journal/": ("storage/",),
    "actors/": ("journal/", "storage/"),
    "sdk/include/": (BASE,),
    "sdk/examples/": ("sdk/", "net/server/"),
    "sdk/": ("sdk/include/", *WIRE),
}

# The beginning of a library's includes, and the only places that may name it.
HOMES = {
    "rocksdb/": ("storage/rocks_store.cc", "storage/memtable.cc", "storage/zeroed_logs.cc"),
    "caf/": ("actors/", "net/"),
    "capnp/": ("journal/codec/",),
    "kj/": ("journal/codec/",),
    "nghttp2/": ("net/http/",),
    "boost/beast": ("net/http/",),
    "spdlog/": ("storage/base/",),
    "toml": ("net/server/",),
    "CLI/": ("net/server/",),
    "sqlite3": ("net/admin/sql/",),
    "flatbuffers/": ("net/admin/sql/",),
}
ENDINGS = (".h", ".cc")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def part_of(name):
    found = [prefix for prefix in MAY_INCLUDE if name.startswith(prefix)]
    return max(found, key=len) if found else None


def problems_in(name, text):
    part = part_of(name)
    if part is None:
        return [f"{name}: belongs to no layer; add it to the list in layers_test.py"]
    problems = []
    for _, included in INCLUDE.findall(text):
        for library, homes in HOMES.items():
            if included.startswith(library) and not name.startswith(homes):
                problems.append(f"{name}: <{included}> has its home in {' and '.join(homes)}")
        if included.startswith("holdfast/"):
            included = "sdk/include/" + included
        if included.startswith("tests/"):
            problems.append(f"{name}: sources do not include tests ({included})")
            continue
        if not included.startswith(tuple(f + "/" for f in project.SOURCE_FOLDERS)):
            continue  # Of a library, or of the same folder.
        if part_of(included) != part and not included.startswith(MAY_INCLUDE[part]):
            problems.append(f"{name}: may not include {included}")
    return problems


def check_self():
    """Each doctored file must be flagged, each honest one must not."""
    wrong = [
        ("storage/batch.cc", '#include "journal/ids.h"'),
        ("storage/base/log.h", '#include "storage/store.h"'),
        ("journal/journal.cc", '#include "actors/engine.h"'),
        ("actors/engine.cc", '#include "net/http/server.h"'),
        ("net/http/server.cc", '#include "net/protocol/frame.h"'),
        ("net/http/server.cc", '#include "storage/store.h"'),
        ("net/ingress/reply.cc", '#include "net/server/server.h"'),
        ("sdk/include/holdfast/json.h", '#include "net/http/client.h"'),
        ("net/ingress/reply.cc", "#include <holdfast/sdk.h>"),
        ("net/egress/translate.cc", "#include <holdfast/sdk.h>"),
        ("sdk/runtime/session.cc", '#include "journal/entry.h"'),
        ("sdk/runtime/session.cc", '#include "storage/store.h"'),
        ("sdk/runtime/session.cc", '#include "net/server/server.h"'),
        ("storage/memory_store.cc", "#include <rocksdb/db.h>"),
        ("journal/journal.cc", "#include <capnp/message.h>"),
        ("journal/journal.cc", "  #  include <caf/actor.hpp>"),
        ("net/ingress/reply.cc", "#include <boost/beast/http.hpp>"),
        ("actors/engine.cc", "#include <spdlog/spdlog.h>"),
        ("actors/engine.cc", '#include "tests/support/manual_clock.h"'),
        ("net/admin/admin.cc", "#include <sqlite3.h>"),
        ("attic/old.cc", ""),
    ]
    right = [
        ("journal/codec/record.cc", "#include <capnp/message.h>"),
        ("journal/codec/record.cc", '#include "storage/base/bytes.h"'),
        ("net/egress/embedded_attempt.cc", '#include "net/egress/translate.h"\n'
                                           "#include <holdfast/runtime/step.h>"),
        ("net/server/server.cc", '#include "net/ingress/ingress.h"\n#include <toml.hpp>'),
        ("sdk/runtime/session.cc", '#include "net/protocol/frame.h"\n#include <holdfast/error.h>'),
        ("net/admin/sql/query.cc", "#include <sqlite3.h>"),
        ("storage/rocks_store.cc", "#include <rocksdb/db.h>\n#include <vector>"),
    ]
    return ([f"self test: {name} with {text!r} was not flagged"
             for name, text in wrong if not problems_in(name, text)] +
            [f"self test: {problem}" for name, text in right for problem in problems_in(name, text)])


def main():
    problems = check_self()
    for name in project.files(*ENDINGS):
        if name.startswith(tuple(f + "/" for f in project.SOURCE_FOLDERS)):
            problems += problems_in(name, project.text_of(name))
    project.finish(problems)


if __name__ == "__main__":
    main()
