// Journal entries and the chunks they are stored in.

#include "journal/codec/parts.h"
#include "journal/codec/record.h"
#include "storage/base/check.h"

namespace holdfast::journal {
namespace {

using codec::as_data;
using codec::take_bytes;

Error unknown(const char* what) { return {ErrorCode::kCorruption, std::string("unknown ") + what}; }

std::optional<Bytes> take_optional(bool has, capnp::Data::Reader data) {
  if (!has) return std::nullopt;
  return take_bytes(data);
}

// One call per kind of entry.
class EntryWriter {
 public:
  explicit EntryWriter(stored::Entry::Builder to) : to_(to) {}

  void operator()(const Input& input) { codec::set_input(to_.initInput(), input); }

  void operator()(const Output& output) {
    if (const auto* failure = std::get_if<Failure>(&output.result)) {
      codec::set_failure(to_.initOutputFailure(), *failure);
    } else {
      to_.setOutputValue(as_data(std::get<Bytes>(output.result)));
    }
  }

  void operator()(const ReadState& read) {
    to_.setCompletion(read.completion);
    auto to = to_.initReadState();
    to.setKey(as_data(read.key));
    if (read.value.has_value()) to.setValue(as_data(*read.value));
  }

  void operator()(const ListState& list) {
    to_.setCompletion(list.completion);
    codec::set_list(to_.initListState(list.keys.size()), list.keys);
  }

  void operator()(const WriteState& write) {
    auto to = to_.initWriteState();
    to.setName(as_data(write.key));
    to.setValue(as_data(write.value));
  }

  void operator()(const ClearState& clear) {
    if (clear.key.has_value()) {
      to_.setClearState(as_data(*clear.key));
    } else {
      to_.setClearAllState();
    }
  }

  void operator()(const Sleep& sleep) {
    to_.setCompletion(sleep.completion);
    to_.initSleep().setWakeUp(sleep.wake_up_unix_ms);
  }

  void operator()(const Run& run) {
    to_.setCompletion(run.completion);
    to_.setRun();
  }

  void operator()(const Call& call) {
    to_.setCompletion(call.completion);
    auto to = to_.initCall();
    to.setService(as_data(call.service));
    if (!call.key.empty()) to.setKey(as_data(call.key));
    to.setHandler(as_data(call.handler));
    if (!call.parameter.empty()) to.setParameter(as_data(call.parameter));
    if (!call.headers.empty()) codec::set_pairs(to.initHeaders(call.headers.size()), call.headers);
    if (call.idempotency_key.has_value()) to.setIdempotencyKey(as_data(*call.idempotency_key));
    to.setIdCompletion(call.id_completion);
    to.setNotBefore(call.not_before_unix_ms);
  }

  void operator()(const Promise& promise) {
    to_.setCompletion(promise.completion);
    auto to = to_.initPromise();
    to.setAct(static_cast<std::uint8_t>(promise.act));
    to.setKey(as_data(promise.key));
    if (promise.result.has_value()) codec::set_outcome(to.initResult(), *promise.result);
  }

  void operator()(const SendSignal& send) {
    auto to = to_.initSendSignal();
    to.setTarget(as_data(codec::id_bytes(send.target)));
    if (const auto* index = std::get_if<std::uint32_t>(&send.signal)) {
      to.setIndex(*index);
    } else {
      to.setName(as_data(std::get<std::string>(send.signal)));
    }
    if (const auto* value = std::get_if<Bytes>(&send.result)) {
      to.getResult().setValue(as_data(*value));
    } else if (const auto* failure = std::get_if<Failure>(&send.result)) {
      codec::set_failure(to.getResult().initFailure(), *failure);
    } else {
      to.getResult().setEmpty();
    }
    to.setAsAwakeable(send.as_awakeable);
  }

  void operator()(const Attach& attach) {
    to_.setCompletion(attach.completion);
    auto to = to_.initAttach();
    to.setTarget(as_data(codec::id_bytes(attach.target)));
    to.setWait(attach.wait);
    to.setBy(static_cast<std::uint8_t>(attach.by));
    if (!attach.service.empty()) to.setService(as_data(attach.service));
    if (!attach.handler.empty()) to.setHandler(as_data(attach.handler));
    if (!attach.idempotency_key.empty()) to.setIdempotencyKey(as_data(attach.idempotency_key));
    if (attach.key.has_value()) to.setKey(as_data(*attach.key));
  }

  void operator()(const Notification& notification) {
    if (const auto* completion = std::get_if<Notification::Completion>(&notification.of)) {
      to_.setCompletion(completion->id);
      if (notification.life == 0) return std::visit(CompletionWriter{to_}, notification.result);
      auto to = to_.initTold();
      to.setLife(notification.life);
      return std::visit(ToldWriter{to}, notification.result);
    }
    auto to = to_.initSignal();
    if (const auto* index = std::get_if<std::uint32_t>(&notification.of)) {
      to.setIndex(*index);
    } else {
      to.setName(as_data(std::get<std::string>(notification.of)));
    }
    std::visit(SignalResultWriter{to.getResult()}, notification.result);
  }

