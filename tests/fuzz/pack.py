#!/usr/bin/env python3
"""Many inputs of a fuzz target as one file: of each its size, four bytes big-endian, then its bytes;
short ones first, so that the same inputs make the same file.

  pack.py pack FOLDER FILE        writes FILE
  pack.py unpack FILE FOLDER      writes each input into FOLDER"""

import pathlib
import struct
import sys


def pack(folder, file):
    inputs = {path.read_bytes() for path in folder.iterdir()}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(struct.pack(">I", len(one)) + one
                              for one in sorted(inputs, key=lambda one: (len(one), one))))


def unpack(file, folder):
    packed = file.read_bytes()
    folder.mkdir(parents=True, exist_ok=True)
    at = number = 0
    while at < len(packed):
        size, = struct.unpack_from(">I", packed, at)
        at += 4
        if at + size > len(packed):
            sys.exit(f"pack.py: {file} ends within an input")
        (folder / f"kept-{number}").write_bytes(packed[at:at + size])
        at += size
        number += 1


def main():
    acts = {"pack": pack, "unpack": unpack}
    if len(sys.argv) != 4 or sys.argv[1] not in acts:
        sys.exit(__doc__)
    acts[sys.argv[1]](pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))


if __name__ == "__main__":
    main()
