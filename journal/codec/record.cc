#include "journal/codec/record.h"

#include <cstring>

#include "storage/base/check.h"
#include "storage/base/checksum.h"

namespace holdfast::journal::codec {
namespace {

// Larger than nearly every record; one that is larger takes a second copy.
constexpr std::size_t kScratchWords = 512;

struct Scratch {
  alignas(8) capnp::word words[kScratchWords];
};

kj::ArrayPtr<capnp::word> writer_scratch() {
  thread_local Scratch scratch = {};  // All zero between messages: the builder cleans up.
  return kj::arrayPtr(scratch.words, kScratchWords);
}

kj::ArrayPtr<capnp::word> reader_scratch() {
  thread_local Scratch scratch;
  return kj::arrayPtr(scratch.words, kScratchWords);
}

const char* noun(RecordKind kind) {
  switch (kind) {
    case RecordKind::kInvocation:
      return "invocation";
    case RecordKind::kChunk:
      return "journal chunk";
    case RecordKind::kPromise:
      return "promise";
    case RecordKind::kSettings:
      return "service settings";
    case RecordKind::kQueued:
      return "inbox";
    case RecordKind::kState:
      return "state";
    case RecordKind::kDeployment:
      return "deployment";
  }
  CHECK(false, "a record kind without a noun");
}

bool aligned(const void* data) {
  return reinterpret_cast<std::uintptr_t>(data) % alignof(capnp::word) == 0;
}

// Every byte may be visited some times, but a small record that claims to be huge is refused.
capnp::ReaderOptions reader_options(std::size_t words) {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 4 * words + 64;
  options.nestingLimit = 16;
  return options;
}

kj::Array<capnp::word> heap_if_needed(BytesView payload) {
  const std::size_t words = payload.size() / sizeof(capnp::word);
  if (aligned(payload.data()) || words <= kScratchWords) return nullptr;
  return kj::heapArray<capnp::word>(words);
}

kj::ArrayPtr<const capnp::word> as_words(BytesView payload, kj::ArrayPtr<capnp::word> heap) {
  const std::size_t words = payload.size() / sizeof(capnp::word);
  if (aligned(payload.data())) {
    return kj::arrayPtr(reinterpret_cast<const capnp::word*>(payload.data()), words);
  }
  kj::ArrayPtr<capnp::word> to = heap.size() > 0 ? heap : reader_scratch();
  std::memcpy(static_cast<void*>(to.begin()), payload.data(), payload.size());
  return to.slice(0, words);
}

// The header: u8 version, u8 kind, u16 zero, u32 checksum of the payload, little endian.
void fill_header(Bytes& record, RecordKind kind) {
  record[0] = static_cast<char>(kRecordVersion);
  record[1] = static_cast<char>(kind);
  record[2] = record[3] = 0;
  const std::uint32_t sum = checksum(BytesView(record).substr(kRecordHeaderSize));
  for (int i = 0; i < 4; ++i) record[4 + i] = static_cast<char>(sum >> (8 * i));
}

}  // namespace

Error corruption(RecordKind kind, std::string_view why) {
  return {ErrorCode::kCorruption, std::string(noun(kind)) + " record: " + std::string(why)};
}

void write_record(Bytes& to, RecordKind kind, BytesView payload) {
  to.resize(kRecordHeaderSize);
  to.append(payload);
  fill_header(to, kind);
}

Result<BytesView> read_record(BytesView record, RecordKind kind) {
  if (record.size() < kRecordHeaderSize) return corruption(kind, "is shorter than its header");
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(record[i]); };
  if (byte(0) != kRecordVersion) {
    return corruption(
        kind, "has format version " + std::to_string(byte(0)) + ", this release knows 1 only");
  }
  if (byte(1) != static_cast<std::uint8_t>(kind)) {
    return corruption(kind, "is of kind " + std::to_string(byte(1)));
  }
  if (byte(2) != 0 || byte(3) != 0) return corruption(kind, "has reserved bits set");
  std::uint32_t sum = 0;
  for (int i = 0; i < 4; ++i) sum |= std::uint32_t{byte(4 + i)} << (8 * i);
  const BytesView payload = record.substr(kRecordHeaderSize);
  if (sum != checksum(payload)) return corruption(kind, "has a wrong checksum");
  return payload;
}

MessageWriter::MessageWriter() : message_(writer_scratch()) {}

void MessageWriter::write(Bytes& to, RecordKind kind) {
  const auto append = [&to](kj::ArrayPtr<const capnp::word> segment) {
    const auto bytes = segment.asBytes();
    to.append(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
  };
  to.resize(kRecordHeaderSize);

  const auto segments = message_.getSegmentsForOutput();
  if (segments.size() == 1) {
    append(segments[0]);
  } else {
    const auto root = message_.getRoot<capnp::AnyPointer>().asReader();
    capnp::MallocMessageBuilder whole(static_cast<capnp::uint>(root.targetSize().wordCount + 1));
    whole.setRoot(root);
    const auto one = whole.getSegmentsForOutput();
    CHECK(one.size() == 1, "a record is one segment");
    append(one[0]);
  }
  fill_header(to, kind);
}

MessageReader::MessageReader(BytesView payload)
    : aligned_(heap_if_needed(payload)),
      segment_(as_words(payload, aligned_)),
      message_(kj::arrayPtr(&segment_, 1), reader_options(segment_.size())) {}

}  // namespace holdfast::journal::codec
