#pragma once
// InvocationRequests: the part of the admin API below /invocations: what there is, and an
// operator's acts.

#include "actors/engine.h"
#include "net/admin/admin_request.h"
#include "net/admin/reader_thread.h"

namespace holdfast::net {

class InvocationRequests {
 public:
  // Of GET /invocations.
  static constexpr std::size_t kLimit = 100;
  static constexpr std::size_t kLimitMax = 10'000;

  // `reader` must be gone before this object.
  InvocationRequests(actors::Engine& engine, ReaderThread& reader)
      : engine_(engine), reader_(reader) {}

  // REQUIRES: the first segment is "invocations". Io thread.
  void handle(AdminRequest request);

 private:
  void list(AdminRequest request);
  void show(const journal::InvocationId& id, std::shared_ptr<HttpReply> reply);
  void act(const journal::InvocationId& id, const AdminRequest& request);
  void remove(const journal::InvocationId& id, const AdminRequest& request);
  void restart(const journal::InvocationId& id, const AdminRequest& request);

  actors::Engine& engine_;
  ReaderThread& reader_;
};

// What GET /invocations asks for.
struct InvocationFilter {
  std::optional<std::string> status, service;
  std::optional<journal::InvocationId> after;  // Where the page before ended.
  std::size_t limit = InvocationRequests::kLimit;

  bool takes(const journal::Invocation& invocation) const;
};
// kInvalidArgument names the parameter.
Result<InvocationFilter> parse_filter(const Path& path);

}  // namespace holdfast::net
