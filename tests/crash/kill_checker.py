"""The oracle of kill_test.py, power_test.py and faults_test.py: given what clients saw and what handlers
wrote to a ledger outside the engine, names every promise that was not kept. Pure: a History in, problems
and counts out.

What each line of the ledger means is said in kill_server.cc. The names I1 to I14 are those of the test
programme: I1 nothing acknowledged is lost, I2 one result, I3 steps once, I4 one journal, I5 keys, I6 their
order, I7 timers, I8 idempotency, I9 promises, I10 sums, I11 histories of one object, I12 nothing comes back,
I13 the store agrees with itself, I14 all comes to an end. Not looked at, as the load does not show it: I12
(kills and purges), I11 beyond the order of adds, awakeables and signals of I9, and of I13 all but counters.
"""

import collections
import dataclasses
import json
import re

FIRST_BALANCE = 1000
LATE_MS_MAX = 10_000  # Of a timer, while the process is up. On a busy machine; a lost one is later.
NEAR_SECONDS = 0.05   # Between a client's look at its clock and its request.
NEAR_LINES = 50       # What may be written between two steps of a handler that follow each other at once.


@dataclasses.dataclass
class Line:
    """A line of the ledger."""
    what: str
    invocation: str
    step: str
    token: str
    pid: int
    unix_ms: int
    detail: list

    @staticmethod
    def parse(text):
        what, invocation, step, token, pid, unix_ms, *detail = text.split()
        return Line(what, invocation, step, token, int(pid), int(unix_ms), detail)


@dataclasses.dataclass
class Op:
    """What a client asked, and how it ended. Times are monotonic seconds of the test."""
    kind: str                 # steps, nap, later, fan, add, transfer, order, approve
    request: str              # Unique among requests, but for those that share an identity.
    is_send: bool = False
    identity: str = None      # Idempotency or workflow key with its target; None: asked only once.
    object: str = None        # Counter/c1: of adds; Order/o1: of orders and approvals.
    start: float = 0.0
    end: float = 0.0
    outcome: str = "unknown"  # ok, fail (the handler said no), unknown (asked, no answer)
    status: int = 0
    invocation: str = None
    body: str = ""


@dataclasses.dataclass
class Jump:
    """The clock of the server was set, between two moments that are both told in two ways."""
    before: int     # Lines of the ledger that were surely written before.
    after: int      # Lines that were there surely after.
    start: float    # Monotonic seconds of the test.
    end: float
    peak_ms: int    # No less than the clock said at last before it was set.


@dataclasses.dataclass
class History:
    ledger: list = dataclasses.field(default_factory=list)    # Line, in order.
    ops: list = dataclasses.field(default_factory=list)       # Op
    reads: list = dataclasses.field(default_factory=list)     # (invocation, how, status, body)
    statuses: dict = dataclasses.field(default_factory=dict)  # invocation -> status at the end
    balances: dict = dataclasses.field(default_factory=dict)  # account -> cents at the end
    counts: dict = dataclasses.field(default_factory=dict)    # Counter/key -> count at the end
    rows: dict = dataclasses.field(default_factory=dict)      # (service, status) -> invocations shown
    counters: dict = dataclasses.field(default_factory=dict)  # The same as the server counts itself.
    jumps: list = dataclasses.field(default_factory=list)     # Jump, in order.


def check(history):
    """(problems, counts): a problem is a line of text that begins with the promise; counts say how much
    was looked at, so that an empty test is seen to be one."""
    problems = []
    counts = collections.Counter()
    for checker in (every_acknowledged_one_ended, every_kept_result_is_readable,
                    every_reader_reads_the_same, no_acked_step_ran_again, every_attempt_has_one_journal,
                    one_attempt_at_a_time, one_holder_of_a_key, adds_are_counted_once_and_in_order,
                    no_add_is_lost_or_made_up, no_timer_is_early, no_timer_is_late, one_identity_one_run,
                    promises_are_set_once, no_money_is_made, counters_are_those_of_the_rows):
        problems += checker(history, counts)
    return problems, counts


