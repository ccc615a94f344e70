#pragma once
// ServiceRequests: the part of the admin API below /services. Reads come from the catalog; a change
// is laid over the settings stored before, durably, and then shown.

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "actors/engine.h"
#include "net/admin/admin_request.h"
#include "net/admin/reader_thread.h"

namespace holdfast::net {

class ServiceRequests {
 public:
  // `reader` must be gone before this object.
  ServiceRequests(actors::Engine& engine, ReaderThread& reader, std::string ingress_endpoint)
      : engine_(engine),
        reader_(reader),
        ingress_endpoint_(std::move(ingress_endpoint)),
        settings_(std::make_shared<Settings>()) {}

  // REQUIRES: the first segment is "services". Io thread.
  void handle(AdminRequest request);

 private:
  // What was set last, so that two changes in quick succession do not undo each other. Reader
  // thread.
  using Settings = std::map<std::string, journal::ServiceSettings>;

  void show_openapi(const actors::ServiceInfo& service, const std::shared_ptr<HttpReply>& reply);
  void patch(AdminRequest request);
  void replace_state(AdminRequest request);

  actors::Engine& engine_;
  ReaderThread& reader_;
  const std::string ingress_endpoint_;
  const std::shared_ptr<Settings> settings_;
};

}  // namespace holdfast::net
