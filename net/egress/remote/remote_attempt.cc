#include "net/egress/remote/remote_attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "net/egress/translate.h"
#include "net/http/http_date.h"
#include "net/http/uri.h"
#include "net/protocol/restate/command_codec.h"
#include "net/protocol/restate/notification_codec.h"
#include "net/protocol/restate/to_handler.h"
#include "storage/base/check.h"
#include "storage/base/rare.h"

namespace holdfast::net {

namespace restate = protocol::restate;

namespace {

// State handed over with Start; what is beyond it the handler asks for when it reads it.
constexpr std::size_t kEagerStateBytes = 1 << 20;

// Of a failure's words; they are kept in the row, which is rewritten with every change.
constexpr std::size_t kWordsMax = 8192;

// At most so many bytes, and no half of a character.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

void shorten(std::string& text) { text.resize(cut(text, kWordsMax).size()); }

// All but the cancel and named signals, which a handler may wait for again and again.
bool comes_once(const journal::Notification& notification) {
  const auto* const index = std::get_if<std::uint32_t>(&notification.of);
  return std::holds_alternative<journal::Notification::Completion>(notification.of) ||
         (index != nullptr && *index >= protocol::kFirstAwakeable);
}

// The completion by which others, or time, let the handler go on.
std::optional<protocol::CompletionId> awaited_by(const protocol::CommandBody& command) {
  if (const auto* call = std::get_if<protocol::CallCommand>(&command)) return call->completion;
  if (const auto* sleep = std::get_if<protocol::SleepCommand>(&command)) return sleep->completion;
  if (const auto* promise = std::get_if<protocol::GetPromiseCommand>(&command)) {
    return promise->completion;
  }
  if (const auto* attach = std::get_if<protocol::AttachCommand>(&command)) {
    return attach->completion;
  }
  return std::nullopt;
}

const char* code_of(ExchangeFailure::Kind kind) {
  return kind == ExchangeFailure::Kind::kBadAnswer ? "RT0012" : "RT0010";
}

}  // namespace

RemoteAttempt::RemoteAttempt(Route route, std::shared_ptr<AttemptClock> clock,
                             actors::AttemptHost& host, std::function<void()> wake)
    : route_(std::move(route)),
      host_(host),
      stream_(std::make_shared<RemoteStream>(std::move(clock), route_.timeouts, std::move(wake))) {}

RemoteAttempt::~RemoteAttempt() {
  if (!over()) stream_->cancel();
}

// --- To the endpoint ---

void RemoteAttempt::give_state(std::vector<std::pair<Bytes, Bytes>>& map, bool& partial) {
  if (route_.lazy_state) {
    partial = true;
    return;
  }
  std::size_t bytes = 0;
  for (Bytes& key : host_.list_state()) {
    std::optional<Bytes> value = host_.read_state(key);
    if (!value) continue;
    bytes += key.size() + value->size();
    if (bytes > kEagerStateBytes || rare("state is not sent ahead")) {
      partial = true;
      return;
    }
    map.emplace_back(std::move(key), std::move(*value));
  }
}

Result<Bytes> RemoteAttempt::opening(actors::AttemptStart start, std::string id) {
  const journal::Invocation& invocation = start.invocation;
  restate::StartHead head{.known_entries = 0};
  head.raw_id = invocation.id.bytes();
  head.invocation_id = std::move(id);
  head.key = invocation.target.key;
  head.retry_count = start.retry_count;
  head.duration_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, start.retrying_for_ms));
  head.random_seed = journal::random_seed_of(invocation.id);
  if (route_.version >= restate::Version::k7) head.idempotency_key = invocation.idempotency_key;
  head.partial_state = !invocation.target.keyed();
  if (invocation.target.keyed()) give_state(head.state_map, head.partial_state);

  Bytes entries;
  for (journal::Entry& stored : start.journal) {
    if (const auto* told = std::get_if<journal::Notification>(&stored.body)) {
      if (is_repeated(*told)) continue;
      if (comes_once(*told)) told_with_start_.settle(*told);
    }
    const protocol::Entry entry = to_protocol(std::move(stored));
    if (const auto* command = std::get_if<protocol::Command>(&entry)) {
      TRY(kinds_.learn(*command));
      ++commands_;
      if (const auto* run = std::get_if<protocol::RunCommand>(&command->body)) {
        open_runs_.insert(run->completion);
      } else if (const auto awaited = awaited_by(command->body)) {
        open_before_.insert(*awaited);
      }
      if (std::holds_alternative<protocol::OutputCommand>(command->body)) {
        has_output_ = may_replace_output_ = true;
      }
    } else {
      const auto& notification = std::get<protocol::Notification>(entry);
      if (const auto* of = std::get_if<protocol::CompletionRef>(&notification.of)) {
        open_runs_.erase(of->id);
        open_before_.erase(of->id);
      }
    }
    ++head.known_entries;
    TRY(restate::append_entry(entries, entry, kinds_, route_.version));
  }
  Bytes bytes;
  bytes.reserve(entries.size() + 256);  // Start takes no more, unless there is state.
  restate::append_start(bytes, head, route_.version);
  bytes += entries;
  return bytes;
}

