"""The list of cases. A case is a function named by the promise that it tries to break."""

import dataclasses
import inspect

ALL = ("typescript", "python", "cpp")
# Those whose endpoints offer every handler. The Python one has the most important of each kind.
FULL = ("typescript", "cpp")


@dataclasses.dataclass
class Case:
    run: object
    sdks: tuple
    modes: tuple

    @property
    def name(self):
        return self.run.__name__.replace("_", " ")

    @property
    def is_crash(self):
        """Its function yields where the processes are killed."""
        return inspect.isgeneratorfunction(self.run)


CASES = []


def case(sdks=FULL, modes=()):
    """Adds the function to the list. Without modes it runs in all of them."""
    def add(run):
        CASES.append(Case(run, sdks, modes))
        return run
    return add


def values(sdks, path, *rows):
    """Adds a case for each (promise, input, what the handler returns)."""
    for promise, given, wanted in rows:
        def run(world, given=given, wanted=wanted):
            from world import same
            given = given(world) if callable(given) else given
            same(world.call(path, given), wanted)
        run.__name__ = promise.replace(" ", "_")
        CASES.append(Case(run, sdks, ()))
