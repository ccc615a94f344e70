#pragma once
// ObjectState: the state of one object key as its current holder sees it: the store, and over it
// what was written since and may not be durable yet. It is handed from one holder of the key to the
// next, so that the next one sees the last one's writes without waiting for the disk (INV-5 keeps
// it in one hand at a time).

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "journal/tables/tables.h"

namespace holdfast::actors {

class ObjectState {
 public:
  ObjectState(const journal::Tables& tables, std::string service, std::string key)
      : tables_(tables), service_(std::move(service)), key_(std::move(key)) {}

  Result<std::optional<Bytes>> get(BytesView key);
  Result<std::vector<Bytes>> keys();
  void set(BytesView key, Bytes value);
  void clear(BytesView key);
  // Forgets what it holds; REQUIRES: all writes are durable.
  void forget();
  std::size_t bytes() const { return bytes_; }

 private:
  const journal::Tables& tables_;
  const std::string service_, key_;
  // Values read or written; none: known not to be set.
  std::map<Bytes, std::optional<Bytes>, std::less<>> known_;
  std::size_t bytes_ = 0;
};

}  // namespace holdfast::actors
