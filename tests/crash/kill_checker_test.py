#!/usr/bin/env python3
"""The oracle is tested too: a history in which all is well passes, and each way to spoil it is seen."""

import copy
import json
import sys

from kill_checker import History, Jump, Line, Op, check

# One plain call, two adds to one key (a crash in the middle of the first), an order, a sleeper.
LEDGER = """
begin inv_s - t1 7 100
ran inv_s first t1 7 101 v1
acked inv_s first t1 7 102 v1
ran inv_s second t1 7 103 v2
begin inv_a - t2 7 104
enter inv_a add t2 7 105 Counter/c
ran inv_a add t2 7 106 v3
begin inv_s - t3 8 200
acked inv_s first t3 8 201 v1
ran inv_s second t3 8 202 v4
acked inv_s second t3 8 203 v4
end inv_s - t3 8 204
begin inv_a - t4 8 205
enter inv_a add t4 8 206 Counter/c
ran inv_a add t4 8 207 v5
acked inv_a add t4 8 208 v5
exit inv_a add t4 8 209 Counter/c
begin inv_b - t5 8 210
enter inv_b add t5 8 211 Counter/c
ran inv_b add t5 8 212 v6
acked inv_b add t5 8 213 v6
exit inv_b add t5 8 214 Counter/c
begin inv_o - t6 8 215
ran inv_o reserve t6 8 216 v7
acked inv_o reserve t6 8 217 v7
end inv_o - t6 8 218
begin inv_n - t7 8 300
woke inv_n nap t7 8 400 390 400
end inv_n - t7 8 401
"""


def result(invocation, **more):
    return json.dumps({"request": "r", "invocation": invocation, **more})


def good():
    steps = result("inv_s", values=["v1", "v4"])
    order = result("inv_o", values=["v7", "by-1"])
    return History(
        ledger=[Line.parse(line) for line in LEDGER.split("\n") if line],
        ops=[Op("steps", "r1", False, "steps k1", None, 0.0, 2.0, "ok", 200, "inv_s", steps),
             Op("steps", "r1", True, "steps k1", None, 0.1, 0.2, "ok", 202, "inv_s", "{}"),
             Op("add", "r2", False, None, "Counter/c", 0.0, 2.0, "ok", 200, "inv_a",
                result("inv_a", count=1)),
             Op("add", "r3", False, "add k3", "Counter/c", 2.1, 2.2, "ok", 200, "inv_b",
                result("inv_b", count=2)),
             Op("order", "r4", True, "Order/o", "Order/o", 2.0, 2.1, "ok", 202, "inv_o", "{}"),
             Op("approve", "by-1", False, "approve by-1", "Order/o", 2.1, 2.2, "ok", 200, "inv_p",
                '"by-1"'),
             Op("approve", "by-2", False, "approve by-2", "Order/o", 2.1, 2.2, "fail", 409, "inv_q",
                "{}"),
             Op("nap", "r5", True, None, None, 2.0, 2.1, "ok", 202, "inv_n", "{}"),
             Op("steps", "r6", True, None, None, 2.0, 2.1, "unknown")],
        reads=[("inv_s", "attach", 200, steps), ("inv_s", "output", 200, steps),
               ("inv_o", "attach", 200, order)],
        statuses={name: "completed" for name in
                  ("inv_s", "inv_a", "inv_b", "inv_o", "inv_n", "inv_p", "inv_q")},
        balances={"a": 900, "b": 1100},
        counts={"Counter/c": 2},
        rows={("Counter", "completed"): 2}, counters={("Counter", "completed"): 2})


def line_at(text):
    """The place of a line in the ledger of good()."""
    return [line for line in LEDGER.split("\n") if line].index(text)


def insert(after, *lines):
    def spoil(history):
        place = line_at(after) + 1
        history.ledger[place:place] = [Line.parse(line) for line in lines]
    return spoil


def turn(invocation, pid):
    """A turn of an exclusive handler without a step."""
    return [f"begin {invocation} - t{pid} {pid} 500",
            f"enter {invocation} add t{pid} {pid} 500 Counter/c",
            f"exit {invocation} add t{pid} {pid} 500 Counter/c"]


def remove(text):
    return lambda history: history.ledger.pop(line_at(text))


def change(where, number, **fields):
    def spoil(history):
        for name, value in fields.items():
            setattr(getattr(history, where)[number], name, value)
    return spoil


def jump(at, start, end, peak_ms, more=0):
    """The clock was set while this line was written, or `more` lines later."""
    return lambda history: history.jumps.append(
        Jump(line_at(at) + more, line_at(at) + more + 1, start, end, peak_ms))


# The sleeper of the history: due at 390, woke at 400; here the clock is back at 100 by then.
BACK = change("ledger", line_at("woke inv_n nap t7 8 400 390 400"), detail=["390", "100"])
BEGUN = "begin inv_n - t7 8 300"
WOKE = "woke inv_n nap t7 8 400 390 400"
LONG_ASLEEP = insert(BEGUN, *[f"begin inv_x{number} - x{number} 8 300" for number in range(60)])