def children_of(op):
    """What a fan started: acknowledged by its result."""
    return json.loads(op.body)["values"] if op.kind == "fan" and op.outcome == "ok" and not (
        op.is_send) else []


def every_acknowledged_one_ended(history, counts):
    ended = {line.invocation for line in history.ledger if line.what in ("end", "exit")}
    acknowledged = {}
    for op in history.ops:
        if op.outcome == "ok" and op.invocation and op.kind != "approve":
            acknowledged[op.invocation] = f"{op.kind} {op.request}"
        for child in children_of(op):
            acknowledged[child] = f"a child of {op.kind} {op.request}"
    for invocation, name in acknowledged.items():
        counts["acknowledged"] += 1
        status = history.statuses.get(invocation, "not there")
        if status != "completed":
            yield f"I1 lost: {invocation} ({name}) was acknowledged and is {status}"
        elif invocation not in ended and not name.startswith("transfer"):
            yield f"I1 lost: {invocation} ({name}) is completed, but its handler never came to its end"
    for invocation, status in history.statuses.items():
        counts["invocations"] += 1
        if status != "completed" and invocation not in acknowledged:
            yield f"I1 stuck: {invocation} is {status} and nothing moves it any more"
    ran = {line.invocation for line in history.ledger if line.what == "ran"}
    for invocation in ran - set(history.statuses) - set(acknowledged):
        yield f"I1 ghost: a step ran for {invocation}, which was never stored"


def every_kept_result_is_readable(history, counts):
    transfers = {op.invocation for op in history.ops if op.kind == "transfer"}
    for invocation, how, status, body in history.reads:
        if status != 200 and not (status == 409 and invocation in transfers):
            yield f"I1 unreadable: {how} of {invocation} is {status} {body[:200]}"


def every_reader_reads_the_same(history, counts):
    answers = collections.defaultdict(set)
    for op in history.ops:
        if not op.is_send and op.outcome in ("ok", "fail") and op.invocation:
            answers[op.invocation].add((op.status, op.body))
    for invocation, _, status, body in history.reads:
        counts["reads"] += 1
        answers[invocation].add((status, body))
    acked = collections.defaultdict(dict)
    for line in history.ledger:
        if line.what == "acked":
            acked[line.invocation][line.step] = line.detail[0]
    for invocation, seen in answers.items():
        if len(seen) > 1:
            yield f"I2 readers differ: {invocation} gave {sorted(seen)}"
            continue
        status, body = next(iter(seen))
        if status != 200 or not body.startswith("{"):
            continue
        result = json.loads(body)
        if result.get("invocation", invocation) != invocation:
            yield f"I2 foreign result: {invocation} gave that of {result['invocation']}"
        told = [value for value in result.get("values", []) if not value.startswith(("inv_", "by-"))]
        if told and told != list(acked[invocation].values()):
            yield f"I2 other values: {invocation} gave {told}, its handler had {acked[invocation]}"


def no_acked_step_ran_again(history, counts):
    ran = collections.defaultdict(list)
    acked = {}
    for line in history.ledger:
        step = (line.invocation, line.step)
        if line.what == "ran":
            counts["steps run"] += 1
            if step in acked:
                yield f"I3 step again: {line.step} of {line.invocation} was acknowledged and ran again"
            elif ran[step]:
                counts["steps run again, not acknowledged before"] += 1
            ran[step].append(line.detail[0])
        elif line.what == "acked":
            value = line.detail[0]
            if value not in ran[step]:
                yield f"I3 made up: {line.step} of {line.invocation} gave {value}, which no run gave"
            if acked.setdefault(step, value) != value:
                yield (f"I3 other outcome: {line.step} of {line.invocation} gave {acked[step]}, "
                       f"then {value}")
            counts["steps acknowledged"] += 1


