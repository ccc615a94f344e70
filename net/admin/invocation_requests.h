#pragma once
// InvocationRequests: the part of the admin API below /invocations: what there is, and an
// operator's acts.

#include "actors/engine.h"
#include "net/admin/admin_request.h"
#include "net/admin/reader_thread.h"

namespace holdfast::net {

class InvocationRequests {
 public:
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

}  // namespace holdfast::net
