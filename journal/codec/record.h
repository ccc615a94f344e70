#pragma once
// Record: the frame around every stored value, and the Cap'n Proto message in it, packed. Of use
// inside journal/codec only.
//
// kj throws; what it throws ends here.

#include <capnp/any.h>
#include <capnp/message.h>
#include <capnp/serialize-packed.h>
#include <kj/exception.h>
#include <kj/io.h>

#include <optional>
#include <string_view>
#include <utility>

#include "journal/codec/codec.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::journal::codec {

Error corruption(RecordKind kind, std::string_view why);

// Replaces `to` by a header and `payload`, for kinds that are plain bytes.
void write_record(Bytes& to, RecordKind kind, BytesView payload);

// What is in a record, inside it.
struct Payload {
  BytesView bytes;
  std::uint8_t version = 0;
};
// kCorruption unless the header is right and the checksum matches.
Result<Payload> read_record(BytesView record, RecordKind kind);
// Of a kind that is plain bytes.
Result<BytesView> read_plain(BytesView record, RecordKind kind);

// A message being built, in memory that the thread keeps for the next one. At most one per thread.
class MessageWriter {
 public:
  MessageWriter();

  template <class Root>
  typename Root::Builder init() {
    return message_.initRoot<Root>();
  }
  void write(Bytes& to, RecordKind kind);

 private:
  capnp::MallocMessageBuilder message_;
};

// A message to be read. At most one per thread. Its functions throw what kj throws.
class MessageReader {
 public:
  explicit MessageReader(const Payload& payload);

  // An absent root would read as a record of defaults.
  bool empty() { return message_->getRoot<capnp::AnyPointer>().isNull(); }
  template <class Root>
  typename Root::Reader root() {
    return message_->getRoot<Root>();
  }

 private:
  void open_packed(BytesView payload);
  void open_plain(BytesView payload);

  std::optional<kj::ArrayInputStream> stream_;
  std::optional<capnp::PackedMessageReader> packed_;

  kj::Array<capnp::word> words_;  // Of a plain one that is too large for the thread's memory.
  kj::ArrayPtr<const capnp::word> segment_;
  std::optional<capnp::SegmentArrayMessageReader> plain_;

  capnp::MessageReader* message_ = nullptr;  // The one of the two that was opened.
};

// What take(root) returns, a Result; its error becomes kCorruption.
template <class Root, class Take>
auto read_message(BytesView record, RecordKind kind, Take take)
    -> decltype(take(std::declval<typename Root::Reader>())) {
  const Payload payload = TRY(read_record(record, kind));
  try {
    MessageReader message(payload);
    if (message.empty()) return corruption(kind, "has no content");
    auto taken = take(message.template root<Root>());
    if (!taken.has_value()) return corruption(kind, taken.error().message());
    return taken;
  } catch (const kj::Exception& exception) {
    return corruption(kind, exception.getDescription().cStr());
  }
}

}  // namespace holdfast::journal::codec