def every_attempt_has_one_journal(history, counts):
    """What one attempt was given from the journal, in its order, begins with what those before were given."""
    journals = collections.defaultdict(list)
    places = collections.Counter()
    for line in history.ledger:
        if line.what not in ("acked", "woke"):
            continue
        entry, journal = (line.step, line.detail[0]), journals[line.invocation]
        place = places[line.token]
        places[line.token] += 1
        if place == len(journal):
            journal.append(entry)
        else:
            counts["journal entries read again"] += 1
            if journal[place] != entry:
                yield (f"I4 other journal: entry {place} of {line.invocation} was {journal[place]}, "
                       f"then {entry}")


def one_attempt_at_a_time(history, counts):
    live = {}
    for line in history.ledger:
        if line.what == "begin":
            counts["attempts"] += 1
            live[line.invocation] = line.token
        elif live.get(line.invocation) != line.token:
            yield (f"I4 two attempts: {line.invocation} wrote {line.what} {line.step} by attempt "
                   f"{line.token} while {live.get(line.invocation)} lives")


class Turns:
    """The holders of one key, in order. Handler code runs ahead of the disk (docs/decisions/0008), closures
    do not. So a crash may take back the latest turns, which are then had again in the same order; but
    once a closure of a later holder has run, the turns before it are final."""

    def __init__(self):
        self.holders = []   # Since the last closure; the last one is inside.
        self.expected = []  # Turns taken back by a crash, in order.
        self.final = set()
        self.pid = None     # Of the process in which the last one entered.
        self.left = True    # Whether the last one has left.

    def problem_of_entering(self, invocation, pid):
        if invocation in self.final:
            return "after a later one had done its step"
        if invocation in self.holders[:-1]:
            if pid == self.pid:
                return "after another one had it"
            place = self.holders.index(invocation) + 1
            self.expected = self.holders[place:] + self.expected
            self.holders = self.holders[:place]
        elif invocation not in self.holders:
            if self.holders and not self.left:
                return f"while {self.holders[-1]} was inside"
            if self.expected and self.expected.pop(0) != invocation:
                return "before those that had been inside before the crash"
            self.holders.append(invocation)
        self.pid, self.left = pid, False
        return None

    def step_ran(self, invocation):
        if invocation in self.holders[-1:]:
            self.final.update(self.holders[:-1])
            self.holders = [invocation]


def one_holder_of_a_key(history, counts):
    turns = collections.defaultdict(Turns)
    key_of = {}
    for line in history.ledger:
        if line.what == "enter":
            counts["entries of keys"] += 1
            name = key_of[line.invocation] = line.detail[0]
            problem = turns[name].problem_of_entering(line.invocation, line.pid)
            if problem:
                yield f"I5 two holders: {line.invocation} entered {name} {problem}"
        elif line.what == "exit" and line.invocation in turns[line.detail[0]].holders[-1:]:
            turns[line.detail[0]].left = True
        elif line.what == "ran" and line.invocation in key_of:
            turns[key_of[line.invocation]].step_ran(line.invocation)


def add_results(history):
    """object -> {invocation: (count, the ops that name it)}, from calls and from later reads."""
    bodies = {invocation: body for invocation, _, status, body in history.reads if status == 200}
    adds = collections.defaultdict(dict)
    for op in history.ops:
        if op.kind != "add" or op.outcome != "ok":
            continue
        body = op.body if not op.is_send else bodies.get(op.invocation)
        if body:
            entry = adds[op.object].setdefault(op.invocation, (json.loads(body)["count"], []))
            entry[1].append(op)
    return adds