// An awakeable is completed once. SDKs that are told of it again take now the one, now the other.
bool RemoteAttempt::is_repeated(const journal::Notification& notification) const {
  const auto* const index = std::get_if<std::uint32_t>(&notification.of);
  return index != nullptr && *index >= protocol::kFirstAwakeable &&
         known(notification.of) != journal::Settled::kPending;
}

// What counts for a wait of the handler's: a cancel or a named signal that Start has told it the
// handler had; it waits for a further one. Of a named signal that was told since, only the handler
// knows whether it has had that, too.
journal::Settled RemoteAttempt::known(const journal::WaitSet::Leaf& leaf) const {
  const journal::Settled before = told_with_start_.look_up(leaf);
  if (before != journal::Settled::kPending) return before;
  const journal::Settled fresh = fresh_.look_up(leaf);
  const bool may_be_had =
      fresh != journal::Settled::kPending && std::holds_alternative<std::string>(leaf);
  return may_be_had ? journal::Settled::kUndecidable : fresh;
}

HttpHeaders RemoteAttempt::common_headers(restate::Version version, HttpHeaders more) {
  const std::string& type = restate::content_type(version);
  more.insert(more.begin(), {{"content-type", type}, {"accept", type}});
  return more;
}

actors::AttemptState RemoteAttempt::start(actors::AttemptStart start) {
  const journal::Invocation& invocation = start.invocation;
  HttpHeaders headers;
  headers.reserve(3 + route_.headers.size());
  std::string id = invocation.id.text();
  headers.emplace_back("x-restate-invocation-id", id);
  if (invocation.target.keyed()) {
    headers.emplace_back("x-restate-service-key", percent_encode(invocation.target.key));
  }
  if (!invocation.trace_parent.empty()) {
    headers.emplace_back("traceparent", invocation.trace_parent);
  }
  headers.insert(headers.end(), route_.headers.begin(), route_.headers.end());
  const std::string path = "/invoke/" + invocation.target.service + "/" + invocation.target.handler;

  const bool hold = start.hold;
  Result<Bytes> bytes = opening(std::move(start), std::move(id));
  if (!bytes) {
    fail("RT0006", "the journal cannot be told to the endpoint: " + bytes.error().message());
    return state_;
  }
  OpenOptions options;
  options.common = route_.common;
  if (!route_.bidirectional) {
    options.body = std::move(*bytes);
    held_request_ = [this, path, headers = std::move(headers),
                     options = std::move(options)]() mutable {
      stream_->begin(
          route_.pool->open("POST", path, std::move(headers), stream_, std::move(options)), true);
    };
    if (!hold) release();
    return state_;
  }
  if (hold) {
    held_ = bytes->back();
    bytes->pop_back();
  }
  auto exchange = route_.pool->open("POST", path, std::move(headers), stream_, std::move(options));
  exchange->send(std::move(*bytes));
  stream_->begin(std::move(exchange), false);
  return state_;
}

void RemoteAttempt::release() {
  if (over()) return;
  if (const auto open = std::exchange(held_request_, nullptr)) open();
  if (!held_.empty()) stream_->send(std::exchange(held_, {}));
}

// What comes while the opening is held back goes behind it.
void RemoteAttempt::send(Bytes bytes) {
  if (held_.empty()) {
    stream_->send(std::move(bytes));
  } else {
    held_ += bytes;
  }
}

actors::AttemptState RemoteAttempt::notify(const journal::Notification& notification) {
  if (is_repeated(notification)) return state_;
  fresh_.settle(notification);
  if (state_ == State::kSuspended && awaiting_.settle(notification)) is_ready_ = true;
  const protocol::Notification told = to_protocol(notification);
  const auto* const of = std::get_if<protocol::CompletionRef>(&told.of);
  if (of != nullptr) {
    open_.erase(of->id);
    open_before_.erase(of->id);
    open_runs_.erase(of->id);
  }
  if (over() || stream_->half_closed()) return state_;

  advice_.reset();
  Bytes bytes;
  if (of == nullptr) {
    restate::append_signal(bytes, told, route_.version);
  } else if (wants_ack_.erase(of->id) > 0) {
    restate::append_proposal_ack(bytes, {of->id});
  } else if (const auto kind = kinds_.find(of->id)) {
    restate::append_completion(bytes, told, *kind, route_.version);
  }
  if (!bytes.empty()) send(std::move(bytes));
  return state_;
}

