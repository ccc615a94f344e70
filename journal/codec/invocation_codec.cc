// The row of an invocation.

#include <cstddef>
#include <utility>
#include <vector>

#include "journal/codec/parts.h"
#include "journal/codec/record.h"

namespace holdfast::journal {
namespace {

using codec::as_data;
using codec::take_bytes;

void set_origin(stored::Invocation::Builder to, const Invocation& invocation) {
  const bool none = !invocation.caller.has_value() && invocation.caller_target.empty() &&
                    !invocation.idempotency_key.has_value() && invocation.trace_parent.empty() &&
                    invocation.scheduled_start_at == 0;
  if (none) return;
  auto origin = to.initOrigin();
  if (invocation.caller.has_value()) {
    origin.setCaller(as_data(codec::id_bytes(*invocation.caller)));
  }
  if (!invocation.caller_target.empty()) {
    origin.setCallerTarget(as_data(invocation.caller_target));
  }
  if (invocation.idempotency_key.has_value()) {
    origin.setIdempotencyKey(as_data(*invocation.idempotency_key));
  }
  if (!invocation.trace_parent.empty()) origin.setTraceParent(as_data(invocation.trace_parent));
  origin.setScheduledStartAt(invocation.scheduled_start_at);
}

void set_retry(stored::Invocation::Builder to, const Invocation& invocation) {
  const bool none = invocation.retry_count == 0 && invocation.retrying_since == 0 &&
                    invocation.next_retry_at == 0 && !invocation.last_failure.has_value();
  if (none) return;
  auto retry = to.initRetry();
  retry.setCount(invocation.retry_count);
  retry.setSince(invocation.retrying_since);
  retry.setNextAt(invocation.next_retry_at);
  if (!invocation.last_failure.has_value()) return;

  const AttemptFailure& failure = *invocation.last_failure;
  auto last = retry.initLastFailure();
  last.setCode(failure.code);
  last.setHasCommand(failure.related_command.has_value());
  last.setCommand(failure.related_command.value_or(0));
  if (!failure.message.empty()) last.setMessage(as_data(failure.message));
  if (!failure.related_command_name.empty()) {
    last.setCommandName(as_data(failure.related_command_name));
  }
  if (!failure.related_command_type.empty()) {
    last.setCommandType(as_data(failure.related_command_type));
  }
}

void set_numbers(capnp::List<std::uint32_t>::Builder to, const std::vector<std::uint32_t>& from) {
  for (std::size_t i = 0; i < from.size(); ++i) to.set(i, from[i]);
}

std::vector<std::uint32_t> take_numbers(capnp::List<std::uint32_t>::Reader from) {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(from.size());
  for (const std::uint32_t number : from) numbers.push_back(number);
  return numbers;
}

// The nodes of a tree, each before its children, and all leaves in that order.
struct WaitNodes {
  std::vector<const WaitSet*> nodes;
  WaitSet leaves;

  void add(const WaitSet& node) {
    const auto append = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    nodes.push_back(&node);
    append(leaves.completions, node.completions);
    append(leaves.signals, node.signals);
    append(leaves.named_signals, node.named_signals);
    for (const WaitSet& nested : node.nested) add(nested);
  }
};

void set_leaves(stored::Invocation::Builder to, const WaitSet& waits,
                const std::vector<const WaitSet*>& nodes) {
  if (!waits.completions.empty()) {
    set_numbers(to.initAwaitedCompletions(waits.completions.size()), waits.completions);
  }
  if (waits.signals.empty() && waits.named_signals.empty() && nodes.empty()) return;
  auto signals = to.initAwaitedSignals();
  if (!waits.signals.empty()) {
    set_numbers(signals.initIndexes(waits.signals.size()), waits.signals);
  }
  if (!waits.named_signals.empty()) {
    codec::set_list(signals.initNames(waits.named_signals.size()), waits.named_signals);
  }
  if (nodes.empty()) return;
  auto stored = signals.initNodes(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    stored[i].setCombinator(static_cast<std::uint8_t>(nodes[i]->combinator));
    stored[i].setCompletions(nodes[i]->completions.size());
    stored[i].setSignals(nodes[i]->signals.size());
    stored[i].setNames(nodes[i]->named_signals.size());
    stored[i].setNested(nodes[i]->nested.size());
  }
}

void set_waits(stored::Invocation::Builder to, const WaitSet& waits) {
  if (waits.is_flat()) return set_leaves(to, waits, {});
  WaitNodes tree;
  tree.add(waits);
  set_leaves(to, tree.leaves, tree.nodes);
}

// Builds a tree from its nodes and leaves; what does not add up is corruption (INV-11).
class TreeReader {
 public:
  TreeReader(capnp::List<stored::WaitNode>::Reader nodes, WaitSet leaves)
      : nodes_(nodes), leaves_(std::move(leaves)) {}