 private:
  struct CompletionWriter {
    stored::Entry::Builder to;

    void operator()(const Empty&) { to.setCompletionEmpty(); }
    void operator()(const Bytes& value) { to.setCompletionValue(as_data(value)); }
    void operator()(const Failure& failure) {
      codec::set_failure(to.initCompletionFailure(), failure);
    }
    void operator()(const InvocationId& id) {
      to.setCompletionInvocation(as_data(codec::id_bytes(id)));
    }
    void operator()(const std::vector<Bytes>& keys) {
      codec::set_list(to.initCompletionKeys(keys.size()), keys);
    }
  };

  struct ToldWriter {
    stored::Told::Builder to;

    void operator()(const Empty&) { to.setEmpty(); }
    void operator()(const Bytes& value) { to.setValue(as_data(value)); }
    void operator()(const Failure& failure) { codec::set_failure(to.initFailure(), failure); }
    // Who is asked answers with an outcome.
    void operator()(const InvocationId&) { CHECK(false, "nobody is told an id"); }
    void operator()(const std::vector<Bytes>&) { CHECK(false, "nobody is told keys"); }
  };

  struct SignalResultWriter {
    stored::Signal::Result::Builder to;

    void operator()(const Empty&) { to.setEmpty(); }
    void operator()(const Bytes& value) { to.setValue(as_data(value)); }
    void operator()(const Failure& failure) { codec::set_failure(to.initFailure(), failure); }
    void operator()(const InvocationId& id) { to.setInvocation(as_data(codec::id_bytes(id))); }
    void operator()(const std::vector<Bytes>& keys) {
      codec::set_list(to.initKeys(keys.size()), keys);
    }
  };