actors::AttemptState RemoteAttempt::step_done(journal::CompletionId, actors::StepOutcome) {
  CHECK(false, "closures of a remote handler execute at its endpoint");
}

void RemoteAttempt::all_durable() {
  if (command_acks_.empty() || over()) return;
  Bytes bytes;
  for (const std::uint32_t index : std::exchange(command_acks_, {})) {
    restate::append_command_ack(bytes, {index});
  }
  send(std::move(bytes));
}

bool RemoteAttempt::known_to_wait() const {
  if (over() || !open_runs_.empty() || has_output_) return false;
  if (advice_) return !advice_->executing_side_effects;
  // Version 7 would have said so.
  const bool told = route_.version >= restate::Version::k7;
  return !open_.empty() || (!told && !open_before_.empty());
}

bool RemoteAttempt::can_be_asked() const { return known_to_wait() && !stream_->half_closed(); }

void RemoteAttempt::ask_to_suspend() {
  if (can_be_asked()) stream_->half_close();
}

void RemoteAttempt::wind_up() {
  // Held back, it has not begun, and soon will.
  if (!over() && held_.empty() && !held_request_) stream_->half_close();
}

journal::WaitSet RemoteAttempt::waiting() const {
  if (state_ == State::kSuspended) return awaiting_;
  if (!known_to_wait()) return {};
  if (advice_) return to_journal(restate::flatten(advice_->awaiting));
  // What an earlier attempt has asked for the handler may have left behind; it says nothing about
  // how long this wait will be.
  journal::WaitSet waits;
  waits.completions.assign(open_.begin(), open_.end());
  return waits;
}

bool RemoteAttempt::is_ready() const { return stuck_ || is_ready_; }

bool RemoteAttempt::names_fresh(const journal::WaitSet& leaves) const {
  const auto is_fresh = [this](auto leaf) {
    return fresh_.look_up(journal::WaitSet::Leaf(leaf)) != journal::Settled::kPending;
  };
  return std::any_of(leaves.completions.begin(), leaves.completions.end(),
                     [&](auto id) { return is_fresh(journal::Notification::Completion{id}); }) ||
         std::any_of(leaves.signals.begin(), leaves.signals.end(), is_fresh) ||
         std::any_of(leaves.named_signals.begin(), leaves.named_signals.end(), is_fresh);
}

// --- From the endpoint ---

actors::AttemptState RemoteAttempt::woken() {
  if (over()) return state_;
  const RemoteStream::News news = stream_->take();
  if (news.status) check_head(*news.status, news.headers);
  if (!over() && !news.body.empty()) take_frames(news.body);
  if (over()) return state_;
  if (news.failure) {
    fail(code_of(news.failure->kind), news.failure->error.message());
  } else if (news.timed_out) {
    fail("RT0001",
         "the handler said nothing for the inactivity timeout, was asked to suspend, and "
         "did not within the abort timeout");
  } else if (news.ended) {
    fail("RT0012", reader_.at_boundary() ? "the answer ended without End, Suspension or Error"
                                         : "the answer ended in the middle of a frame");
  }
  return state_;
}

void RemoteAttempt::check_head(int status, const HttpHeaders& headers) {
  const auto content_type = find_header(headers, "content-type");
  head_seen_ = true;
  if (status >= 200 && status < 300) {
    if (content_type && *content_type == restate::content_type(route_.version)) return;
    return fail("RT0012", fmt::format("the answer's content type is '{}', not '{}'",
                                      cut(content_type.value_or(""), 100),
                                      restate::content_type(route_.version)));
  }
  const std::string said = fmt::format("the endpoint answered with status {}", status);
  switch (status) {
    case 404:
      return fail("RT0012", said + ": it does not serve this handler (any more)");
    case 413:
      return fail("RT0019", said + ": the request is too large for it");
    case 415:
      return fail("RT0015", said + ": it does not speak this version of the protocol");
    case 429:
    case 503:
      fail("RT0023", said + ": it has too much to do");
      // None: as the handler's policy says, which uses up an attempt.
      error_.next_retry_delay_ms =
          parse_retry_after(find_header(headers, "retry-after").value_or(""), host_.now_unix_ms());
      return;
    case 502:
    case 504:
      return fail("RT0010", said);
    default:
      return fail("RT0012", said);
  }
}