  Result<WaitSet> read() {
    WaitSet tree = TRY(read_node(1));
    const bool all_used = node_ == nodes_.size() && completion_ == leaves_.completions.size() &&
                          signal_ == leaves_.signals.size() &&
                          name_ == leaves_.named_signals.size();
    if (!all_used) return wrong();
    return tree;
  }

 private:
  static Error wrong() { return {ErrorCode::kCorruption, "what it waits for does not add up"}; }

  Result<WaitSet> read_node(std::size_t depth) {
    if (node_ == nodes_.size() || depth > kWaitDepthMax) return wrong();
    const auto node = nodes_[node_++];
    if (node.getCombinator() > static_cast<std::uint8_t>(WaitSet::Combinator::kUnknown)) {
      return Error(ErrorCode::kCorruption, "unknown combinator");
    }
    WaitSet set;
    set.combinator = static_cast<WaitSet::Combinator>(node.getCombinator());
    const bool fits =
        take(leaves_.completions, completion_, node.getCompletions(), set.completions) &&
        take(leaves_.signals, signal_, node.getSignals(), set.signals) &&
        take(leaves_.named_signals, name_, node.getNames(), set.named_signals) &&
        node.getNested() <= nodes_.size() - node_;
    if (!fits) return wrong();
    for (std::uint32_t i = 0; i < node.getNested(); ++i) {
      set.nested.push_back(TRY(read_node(depth + 1)));
    }
    return set;
  }

  template <class T>
  static bool take(const std::vector<T>& from, std::size_t& at, std::size_t count,
                   std::vector<T>& to) {
    if (count > from.size() - at) return false;
    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(at);
    to.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    at += count;
    return true;
  }

