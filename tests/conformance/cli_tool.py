"""The official command line tool as an operator starts it, and what it said. Judged by its words: colours,
boxes and the width of columns may be any."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess

import packages
from world import check, same

SECONDS = 20
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
DRAWN = re.compile(r"[\u2500-\u257f\u2015\u25b8\u276f]")  # Lines of boxes and trees, and arrow heads.


@dataclasses.dataclass
class Said:
    words: tuple
    code: int
    out: str  # The standard output as it came.
    shown: str  # Both outputs without colours and drawn lines.

    def __str__(self):
        shown = "\n".join(line.rstrip() for line in self.shown.splitlines() if line.strip())
        return f"restate {' '.join(self.words)}\n{shown[:2500]}\n(exit {self.code})"

    @property
    def text(self):
        """Each word one blank after the one before."""
        return " ".join(self.shown.split())

    def has(self, *texts):
        """Fails unless it said each of them."""
        for text in texts:
            check(text in self.text, f"it did not say {text!r}:\n{self}")
        return self

    def lacks(self, *texts):
        for text in texts:
            check(text not in self.text, f"it said {text!r}:\n{self}")
        return self

    def row(self, first):
        """The words of the line that begins with this one."""
        rows = [line.split() for line in self.shown.splitlines() if line.split()[:1] == [first]]
        check(rows, f"no line begins with {first!r}:\n{self}")
        return rows[0]

    def jsonl(self):
        try:
            return [json.loads(line) for line in self.out.splitlines()]
        except ValueError as error:
            raise AssertionError(f"{error} in a line of\n{self}") from error

    def shown_invocations(self):
        """Their ids, in the order of a list."""
        return re.findall(r"\] (inv_\w+)", self.shown)


class Tool:
    """The tool, told about one server by its environment alone."""

    def __init__(self, server, folder):
        self.wrapper, self.program = packages.cli()
        home = pathlib.Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RESTATE_")}
        self.environment = {
            **kept, "HOME": str(home), "RESTATE_CLI_CONFIG_HOME": str(home), "DO_NOT_TRACK": "1",
            "RESTATE_ADMIN_URL": f"http://127.0.0.1:{server.admin}",
            "RESTATE_INGRESS_URL": f"http://127.0.0.1:{server.ingress}"}

    def run(self, *words, program=()):
        """What it says, whatever that is."""
        try:
            ended = subprocess.run([*(program or (self.program,)), "-y", *words], env=self.environment,
                                   stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                   timeout=SECONDS)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"restate {' '.join(words)}: no end after {SECONDS} s") from late
        shown = DRAWN.sub(" ", COLOUR.sub("", ended.stdout + ended.stderr))
        return Said(words, ended.returncode, ended.stdout, shown)

    def __call__(self, *words):
        said = self.run(*words)
        same(said.code, 0, f"{said}\nthe exit code")
        return said

    def refused(self, *words):
        said = self.run(*words)
        same(said.code, 1, f"{said}\nthe exit code")
        return said
