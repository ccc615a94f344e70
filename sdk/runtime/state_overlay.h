#pragma once
// StateOverlay: what this invocation has written to its key's state, laid over what the host knows,
// which may not have seen it yet.

#include <map>
#include <optional>
#include <vector>

#include "storage/base/bytes.h"

namespace holdfast::runtime {

class StateOverlay {
 public:
  void set(Bytes key, Bytes value);
  void clear(Bytes key);
  void clear_all();

  // Written: the own write decides; the value is none when it was cleared.
  struct Own {
    bool written = false;
    const Bytes* value = nullptr;
  };
  Own find(const Bytes& key) const;

  // True when nothing below shows through.
  bool hides_everything() const { return cleared_all_; }
  // The keys that are set, in order, given those below.
  std::vector<Bytes> keys(std::vector<Bytes> below) const;

 private:
  bool cleared_all_ = false;                   // Below counts for nothing.
  std::map<Bytes, std::optional<Bytes>> own_;  // None: cleared.
};

}  // namespace holdfast::runtime