void RemoteAttempt::take_frames(BytesView bytes) {
  while (!over()) {
    auto frame = reader_.next(bytes);
    if (!frame) return fail("RT0003", frame.error().message());
    if (!*frame) return;
    auto message = restate::decode_from_handler(**frame, route_.version);
    if (!message) {
      const bool too_deep = message.error().code() == ErrorCode::kTooLarge;
      fail(too_deep ? "RT0025" : "RT0012", message.error().message(), protocol::kProtocolViolation);
      // Another attempt would only say it again.
      if (too_deep) error_.then = actors::AttemptError::Then::kPause;
      return;
    }
    std::visit([this](auto& one) { on(std::move(one)); }, *message);
  }
}

void RemoteAttempt::on(restate::NewCommand message) {
  const auto violates = [this](const std::string& what) {
    fail("RT0012", what, protocol::kProtocolViolation);
    error_.failure.related_command = commands_;
  };
  protocol::Command& command = message.command;
  const bool is_output = std::holds_alternative<protocol::OutputCommand>(command.body);
  if (has_output_ && !(is_output && may_replace_output_)) {
    return violates("a command came after the Output");
  }
  if (auto learned = kinds_.learn(command); !learned) return violates(learned.error().message());

  if (const auto* run = std::get_if<protocol::RunCommand>(&command.body)) {
    open_runs_.insert(run->completion);
  } else if (const auto awaited = awaited_by(command.body)) {
    open_.insert(*awaited);
  }
  has_output_ = has_output_ || is_output;
  if (is_output) may_replace_output_ = false;
  Result<journal::Entry> entry = to_journal(std::move(command));
  if (!entry) return violates(entry.error().message());
  if (message.wants_ack) command_acks_.push_back(commands_);
  ++commands_;
  ++news_;
  advice_.reset();
  host_.on_command(std::move(*entry), message.wants_ack);
}

void RemoteAttempt::on(restate::ProposeRun message) {
  if (open_runs_.erase(message.completion) == 0) {
    return fail("RT0012",
                fmt::format("an outcome was proposed for completion {}, which is not that of an "
                            "open Run",
                            message.completion),
                protocol::kProtocolViolation);
  }
  ++news_;
  if (message.wants_ack) wants_ack_.insert(message.completion);
  host_.on_proposal(message.completion, to_journal(std::move(message.outcome)));
}

void RemoteAttempt::on(restate::Suspension message) {
  awaiting_ = to_journal(std::move(message.awaiting));
  const journal::WaitSet leaves = awaiting_.leaves();
  bool only_own = leaves.named_signals.empty() &&
                  std::all_of(leaves.signals.begin(), leaves.signals.end(),
                              [](std::uint32_t index) { return index == protocol::kCancelSignal; });
  for (const protocol::CompletionId id : leaves.completions) {
    if (!kinds_.find(id)) {
      return fail("RT0012", fmt::format("suspended on completion {}, which no command has", id),
                  protocol::kProtocolViolation);
    }
    only_own = only_own && open_runs_.count(id) > 0;
  }
  // Nobody but the handler can bring that about: it goes on at once, if that leads anywhere.
  stuck_ = only_own && !leaves.completions.empty();
  if (stuck_ && news_ == 0) {
    return fail("RT0012", "suspended on a Run whose outcome it has not proposed, twice",
                protocol::kProtocolViolation);
  }
  is_ready_ = awaiting_.reduce([this](const auto& leaf) { return known(leaf); }) !=
              journal::Settled::kPending;
  if (is_ready_ && news_ == 0 && !names_fresh(leaves)) {
    return fail("RT0012", "suspended on what Start has told it already",
                protocol::kProtocolViolation);
  }
  end(State::kSuspended);
}

void RemoteAttempt::on(restate::AwaitingOn message) { advice_ = std::move(message); }

void RemoteAttempt::on(restate::HandlerError message) {
  error_ = to_journal(std::move(message.error));
  if (error_.failure.code == 0) error_.failure.code = 500;
  shorten(error_.failure.message);
  shorten(error_.failure.related_command_name);
  switch (message.behavior) {
    case restate::ErrorBehavior::kRetry:
      break;
    case restate::ErrorBehavior::kPause:
      error_.then = actors::AttemptError::Then::kPause;
      break;
    case restate::ErrorBehavior::kFail:
      error_.then = actors::AttemptError::Then::kFail;
      break;
  }
  end(State::kFailed);
}

void RemoteAttempt::on(restate::End) {
  if (!has_output_) {
    return fail("RT0012", "End came without an Output", protocol::kProtocolViolation);
  }
  end(State::kEnded);
}

void RemoteAttempt::end(State state) {
  state_ = state;
  stream_->finish();
}

void RemoteAttempt::fail(const char* code, const std::string& what, std::uint16_t status) {
  error_ = {};
  error_.failure.code = status;
  error_.failure.message =
      fmt::format("[{}] {}: {}", code, route_.pool->address().uri(), cut(what, 2000));
  state_ = State::kFailed;
  stream_->cancel();
}

}  // namespace holdfast::net
