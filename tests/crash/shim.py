"""The Python side of shim.c: compiles it, and tells a process that runs with it what to break. All words of
the control file are 64 bits; the process sees a change at once."""

import mmap
import shutil
import struct
import subprocess
import pathlib

from rounds import CannotRun

WORDS = ("clock_offset_ns", "lie", "sync_countdown", "sync_how", "write_countdown", "write_how",
         "sync_delay_ms", "log_delay_ms", "read_countdown", "read_times", "read_kind",
         "lies", "syncs_failed", "writes_failed", "syncs_slow", "clocks_shifted", "reads_failed")
FILE_SIZE = 512
SYNC_HOW = {"done": 1, "undone": 2}  # Whether what was to be synced is there after the error.
WRITE_HOW = {"nothing": 1, "torn": 2, "short": 3}  # Torn: half is written. Short: and no error is told.
READ_KIND = {"sst": 1, "log": 2, "manifest": 3}  # Of files. With the manifest are CURRENT and FORMAT.


class Shim:
    """One control file, for one server after the other. Reads and writes words as attributes."""

    def __init__(self, folder, data):
        compiler = shutil.which("cc")
        if not compiler:
            raise CannotRun("there is no C compiler (cc) for tests/crash/shim.c")
        library, control = folder / "shim.so", folder / "control"
        subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library,
                        pathlib.Path(__file__).with_name("shim.c"), "-ldl"], check=True)
        control.write_bytes(bytes(8 * len(WORDS) + FILE_SIZE))
        with open(control, "r+b") as file:
            self.__dict__["mapped"] = mmap.mmap(file.fileno(), 0)
        self.__dict__["environment"] = {
            "LD_PRELOAD": str(library), "HOLDFAST_SHIM_CONTROL": str(control),
            "HOLDFAST_SHIM_FOLDER": str(pathlib.Path(data).resolve())}

    def __getattr__(self, word):
        if word not in WORDS:
            raise AttributeError(word)
        return struct.unpack_from("<q", self.mapped, 8 * WORDS.index(word))[0]

    def __setattr__(self, word, value):
        struct.pack_into("<q", self.mapped, 8 * WORDS.index(word), value)

    def file(self):
        """The file that failed last."""
        return bytes(self.mapped[8 * len(WORDS):]).split(b"\0")[0].decode()

    def fail_sync(self, nth, how):
        self.sync_how = SYNC_HOW[how]
        self.sync_countdown = nth

    def fail_write(self, nth, how):
        self.write_how = WRITE_HOW[how]
        self.write_countdown = nth

    def fail_read(self, nth, times, kind):
        self.read_times, self.read_kind = times, READ_KIND[kind]
        self.read_countdown = nth

    def quiet(self):
        """Nothing more is to fail."""
        self.sync_countdown = self.write_countdown = self.read_countdown = 0