def late_one(due, actual, start=2.0):
    """A delayed call, asked for at `start`."""
    def add(history):
        history.ops.append(Op("later", "r7", True, None, None, start, start + 0.1, "ok", 202, "inv_l", "{}"))
        history.statuses["inv_l"] = "completed"
        history.ledger += [Line.parse(text) for text in (
            "begin inv_l - t8 8 900", f"woke inv_l later t8 8 900 {due} {actual} r7",
            "end inv_l - t8 8 901")]
    return add


FANNED = "begin inv_f - t9 8 800"
SENT = "ran inv_f after t9 8 1000 v9"


def fanned(history):
    """A fan sends a delayed call that wakes before it is due; others write much before, between and after."""
    others = [[f"begin inv_y{number} - y{number} 8 900"] * 60 for number in range(4)]
    history.ledger += [Line.parse(text) for text in (
        *others[0], FANNED, *others[1], "begin inv_g - t10 8 900",
        "woke inv_g later t10 8 900 901 100 inv_f", "end inv_g - t10 8 901", *others[2], SENT,
        "end inv_f - t9 8 1001", *others[3])]
    history.statuses.update(inv_f="completed", inv_g="completed")


def fan_jump(text, more, peak_ms=850):
    """The clock was set `more` lines after this one of a history with a fan."""
    def add(history):
        at = history.ledger.index(Line.parse(text)) + more
        history.jumps.append(Jump(at, at + 1, 3, 3.1, peak_ms))
    return add


def several(*spoilers):
    def spoil(history):
        for one in spoilers:
            one(history)
    return spoil


UNKNOWN_ADD = Op("add", "r9", False, None, "Counter/c")

