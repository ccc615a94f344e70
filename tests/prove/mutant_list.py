"""The planted bugs: in which file, which words become which, and what promise that breaks. The words
must stand in the file exactly once; a bug that no longer fits is an error, not a bug that is caught."""

import dataclasses


@dataclasses.dataclass
class Mutant:
    name: str
    file: str
    old: str
    new: str
    first: str = "simulate"  # The program that should notice.


MUTANTS = [
    # -- Storage: what is on the disk, and when somebody hears of it.
    Mutant("ack before sync", "storage/local_log.cc", "Sync::kYes", "Sync::kNo"),
    Mutant("a failed append is acknowledged", "storage/committer.cc",
           "if (outcome.kind != AppendOutcome::Kind::kCommitted) {", "if (false) {"),
    Mutant("the log goes on after a failed append", "storage/local_log.cc",
           "    failed_ = true;\n", "", "test_storage"),
    Mutant("stamps begin anew at each start", "storage/local_log.cc",
           "log->position_.epoch = last.next();",
           "log->position_.epoch = last.next(); log->position_.applied = Lsn();"),
    Mutant("an epoch does not end with its process", "storage/local_log.cc",
           "log->position_.epoch = last.next();", "log->position_.epoch = last;", "test_storage"),
    Mutant("a batch counts as durable when it is queued", "storage/committer.cc",
           "  durable_.store(through, std::memory_order_release);",
           "  durable_.store(through + 1000, std::memory_order_release);"),
    Mutant("the last batch of a full round is dropped", "storage/committer.cc",
           "if (!round_[i].batch.empty()) append_",
           "if (!round_[i].batch.empty() && (to - from < 3 || i + 1 < to)) append_"),
    Mutant("what cannot be read does not exist", "storage/rocks_store.cc",
           "    if (status.IsNotFound()) return std::optional<Bytes>();",
           "    if (!status.ok()) return std::optional<Bytes>();", "kill_server"),
    Mutant("a damaged log ends at the damage", "storage/rocks_store.cc",
           "      damage == RocksStore::LogDamage::kRefused) {", "      false) {", "test_storage"),
    Mutant("damage that may be a torn write is one", "storage/log_check.cc",
           " || (!may_go_on && record_begins_in(block, at + 1))", "",
           "test_storage"),

    Mutant("half of an append that failed stays in the log", "storage/zeroed_logs.cc",
           "      target()->Truncate(size_, options, debug).PermitUncheckedError();\n", "", "test_storage"),
    Mutant("the length of a log that is damaged is believed", "storage/log_check.cc",
           "    if (fits_another_length()) return Bad::kDamaged;\n", "", "test_storage"),

    # -- The machine: what follows from what.
    Mutant("a fired timer stays in the table", "journal/tables/timer_table.cc",
           "batch.erase(timer_key(timer));", "(void)batch, (void)timer;"),
    Mutant("a sleep completes as often as its timer fires", "journal/machine/life.cc",
           "if (open == state.open_sleeps.end() || row.status", "if (row.status", "test_journal"),
    Mutant("a sleep is a second short", "journal/machine/commands.cc",
           "  const Timer timer{sleep.wake_up_unix_ms, state.row.id, TimerKind::kSleep, sleep.completion};",
           "  const Timer timer{sleep.wake_up_unix_ms - 1000, state.row.id, TimerKind::kSleep, "
           "sleep.completion};"),
    Mutant("a retry has no timer", "journal/machine/life.cc",
           "  decision.facts.push_back(SetTimer{Timer{row.next_retry_at, row.id, "
           "TimerKind::kRetry, 0}});\n", ""),
    Mutant("a scheduled start has no timer", "journal/machine/life.cc",
           "    decision.facts.push_back(SetTimer{Timer{row.scheduled_start_at, row.id, "
           "TimerKind::kStart, 0}});\n", ""),
    Mutant("what wakes a parked one leaves no wake-up", "journal/machine/life.cc",
           "  set_status(state, Status::kRunning, now, decision);\n  decision.wake_up = WakeUp::kPut;",
           "  set_status(state, Status::kRunning, now, decision);"),
    Mutant("a queued start leaves no place in the queue", "journal/machine/life.cc",
           "        set_status(state, Status::kQueued, now, decision);\n"
           "        decision.queue = QueuePlace::kTake;",
           "        set_status(state, Status::kQueued, now, decision);", "test_journal"),
    Mutant("the place in the queue stays when it ends", "journal/journal.cc",
           "      erase_queued(batch_, row.target, rows_.queue);\n", ""),
    Mutant("the last who waits for a result is not told", "journal/machine/end.cc",
           "  for (const Waiter& waiter : row.waiters) {",
           "  if (row.waiters.size() > 1) row.waiters.pop_back();\n"
           "  for (const Waiter& waiter : row.waiters) {", "test_scenario"),
    Mutant("a promise can be completed twice", "journal/machine/end.cc",
           "    case Promise::Act::kComplete:\n      if (record.result) {",
           "    case Promise::Act::kComplete:\n      if (false) {"),
    Mutant("who waits for a promise is forgotten", "journal/machine/end.cc",
           "        record.waiters.push_back(asker);\n        save();",
           "        record.waiters.push_back(asker);"),
    Mutant("a result expires in half its time", "journal/machine/end.cc",
           "SetTimer{Timer{row.completed_at + keep, row.id, TimerKind::kExpire, 0}}",
           "SetTimer{Timer{row.completed_at + keep / 2, row.id, TimerKind::kExpire, 0}}",
           "test_journal"),
    Mutant("state is kept in memory only", "journal/journal.cc",
           "    put_state(batch_, state_.row.target.service, state_.row.target.key, set.key, "
           "set.value);\n", "    (void)set;\n"),
    Mutant("a status is not counted", "journal/journal.cc",
           "      put_invocation(batch_, row);\n      count_row(row.status);",
           "      put_invocation(batch_, row);", "test_actors"),

    # -- The actors: who does what, and when.
    Mutant("accepted before it is stored", "actors/invocation/starting.cc",
           "  then_.push_back([on_accepted = std::move(mail.on_accepted), id = id_, at] {\n"
           "    on_accepted(Accepted{id, true, at});\n  });", "  mail.on_accepted(Accepted{id_, true, at});"),
    Mutant("a delayed send is accepted before it is stored", "actors/scheduled_send.cc",
           "  journal::OwnRows rows;\n",
           "  begin.on_accepted(Accepted{id, true, told_time});\n  begin.on_accepted = [](const auto&) {};\n"
           "  journal::OwnRows rows;\n"),
    Mutant("the second of two equal requests is answered too early", "actors/invocation/starting.cc",
           "    when_durable(\n        [on_accepted = std::move(mail.on_accepted), id = id_, at = "
           "state_.row.scheduled_start_at] {\n          on_accepted(Accepted{id, false, at});\n"
           "        });",
           "    mail.on_accepted(Accepted{id_, false, state_.row.scheduled_start_at});"),
    Mutant("an idempotency key is not looked at", "actors/engine_impl.cc",
           "} else if (request.idempotency_key) {", "} else if (false) {"),
    Mutant("a closure runs before what led to it is stored", "actors/invocation/running.cc",
           "if (waiting_steps_.empty() || outstanding_ > 0 || !current_.attempt) return;",
           "if (waiting_steps_.empty() || !current_.attempt) return;"),
    Mutant("what an object key has seen need not be stored", "actors/invocation/running.cc",
           "  if (world_.committer.durable_through() < seen_through_) {", "  if (false) {"),
    Mutant("the outcome of a former attempt is taken", "actors/invocation/running.cc",
           "if (current_.attempt && mail.attempt == current_.number) {\n    --current_",
           "if (current_.attempt) {\n    --current_", "test_actors"),
    Mutant("a key has two holders", "actors/key/key_actor.cc",
           "  let_in();\n}\n\nvoid KeyActor::on(Left& mail) {",
           "  world_.router.deliver(mail.id, InvocationMail{Grant{name_, mail.stamp, after_, {}}});\n"
           "  let_in();\n}\n\nvoid KeyActor::on(Left& mail) {"),
    Mutant("the last to come has the key first", "actors/key/key_actor.cc",
           "    inside_ = queue_.front().id;",
           "    std::swap(queue_.front(), queue_.back());\n    inside_ = queue_.front().id;"),
    Mutant("a retry gives the key away", "actors/invocation/running.cc",
           "  object_state_.reset();\n  journal::back_off(",
           "  object_state_.reset();\n  if (state_.row.target.queued_by_key()) {\n"
           "    world_.router.deliver(KeyName{state_.row.target.service, state_.row.target.key},\n"
           "                          KeyMail{Left{id_, submitted_, {}}}, home_);\n  }\n"
           "  journal::back_off("),
    Mutant("a start that was passed over is forgotten", "actors/timer/timer_actor.cc",
           "  fetch_starts();\n  schedule();", "  schedule();"),
    Mutant("who comes last is served last, however many wait", "actors/steps/step_queue.cc",
           "if (now == 0 && awaited.size() > kInOrderMax)", "if (false)", "test_actors"),
    Mutant("a backlog of one service holds up the others", "actors/steps/step_queue.cc",
           "if (lane->size() > 0) ring_.push_back(lane);", "if (lane->size() > 0) ring_.push_front(lane);",
           "test_actors"),
    Mutant("recovery forgets every third", "actors/recovery/recovery_actor.cc",
           "  for (; next_ < end; ++next_) router_.deliver(",
           "  for (; next_ < end; ++next_) if (next_ % 3 != 2) router_.deliver("),
    Mutant("requests of the last process are not made again", "actors/invocation/beginning.cc",
           "  ask_again();\n", ""),
    Mutant("one that has news is parked", "actors/invocation/running.cc",
           "      if (!may_close() || news_pending()) {", "      if (!may_close()) {", "test_actors"),
    Mutant("one that has news waits for long", "actors/invocation/running.cc",
           "      state_.row.status != Status::kRunning || news_pending()) {",
           "      state_.row.status != Status::kRunning) {", "test_actors"),
    Mutant("kill lets the attempt go on", "actors/invocation/running.cc",
           "  journal::finish(state_, std::move(outcome), now(), decision_);\n  end_attempt();",
           "  journal::finish(state_, std::move(outcome), now(), decision_);"),
    Mutant("kill leaves what was called alive", "actors/invocation/asking.cc",
           "  for (const journal::InvocationId& child : children) {",
           "  children.clear();\n  for (const journal::InvocationId& child : children) {",
           "test_scenario"),
    Mutant("a stored kill is not looked for", "actors/invocation/starting.cc",
           "  if (state_.row.status != Status::kCompleted && has_kill_signal()) return kill_now();\n",
           "", "test_scenario"),
    Mutant("a handler elsewhere begins before its cause is stored", "actors/invocation/beginning.cc",
           "  if (world_.committer.durable_through() < std::max(current_.held_until, "
           "seen_through_)) return;\n", "", "test_actors"),
    Mutant("a promise that cannot be read fails who asks for it", "actors/invocation/asking.cc",
           "read_or_stop(world_.journal.tables().promise(act.service, act.key, act.promise.key))",
           "world_.journal.tables().promise(act.service, act.key, act.promise.key)", "test_crash"),
    Mutant("a place that cannot be read is none", "actors/invocation/invocation_actor.cc",
           "read_or_stop(world_.journal.tables().queue(target.service, target.key, after, 64))",
           "world_.journal.tables().queue(target.service, target.key, after, 64)", "test_crash"),
    Mutant("wake-ups that cannot be read are none", "actors/recovery/recovery_actor.cc",
           'read_or_stop("wake-ups", tables_', "(tables_", "test_crash"),

    Mutant("an answer to an earlier run of an id is one to the present run",
           "actors/invocation/starting.cc",
           " || (completes && notification.life != state_.row.life)", "", "test_actors"),
    Mutant("an answer to an earlier run of an id counts when it is loaded", "journal/journal.cc",
           "if (stored.has_id_of_a_key()) {", "if (false) {", "test_actors"),

    # -- Handlers: the attempt, here and elsewhere.
    Mutant("elsewhere: one that is given up is still listened to", "net/egress/remote/remote_attempt.cc",
           "  if (!over()) stream_->cancel();\n", ""),
    Mutant("elsewhere: what came before the suspension is forgotten",
           "net/egress/remote/remote_attempt.cc",
           "  fresh_.settle(notification);\n", ""),
    Mutant("elsewhere: who suspends on what is there is not begun again",
           "actors/invocation/running.cc",
           "        end_attempt();\n        want_attempt_ = true;\n", "        end_attempt();\n"),
    Mutant("nobody reads on where the timers of the next hour end", "actors/timer/timer_actor.cc",
           "  if (read_on_at_ && more_in_table_) next = "
           "std::min(next.value_or(*read_on_at_), *read_on_at_);\n", "", "test_scenario"),
    Mutant("a completion counts twice", "sdk/runtime/arrivals.cc",
           "if (slot == nullptr || slot->verdict().decided()) return false;",
           "if (slot == nullptr) return false;", "test_sdk"),
    Mutant("a cancellation ends variables that a closure uses", "sdk/runtime/attempt.cc",
           "  if (throws && steps_.in_flight() > 0) return false;\n", "", "test_sdk"),
    Mutant("a closure begins after the exception that ended its variables", "sdk/runtime/attempt.cc",
           "  if (throws) steps_.leave_all_behind();\n", "", "test_sdk"),
    Mutant("replayed commands are issued again", "sdk/runtime/attempt.cc",
           "    ++commands_;\n    return Issued::kReplayed;",
           "    ++commands_;\n    host_.on_command(std::move(command));\n    return Issued::kReplayed;",
           "test_sdk"),
    Mutant("a changed handler is not noticed", "sdk/runtime/attempt.cc",
           "    if (std::optional<std::string> mismatch = replay_.match(command)) {",
           "    if (std::optional<std::string> mismatch = replay_.match(command); false) {",
           "test_sdk"),
    Mutant("an attempt that waits for a sleep waits for nothing", "sdk/runtime/attempt.cc",
           "    if (slot->source == Slot::Source::kSignal) set.signals.push_back(slot->number);\n", ""),
    Mutant("one completion belongs to two commands", "net/protocol/restate/completion_kinds.cc",
           "if (id == 0 || twice || find(id)) {", "if (id == 0) {", "test_net"),
    Mutant("a frame may be of any size", "net/protocol/restate/frame.cc",
           "  if (header_.length > payload_max_) {", "  if (false) {", "test_net"),
    Mutant("a bad answer counts as refused when a reset follows", "net/http/outgoing/outgoing_http2.cc",
           "    running->invalid = true;\n", "    (void)running;\n", "test_net"),
    Mutant("a request for another path is let in", "net/protocol/restate/identity_check.cc",
           "  if (found.audience != path) return refuse(\"the token is for another path\");\n", "",
           "test_net"),
    Mutant("any signature is good", "net/protocol/restate/identity_check.cc",
           "  if (!is_signed_by(", "  if (false && !is_signed_by(", "test_net"),
]
