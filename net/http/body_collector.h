#pragma once
// BodyCollector: a request body while it arrives, within the limit of one request and within what
// all arriving bodies together may hold.
//
// Invariant: core.arriving_bytes counts the bytes of all collectors; what is taken or dropped is
// counted no more.

#include <memory>
#include <utility>

#include "net/http/server_core.h"
#include "storage/base/bytes.h"

namespace holdfast::net {

// The words for a status that BodyCollector refuses with.
inline const char* body_refusal(int status) {
  return status == 413 ? "the request body is too large" : "too many bodies are arriving at once";
}

class BodyCollector {
 public:
  explicit BodyCollector(std::shared_ptr<ServerCore> core) : core_(std::move(core)) {}
  ~BodyCollector() { drop(); }
  BodyCollector(const BodyCollector&) = delete;
  BodyCollector& operator=(const BodyCollector&) = delete;

  // Both return 0, or the status to refuse with: 413, 503.
  int expect(std::uint64_t size) {
    if (size > core_->options.body_bytes_max) {
      return 413;
    }
    return core_->arriving_bytes + size > core_->options.arriving_bytes_max ? 503 : 0;
  }
  int append(BytesView bytes) {
    if (const int status = expect(body_.size() + bytes.size()); status == 413) {
      return status;
    }
    if (core_->arriving_bytes + bytes.size() > core_->options.arriving_bytes_max) {
      return 503;
    }
    core_->arriving_bytes += bytes.size();
    body_.append(bytes);
    return 0;
  }

  Bytes take() {
    core_->arriving_bytes -= body_.size();
    return std::exchange(body_, {});
  }
  void drop() { take(); }

 private:
  const std::shared_ptr<ServerCore> core_;
  Bytes body_;
};

}  // namespace holdfast::net