  const capnp::List<stored::WaitNode>::Reader nodes_;
  const WaitSet leaves_;
  std::uint32_t node_ = 0;
  std::size_t completion_ = 0, signal_ = 0, name_ = 0;  // The next of each.
};

Result<void> take_waits(stored::Invocation::Reader from, WaitSet& to) {
  if (from.hasAwaitedCompletions()) to.completions = take_numbers(from.getAwaitedCompletions());
  if (!from.hasAwaitedSignals()) return {};
  const auto signals = from.getAwaitedSignals();
  to.signals = take_numbers(signals.getIndexes());
  to.named_signals = codec::take_list(signals.getNames());
  if (signals.hasNodes()) to = TRY(TreeReader(signals.getNodes(), std::move(to)).read());
  return {};
}

Result<void> take_origin(stored::Origin::Reader from, Invocation& to) {
  if (from.hasCaller()) to.caller = TRY(codec::take_id(from.getCaller()));
  to.caller_target = take_bytes(from.getCallerTarget());
  if (from.hasIdempotencyKey()) to.idempotency_key = take_bytes(from.getIdempotencyKey());
  to.trace_parent = take_bytes(from.getTraceParent());
  to.scheduled_start_at = from.getScheduledStartAt();
  return {};
}

void take_retry(stored::Retry::Reader from, Invocation& to) {
  to.retry_count = from.getCount();
  to.retrying_since = from.getSince();
  to.next_retry_at = from.getNextAt();
  if (!from.hasLastFailure()) return;

  const auto last = from.getLastFailure();
  AttemptFailure& failure = to.last_failure.emplace();
  failure.code = last.getCode();
  if (last.getHasCommand()) failure.related_command = last.getCommand();
  failure.message = take_bytes(last.getMessage());
  failure.related_command_name = take_bytes(last.getCommandName());
  failure.related_command_type = take_bytes(last.getCommandType());
}

Result<Invocation> take_invocation(stored::Invocation::Reader from) {
  if (from.getStatus() > static_cast<std::uint8_t>(Status::kCompleted) ||
      from.getServiceKind() > static_cast<std::uint8_t>(ServiceKind::kWorkflow) ||
      from.getHandlerKind() > static_cast<std::uint8_t>(HandlerKind::kRun) ||
      from.getSource() > static_cast<std::uint8_t>(Source::kRestartAsNew)) {
    return Error(ErrorCode::kCorruption, "unknown status, kind or source");
  }
  Invocation to;
  to.status = static_cast<Status>(from.getStatus());
  to.target.service_kind = static_cast<ServiceKind>(from.getServiceKind());
  to.target.handler_kind = static_cast<HandlerKind>(from.getHandlerKind());
  to.target.service = take_bytes(from.getService());
  to.target.key = take_bytes(from.getKey());
  to.target.handler = take_bytes(from.getHandler());
  to.source = static_cast<Source>(from.getSource());
  to.completion_retention_ms = from.getCompletionRetention();
  to.journal_retention_ms = from.getJournalRetention();
  to.created_at = from.getCreatedAt();
  to.modified_at = from.getModifiedAt();
  to.running_at = from.getRunningAt();
  to.last_start_at = from.getLastStartAt();
  to.journal_entries = from.getJournalEntries();
  to.journal_commands = from.getJournalCommands();
  to.life = from.getLife();
  to.ends_with_output = from.getEndsWithOutput();
  if (from.hasInput()) to.input = codec::take_input(from.getInput());

  if (from.hasOrigin()) TRY(take_origin(from.getOrigin(), to));
  if (from.hasWaiters()) to.waiters = codec::take_waiters(from.getWaiters());
  if (from.hasRetry()) take_retry(from.getRetry(), to);
  TRY(take_waits(from, to.waits));
  if (from.hasPin()) {
    to.deployment_id = take_bytes(from.getPin().getDeployment());
    to.protocol_version = from.getPin().getProtocol();
  }
  if (from.hasEnd()) {
    to.completed_at = from.getEnd().getCompletedAt();
    if (from.getEnd().hasResult()) {
      to.result = TRY(codec::take_outcome(from.getEnd().getResult()));
    }
  }
  return to;
}

}  // namespace

void encode_invocation(Bytes& to, const Invocation& invocation) {
  codec::MessageWriter message;
  auto row = message.init<stored::Invocation>();
  row.setStatus(static_cast<std::uint8_t>(invocation.status));
  row.setServiceKind(static_cast<std::uint8_t>(invocation.target.service_kind));
  row.setHandlerKind(static_cast<std::uint8_t>(invocation.target.handler_kind));
  row.setSource(static_cast<std::uint8_t>(invocation.source));
  row.setJournalEntries(invocation.journal_entries);
  row.setJournalCommands(invocation.journal_commands);
  row.setLife(invocation.life);
  row.setEndsWithOutput(invocation.ends_with_output);
  row.setCreatedAt(invocation.created_at);
  row.setModifiedAt(invocation.modified_at);
  row.setRunningAt(invocation.running_at);
  row.setLastStartAt(invocation.last_start_at);
  row.setCompletionRetention(invocation.completion_retention_ms);
  row.setJournalRetention(invocation.journal_retention_ms);

  row.setService(as_data(invocation.target.service));
  if (!invocation.target.key.empty()) row.setKey(as_data(invocation.target.key));
  row.setHandler(as_data(invocation.target.handler));
  set_waits(row, invocation.waits);
  set_origin(row, invocation);
  if (invocation.input.has_value()) codec::set_input(row.initInput(), *invocation.input);
  if (!invocation.waiters.empty()) {
    codec::set_waiters(row.initWaiters(invocation.waiters.size()), invocation.waiters);
  }
  set_retry(row, invocation);
  if (!invocation.deployment_id.empty()) {
    auto pin = row.initPin();
    pin.setDeployment(as_data(invocation.deployment_id));
    pin.setProtocol(invocation.protocol_version);
  }
  if (invocation.completed_at != 0 || invocation.result.has_value()) {
    auto end = row.initEnd();
    end.setCompletedAt(invocation.completed_at);
    if (invocation.result.has_value()) codec::set_outcome(end.initResult(), *invocation.result);
  }
  message.write(to, RecordKind::kInvocation);
}

Result<Invocation> decode_invocation(BytesView record) {
  return codec::read_message<stored::Invocation>(record, RecordKind::kInvocation, &take_invocation);
}

}  // namespace holdfast::journal
