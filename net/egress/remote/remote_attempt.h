#pragma once
// RemoteAttempt: one attempt of a handler behind HTTP, by the Restate service protocol, versions 5
// to 7. POST {base}/invoke/{service}/{handler}; the request carries Start and the journal, then
// notifications as they become durable; the answer carries what the handler does.
//
// Over HTTP/2 both go on at once; over HTTP/1.1, or with an inactivity timeout of 0, the request
// ends after the journal, and a handler that has to wait suspends itself.
//
// Invariants
//   INV-1  One that is started on hold lacks the last byte of its journal until release(): no SDK
//          begins before it has the entries that Start has announced.
//   INV-2  is kept by the handler's SDK.
//   INV-4  An attempt that is over, or destroyed, hears nothing any more: its stream is cut.
//   INV-11 A frame is decoded and checked wholly before anything of it reaches the engine. Whatever
//          an endpoint does wrong fails this attempt, with an error that begins with a code in
//          brackets ([RT0012]), and is tried again by the retry policy.
//
// Threads: the actor's; what the io thread has for it waits in the RemoteStream.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "actors/handler.h"
#include "net/egress/remote/remote_stream.h"
#include "net/egress/remote/settlements.h"
#include "net/http/outgoing/endpoint_pool.h"
#include "net/protocol/restate/completion_kinds.h"
#include "net/protocol/restate/frame.h"
#include "net/protocol/restate/from_handler.h"
#include "net/protocol/restate/version.h"

namespace holdfast::net {

class RemoteAttempt final : public actors::Attempt {
 public:
  // Where the handler is and how it is spoken to.
  struct Route {
    std::shared_ptr<EndpointPool> pool;
    std::shared_ptr<const CommonHeaders> common;  // From common_headers().
    HttpHeaders headers;                          // Those that prove who asks.
    protocol::restate::Version version = protocol::restate::kVersionMax;
    bool bidirectional = true;
    bool lazy_state = false;
    RemoteStream::Timeouts timeouts;
  };

  // Of all attempts that speak this version; `more` are those of the deployment.
  static HttpHeaders common_headers(protocol::restate::Version version, HttpHeaders more);

  RemoteAttempt(Route route, std::shared_ptr<AttemptClock> clock, actors::AttemptHost& host,
                std::function<void()> wake);
  ~RemoteAttempt() override;

  actors::AttemptState start(actors::AttemptStart start) override;
  actors::AttemptState notify(const journal::Notification& notification) override;
  // REQUIRES: never called; closures execute at the endpoint.
  actors::AttemptState step_done(journal::CompletionId completion,
                                 actors::StepOutcome outcome) override;
  void release() override;
  actors::AttemptState woken() override;
  void all_durable() override;
  journal::WaitSet waiting() const override;
  bool is_ready() const override;
  bool droppable() const override { return false; }
  bool can_be_asked() const override;
  void ask_to_suspend() override;
  void wind_up() override;
  actors::AttemptError error() const override { return error_; }

 private:
  using State = actors::AttemptState;

  // `id`: of the invocation, in letters.
  Result<Bytes> opening(actors::AttemptStart start, std::string id);
  bool is_repeated(const journal::Notification& notification) const;
  journal::Settled known(const journal::WaitSet::Leaf& leaf) const;
  bool names_fresh(const journal::WaitSet& leaves) const;
  void give_state(std::vector<std::pair<Bytes, Bytes>>& map, bool& partial);
  void check_head(int status, const HttpHeaders& headers);
  void take_frames(BytesView bytes);

  void on(protocol::restate::NewCommand message);
  void on(protocol::restate::ProposeRun message);
  void on(protocol::restate::Suspension message);
  void on(protocol::restate::AwaitingOn message);
  void on(protocol::restate::HandlerError message);
  void on(protocol::restate::End message);

  void send(Bytes bytes);
  void end(State state);
  void fail(const char* code, const std::string& what, std::uint16_t status = 500);
  bool over() const { return state_ != State::kBlocked; }
  // The handler is known to wait, for nothing that only it can bring about.
  bool known_to_wait() const;

  const Route route_;
  actors::AttemptHost& host_;
  const std::shared_ptr<RemoteStream> stream_;

  // Until release(): over HTTP/2 the end of what the handler must have to begin, else the request.
  Bytes held_;
  std::function<void()> held_request_;
  State state_ = State::kBlocked;
  actors::AttemptError error_;
  protocol::restate::FrameReader reader_;
  bool head_seen_ = false;

  protocol::restate::CompletionKinds kinds_;
  // Told with Start, and nothing more can come under that name.
  Settlements told_with_start_;
  Settlements fresh_;                                     // Not told with Start.
  std::unordered_set<protocol::CompletionId> open_runs_;  // Without proposal or completion.
  // Of other commands of this attempt, and of earlier ones: not completed.
  std::unordered_set<protocol::CompletionId> open_, open_before_;
  std::unordered_set<protocol::CompletionId> wants_ack_;  // Proposals answered with an ack.
  std::vector<std::uint32_t> command_acks_;               // Wanted, once durable.
  std::uint32_t commands_ = 0;
  std::uint32_t news_ = 0;  // Commands and proposals of this attempt.
  bool has_output_ = false;
  bool may_replace_output_ = false;  // It is that of an earlier attempt.
  journal::WaitSet awaiting_;        // kSuspended: reduced by all it has been told.
  bool is_ready_ = false;            // kSuspended: what it waits for is there.
  std::optional<protocol::restate::AwaitingOn> advice_;  // Version 7: what it is blocked on.
  bool stuck_ = false;  // Suspended on nothing but closures that only it can execute.
};

}  // namespace holdfast::net