def adds_are_counted_once_and_in_order(history, counts):
    entered = collections.defaultdict(set)
    for line in history.ledger:
        if line.what == "exit" and line.step == "add":
            entered[line.detail[0]].add(line.invocation)
    for name, final in history.counts.items():
        if final != len(entered[name]):
            yield f"I5 miscounted: {name} is {final}, but {len(entered[name])} invocations added to it"
    for name, adds in add_results(history).items():
        by_count = {}
        for invocation, (count, _) in adds.items():
            counts["adds with a known place"] += 1
            if count in by_count:
                yield f"I5 same place: {invocation} and {by_count[count]} are both number {count} of {name}"
            by_count[count] = invocation
        answered_after = None  # The earliest answer among those that stand later in the order.
        for count in sorted(by_count, reverse=True):
            invocation = by_count[count]
            ops = adds[invocation][1]
            start, end = min(op.start for op in ops), min(op.end for op in ops)
            if answered_after is not None and answered_after[0] < start:
                yield (f"I5 order: {invocation} was asked after {answered_after[1]} had been answered, "
                       f"and was let into {name} before it")
            if answered_after is None or end < answered_after[0]:
                answered_after = (end, invocation)


def no_add_is_lost_or_made_up(history, counts):
    for name, final in history.counts.items():
        adds = [op for op in history.ops if op.kind == "add" and op.object == name]
        certain = len({op.invocation for op in adds if op.outcome == "ok"})
        perhaps = sum(op.outcome == "unknown" for op in adds)
        if not certain <= final <= certain + perhaps:
            yield (f"I10 adds: {name} is {final}, but {certain} adds were acknowledged and {perhaps} more "
                   f"asked for")


def asker(line):
    """Who asked for the timer of this wake-up: an invocation, or the request of a client."""
    return line.detail[2] if line.step == "later" else line.invocation


class Clock:
    """What may be asked of timers in a history in which the server's clock was set. A timer may fire as soon
    as the clock has been at its time, though it may have been set back since; so what counts is the highest
    it has been since the timer was asked for. Where it was set just while a timer was asked for, nobody
    can say which time was meant: a delayed call takes the time of who asks, who may ask again after a crash,
    and its delay counts from when the server heard it."""

    def __init__(self, history):
        self.jumps = history.jumps
        self.asked = {}     # request of a delayed call -> when it was first and last asked for
        for op in history.ops:
            if op.kind == "later":
                start, end = self.asked.get(op.request, (op.start, op.end))
                self.asked[op.request] = (min(start, op.start), max(end, op.end))
        self.sent = {}      # invocation of a fan -> the first line that it wrote after its delayed call
        for place, line in enumerate(history.ledger):
            if line.step == "after":
                self.sent.setdefault(line.invocation, place)
        self.lines = len(history.ledger)
        self.first = {}     # invocation -> its first line
        self.latest = {}    # invocation -> its latest line so far
        self.excused = set()

    def pass_line(self, place, line):
        self.first.setdefault(line.invocation, place)
        self.latest[line.invocation] = place

    def was_set_while_asked(self, line):
        by = asker(line)
        if by in self.asked:
            start, end = self.asked[by]
            near = (jump.start <= end and start - NEAR_SECONDS <= jump.end for jump in self.jumps)
        else:
            if line.step == "later":
                begin, end = self.first.get(by, 0), self.sent.get(by, self.lines)
            else:
                begin = end = self.latest.get(by, 0)
            near = (jump.before - NEAR_LINES <= end and begin <= jump.after for jump in self.jumps)
        return any(near)

    def has_been(self, due, place, line):
        by = asker(line)
        start, first = self.asked.get(by, (0, 0))[0], self.first.get(by, 0)
        return any(jump.peak_ms >= due and jump.before <= place and jump.after >= first and
                   jump.end >= start for jump in self.jumps)

    def excuses(self, due, place, line):
        timer = (line.invocation, line.step)
        if timer not in self.excused and self.was_set_while_asked(line):
            self.excused.add(timer)
        return timer in self.excused or self.has_been(due, place, line)