# Nothing wrong with these: code that ran ahead of the disk when the process was killed.
RIGHT = [
    insert("end inv_n - t7 8 401", "begin inv_z - t9 8 500"),
    several(insert("exit inv_b add t5 8 214 Counter/c", *turn("inv_c", 8), *turn("inv_b", 9),
                   *turn("inv_c", 9)), lambda h: h.ops.append(UNKNOWN_ADD)),
    # The clock was set back after the timer had fired, or while it was asked for.
    several(BACK, LONG_ASLEEP, jump(WOKE, 3, 3.1, 395, more=60)),
    several(BACK, jump(BEGUN, 3, 3.1, 310)),
    several(late_one(900, 100), jump(WOKE, 3, 3.1, 901)),
    several(late_one(900, 100), jump(BEGUN, 2.05, 2.06, 310)),
    several(fanned, fan_jump(FANNED, 30)),
    several(fanned, fan_jump(SENT, 0)),
    several(fanned, fan_jump(FANNED, 0, peak_ms=902)),
    # The process was not there when the timer was due.
    late_one(100, 10_150),
    # A transfer that was refused reads as such.
    lambda h: (h.ops.append(Op("transfer", "r8", False, "transfer k8", None, 0, 1, "fail", 409, "inv_t",
                               "no")), h.reads.append(("inv_t", "attach", 409, "no"))),
    # An add without an answer may have happened.
    lambda h: h.ops.append(UNKNOWN_ADD),
]
# What is spoilt, and the beginning of the problem that must be found.
SPOILT = [
    (lambda h: h.statuses.pop("inv_n"), "I1 lost"),
    (lambda h: h.statuses.update(inv_n="suspended"), "I1 lost"),
    (lambda h: h.statuses.update(inv_unknown="running"), "I1 stuck"),
    (remove("end inv_n - t7 8 401"), "I1 lost"),
    (insert("end inv_n - t7 8 401", "begin inv_z - t9 8 500",
            "ran inv_z first t9 8 501 v9"), "I1 ghost"),
    (lambda h: h.ops.append(Op("fan", "r9", False, None, None, 0, 1, "ok", 200, "inv_s", result(
        "inv_s", values=["inv_child"]))), "I1 lost"),
    (lambda h: h.reads.append(("inv_s", "attach", 200, result("inv_s", values=["v1", "v2"]))),
     "I2 readers differ"),
    (lambda h: h.reads.append(("inv_s", "output", 404, "")), "I2 readers differ"),
    (lambda h: h.reads.append(("inv_n", "output", 404, "")), "I1 unreadable"),
    (lambda h: h.reads.append(("inv_n", "output", 409, "")), "I1 unreadable"),
    (lambda h: h.reads.append(("inv_n", "attach", 200, result("inv_s"))), "I2 foreign result"),
    (several(lambda h: h.reads.clear(), change("ops", 0, body=result("inv_s", values=["v1", "v2"]))),
     "I2 other values"),
    (insert("begin inv_s - t3 8 200", "ran inv_s first t3 8 200 v9"), "I3 step again"),
    (insert("end inv_n - t7 8 401", "begin inv_s - t9 8 500", "ran inv_s second t9 8 501 v9"),
     "I3 step again"),
    (insert("end inv_n - t7 8 401", "begin inv_s - t9 8 500", "acked inv_s second t9 8 501 v2"),
     "I3 other outcome"),
    (insert("end inv_n - t7 8 401", "begin inv_s - t9 8 500", "acked inv_s third t9 8 501 v9"),
     "I3 made up"),
    (insert("begin inv_s - t3 8 200", "ran inv_s second t1 8 200 v9"), "I4 two attempts"),
    (insert("end inv_n - t7 8 401", "begin inv_s - t9 8 500", "acked inv_s second t9 8 501 v4"),
     "I4 other journal"),
    (insert("end inv_n - t7 8 401", "begin inv_n - t9 8 500", "woke inv_n nap t9 8 501 391 501"),
     "I4 other journal"),
    (remove("exit inv_a add t4 8 209 Counter/c"), "I5 two holders"),
    (insert("enter inv_a add t4 8 206 Counter/c", *turn("inv_b", 8)), "I5 two holders"),
    (insert("exit inv_b add t5 8 214 Counter/c", *turn("inv_a", 8)), "I5 two holders"),
    (insert("exit inv_b add t5 8 214 Counter/c", *turn("inv_a", 9)), "I5 two holders"),
    (insert("exit inv_b add t5 8 214 Counter/c", *turn("inv_c", 8), *turn("inv_b", 8)),
     "I5 two holders"),
    (insert("exit inv_b add t5 8 214 Counter/c", *turn("inv_c", 8), *turn("inv_b", 9),
            *turn("inv_d", 9)), "I5 two holders"),
    (lambda h: h.counts.update({"Counter/c": 1}), "I5 miscounted"),
    (lambda h: h.counts.update({"Counter/c": 3}), "I5 miscounted"),
    (change("ops", 3, body=result("inv_b", count=1)), "I5 same place"),
    (several(change("ops", 2, body=result("inv_a", count=2)),
             change("ops", 3, body=result("inv_b", count=1))), "I5 order"),
    (change("ledger", line_at("woke inv_n nap t7 8 400 390 400"), detail=["401", "400"]),
     "I7 early"),
    # The clock was set, but not in a way that explains it: before the timer was asked for, never so
    # far, or only after it had fired.
    (several(BACK, LONG_ASLEEP, jump("begin inv_s - t1 7 100", 0, 0.1, 395)), "I7 early"),
    (several(BACK, LONG_ASLEEP, jump(WOKE, 3, 3.1, 380, more=60)), "I7 early"),
    (several(BACK, LONG_ASLEEP, jump(WOKE, 3, 3.1, 395, more=61)), "I7 early"),
    (several(late_one(900, 100), jump(BEGUN, 1, 1.1, 950)), "I7 early"),
    (several(late_one(900, 100), jump(WOKE, 3, 3.1, 850)), "I7 early"),
    (several(fanned, fan_jump(FANNED, -2, peak_ms=902)), "I7 early"),
    (several(fanned, fan_jump(SENT, 51)), "I7 early"),
    (late_one(1000, 11_001), "I7 late"),
    (change("ops", 1, invocation="inv_b"), "I8 one key, two runs"),
    (change("ops", 3, identity="steps k9", invocation="inv_s"), "I8 one run, two keys"),
    (lambda h: h.ops.append(Op("steps", "r1", False, "steps k1", None, 0, 1, "ok", 200, "inv_s", "")),
     "I8 one key, two answers"),
    (change("ops", 6, outcome="ok"), "promise twice"),
    (several(lambda h: h.reads.pop(), lambda h: h.reads.append(
        ("inv_o", "attach", 200, result("inv_o", values=["v7", "by-2"])))), "promise of another"),
    (several(insert("exit inv_b add t5 8 214 Counter/c", *turn("inv_c", 8)),
             lambda h: h.counts.update({"Counter/c": 3})), "I10 adds"),
    (lambda h: h.ops.append(Op("add", "r9", True, None, "Counter/c", 0, 1, "ok", 202, "inv_c", "{}")),
     "I10 adds"),
    (lambda h: h.balances.update(a=901), "I10 money"),
    (lambda h: h.rows.update({("Steps", "completed"): 1}), "I13 counters"),
    (lambda h: h.counters.update({("Counter", "completed"): 3}), "I13 counters"),
    (lambda h: h.balances.update(a=-100, b=2100), "I10 money"),
]


def main():
    wrong = [f"all is well, and yet: {problem}" for problem in check(good())[0]]
    for add in RIGHT:
        history = good()
        add(history)
        history.counts["Counter/c"] = len({line.invocation for line in history.ledger
                                           if line.what == "exit"})
        wrong += [f"this may happen, and yet: {problem}" for problem in check(history)[0]]
    for number, (spoil, expected) in enumerate(SPOILT):
        history = copy.deepcopy(good())
        spoil(history)
        found = check(history)[0]
        if not any(problem.startswith(expected) for problem in found):
            wrong.append(f"case {number}: no '{expected}' among {found}")
    for line in wrong:
        print(line)
    print(f"{len(SPOILT)} spoilt histories, {len(wrong)} problem(s)")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