  stored::Entry::Builder to_;
};

Result<decltype(Notification::result)> take_signal_result(stored::Signal::Result::Reader from) {
  using Taken = decltype(Notification::result);
  switch (from.which()) {
    case stored::Signal::Result::EMPTY:
      return Taken(Empty{});
    case stored::Signal::Result::VALUE:
      return Taken(take_bytes(from.getValue()));
    case stored::Signal::Result::FAILURE:
      return Taken(codec::take_failure(from.getFailure()));
    case stored::Signal::Result::INVOCATION:
      return Taken(TRY(codec::take_id(from.getInvocation())));
    case stored::Signal::Result::KEYS:
      return Taken(codec::take_list(from.getKeys()));
  }
  return unknown("kind of signal result");
}

Result<EntryBody> take_signal(stored::Signal::Reader from) {
  // Not inside the braces below: what is there already when TRY returns would leak.
  auto result = TRY(take_signal_result(from.getResult()));
  switch (from.which()) {
    case stored::Signal::INDEX:
      return EntryBody(Notification{from.getIndex(), std::move(result)});
    case stored::Signal::NAME:
      return EntryBody(Notification{take_bytes(from.getName()), std::move(result)});
  }
  return unknown("kind of signal");
}

Result<EntryBody> take_call(stored::Call::Reader from, CompletionId completion) {
  Call call;
  call.service = take_bytes(from.getService());
  call.key = take_bytes(from.getKey());
  call.handler = take_bytes(from.getHandler());
  call.parameter = take_bytes(from.getParameter());
  call.headers = codec::take_pairs(from.getHeaders());
  call.idempotency_key = take_optional(from.hasIdempotencyKey(), from.getIdempotencyKey());
  call.id_completion = from.getIdCompletion();
  call.completion = completion;
  call.not_before_unix_ms = from.getNotBefore();
  return EntryBody(std::move(call));
}

Result<EntryBody> take_promise(stored::Promise::Reader from, CompletionId completion) {
  Promise promise;
  if (from.getAct() > static_cast<std::uint8_t>(Promise::Act::kComplete)) {
    return unknown("act on a promise");
  }
  promise.act = static_cast<Promise::Act>(from.getAct());
  promise.key = take_bytes(from.getKey());
  promise.completion = completion;
  if (from.hasResult()) promise.result = TRY(codec::take_outcome(from.getResult()));
  return EntryBody(std::move(promise));
}

Result<EntryBody> take_send_signal(stored::SendSignal::Reader from) {
  SendSignal send;
  send.target = TRY(codec::take_id(from.getTarget()));
  switch (from.which()) {
    case stored::SendSignal::INDEX:
      send.signal = from.getIndex();
      break;
    case stored::SendSignal::NAME:
      send.signal = take_bytes(from.getName());
      break;
    default:
      return unknown("kind of signal");
  }
  const auto result = from.getResult();
  switch (result.which()) {
    case stored::SendSignal::Result::EMPTY:
      send.result = Empty{};
      break;
    case stored::SendSignal::Result::VALUE:
      send.result = take_bytes(result.getValue());
      break;
    case stored::SendSignal::Result::FAILURE:
      send.result = codec::take_failure(result.getFailure());
      break;
    default:
      return unknown("kind of signal result");
  }
  send.as_awakeable = from.getAsAwakeable();
  return EntryBody(std::move(send));
}

Result<EntryBody> take_attach(stored::Attach::Reader from, CompletionId completion) {
  Attach attach;
  attach.target = TRY(codec::take_id(from.getTarget()));
  attach.completion = completion;
  attach.wait = from.getWait();
  if (from.getBy() > static_cast<std::uint8_t>(Attach::By::kWorkflow)) {
    return unknown("way to name an invocation");
  }
  attach.by = static_cast<Attach::By>(from.getBy());
  attach.service = take_bytes(from.getService());
  attach.handler = take_bytes(from.getHandler());
  attach.idempotency_key = take_bytes(from.getIdempotencyKey());
  attach.key = take_optional(from.hasKey(), from.getKey());
  return EntryBody(std::move(attach));
}

Result<EntryBody> take_told(stored::Told::Reader from, CompletionId id) {
  if (from.getLife() == 0) return unknown("answer to no life");
  Notification told{Notification::Completion{id}, Empty{}, from.getLife()};
  switch (from.which()) {
    case stored::Told::EMPTY:
      return EntryBody(std::move(told));
    case stored::Told::VALUE:
      told.result = take_bytes(from.getValue());
      return EntryBody(std::move(told));
    case stored::Told::FAILURE:
      told.result = codec::take_failure(from.getFailure());
      return EntryBody(std::move(told));
  }
  return unknown("kind of answer");
}

Result<EntryBody> take_body(stored::Entry::Reader from) {
  const CompletionId id = from.getCompletion();
  const auto completed = [id](decltype(Notification::result) result) {
    return EntryBody(Notification{Notification::Completion{id}, std::move(result)});
  };
  switch (from.which()) {
    case stored::Entry::RUN:
      return EntryBody(Run{id});
    case stored::Entry::COMPLETION_EMPTY:
      return completed(Empty{});
    case stored::Entry::COMPLETION_VALUE:
      return completed(take_bytes(from.getCompletionValue()));
    case stored::Entry::COMPLETION_FAILURE:
      return completed(codec::take_failure(from.getCompletionFailure()));
    case stored::Entry::COMPLETION_INVOCATION:
      return completed(TRY(codec::take_id(from.getCompletionInvocation())));
    case stored::Entry::COMPLETION_KEYS:
      return completed(codec::take_list(from.getCompletionKeys()));
    case stored::Entry::SIGNAL:
      return take_signal(from.getSignal());
    case stored::Entry::INPUT:
      return EntryBody(codec::take_input(from.getInput()));
    case stored::Entry::OUTPUT_VALUE:
      return EntryBody(Output{take_bytes(from.getOutputValue())});
    case stored::Entry::OUTPUT_FAILURE:
      return EntryBody(Output{codec::take_failure(from.getOutputFailure())});
    case stored::Entry::READ_STATE: {
      const auto read = from.getReadState();
      return EntryBody(ReadState{take_bytes(read.getKey()), id,
                                 take_optional(read.hasValue(), read.getValue())});
    }
    case stored::Entry::LIST_STATE:
      return EntryBody(ListState{id, codec::take_list(from.getListState())});
    case stored::Entry::WRITE_STATE: {
      const auto write = from.getWriteState();
      return EntryBody(WriteState{take_bytes(write.getName()), take_bytes(write.getValue())});
    }
    case stored::Entry::CLEAR_STATE:
      return EntryBody(ClearState{take_bytes(from.getClearState())});
    case stored::Entry::CLEAR_ALL_STATE:
      return EntryBody(ClearState{});
    case stored::Entry::SLEEP:
      return EntryBody(Sleep{from.getSleep().getWakeUp(), id});
    case stored::Entry::CALL:
      return take_call(from.getCall(), id);
    case stored::Entry::PROMISE:
      return take_promise(from.getPromise(), id);
    case stored::Entry::SEND_SIGNAL:
      return take_send_signal(from.getSendSignal());
    case stored::Entry::ATTACH:
      return take_attach(from.getAttach(), id);
    case stored::Entry::TOLD:
      return take_told(from.getTold(), id);
  }
  return unknown("kind of entry");
}

}  // namespace

void encode_chunk(Bytes& to, std::int64_t appended_at, const Entry* entries, std::size_t count) {
  codec::MessageWriter message;
  auto chunk = message.init<stored::Chunk>();
  chunk.setAppendedAt(appended_at);
  auto list = chunk.initEntries(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto entry = list[i];
    if (!entries[i].name.empty()) entry.setName(as_data(entries[i].name));
    std::visit(EntryWriter(entry), entries[i].body);
  }
  message.write(to, RecordKind::kChunk);
}

Result<Chunk> decode_chunk(BytesView record) {
  return codec::read_message<stored::Chunk>(
      record, RecordKind::kChunk, [](stored::Chunk::Reader from) -> Result<Chunk> {
        Chunk chunk;
        chunk.appended_at = from.getAppendedAt();
        const auto list = from.getEntries();
        chunk.entries.reserve(list.size());
        for (const auto entry : list) {
          EntryBody body = TRY(take_body(entry));
          chunk.entries.push_back({take_bytes(entry.getName()), std::move(body)});
        }
        return chunk;
      });
}

}  // namespace holdfast::journal