def no_timer_is_early(history, counts):
    clock = Clock(history)
    for place, line in enumerate(history.ledger):
        if line.what == "woke":
            counts["wake-ups"] += 1
            due, actual = map(int, line.detail[:2])
            if actual < due and clock.excuses(due, place, line):
                counts["wake-ups before the time that is now, as the clock was set"] += 1
            elif actual < due:
                yield (f"I7 early: {line.step} of {line.invocation} was due at {due} and woke "
                       f"{due - actual} ms before")
        clock.pass_line(place, line)


def no_timer_is_late(history, counts):
    """Counted from the first sign of the process, if the timer was due before. Says nothing of a history in
    which the clock was set."""
    if history.jumps:
        return
    began, woken, latest = {}, set(), 0
    for line in history.ledger:
        began.setdefault(line.pid, line.unix_ms)
        if line.what != "woke" or (line.invocation, line.step) in woken:
            continue
        woken.add((line.invocation, line.step))
        due, actual = map(int, line.detail[:2])
        late = actual - max(due, began[line.pid])
        latest = max(latest, late)
        if late > LATE_MS_MAX:
            yield f"I7 late: {line.step} of {line.invocation} woke {late} ms late, with the process up"
    counts["latest wake-up, ms"] = latest


def one_identity_one_run(history, counts):
    invocations = collections.defaultdict(set)
    answers = collections.defaultdict(set)
    for op in history.ops:
        if op.identity and op.outcome in ("ok", "fail") and op.invocation:
            counts["answers to requests with a key"] += 1
            invocations[op.identity].add(op.invocation)
            if not op.is_send:
                answers[op.identity].add((op.status, op.body))
    identities = {}
    for identity, named in invocations.items():
        if len(named) > 1:
            yield f"I8 one key, two runs: {identity} named {sorted(named)}"
        if len(answers[identity]) > 1:
            yield f"I8 one key, two answers: {identity} gave {sorted(answers[identity])}"
        for invocation in named:
            if identities.setdefault(invocation, identity) != identity:
                yield f"I8 one run, two keys: {invocation} is {identity} and {identities[invocation]}"


def promises_are_set_once(history, counts):
    bodies = {invocation: body for invocation, _, status, body in history.reads if status == 200}
    orders = {op.object: op.invocation for op in history.ops
              if op.kind == "order" and op.outcome == "ok"}
    approved = collections.defaultdict(set)
    for op in history.ops:
        if op.kind == "approve" and op.outcome == "ok":
            counts["promises set"] += 1
            approved[op.object].add(op.request)
    for name, by in approved.items():
        if len(by) > 1:
            yield f"promise twice: {sorted(by)} were all told that they set that of {name}"
        body = bodies.get(orders.get(name))
        if body and json.loads(body)["values"][1] not in by:
            yield f"promise of another: {name} got {json.loads(body)['values'][1]}, not {sorted(by)}"


def no_money_is_made(history, counts):
    counts["accounts"] = len(history.balances)
    total, expected = sum(history.balances.values()), FIRST_BALANCE * len(history.balances)
    if total != expected:
        yield f"I10 money: the accounts hold {total} together, not {expected}: {history.balances}"
    for account, cents in history.balances.items():
        if cents < 0:
            yield f"I10 money: {account} is at {cents}"


def counters_are_those_of_the_rows(history, counts):
    counts["counters"] = len(history.counters)
    for name in set(history.rows) | set(history.counters):
        rows, counter = history.rows.get(name, 0), history.counters.get(name, 0)
        if rows != counter:
            yield f"I13 counters: {rows} invocations of {name[0]} are {name[1]}, counted are {counter}"


def story_of(problem, history):
    """All that is known about the invocations a problem names, in order."""
    named = set(re.findall(r"inv_\w+", problem))
    story = [f"    ledger  {vars(line)}" for line in history.ledger if line.invocation in named]
    story += [f"    client  {vars(op)}" for op in history.ops if op.invocation in named]
    story += [f"    read    {read}" for read in history.reads if read[0] in named]
    return "\n".join(story[:200])
