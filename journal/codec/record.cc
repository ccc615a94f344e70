#include "journal/codec/record.h"

#include <cstring>

#include "journal/codec/packing.h"
#include "journal/codec/parts.h"
#include "storage/base/check.h"
#include "storage/base/checksum.h"

namespace holdfast::journal::codec {
namespace {

// Larger than nearly every message; one that is larger takes memory of its own.
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

// Every byte may be visited some times, but a small message that claims to be huge is refused.
capnp::ReaderOptions reader_options(std::size_t words) {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 4 * words + 64;
  options.nestingLimit = 16;
  return options;
}

// What the table of segments says, the first word of a packed message: the number of segments less
// one, u32, and the words of the first one, u32. None: it is not one segment. With more of them the
// library's reader would read some when it is destroyed, and throw then. REQUIRES: not empty.
std::optional<std::size_t> words_of_one_segment(BytesView packed) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(packed[at]); };
  const unsigned tag = byte(0);  // A bit for each byte that is not 0.
  if ((tag & 0x0f) != 0) return std::nullopt;
  std::size_t words = 0;
  std::size_t at = 1;
  for (unsigned i = 0; i < 4; ++i) {
    if ((tag & (0x10u << i)) == 0) continue;
    if (at == packed.size()) return std::nullopt;
    words |= std::size_t{byte(at++)} << (8 * i);
  }
  return words;
}

// A header that is not filled in, the table of segments and the segment.
void write_packed(Bytes& to, kj::ArrayPtr<const capnp::word> segment) {
  // As little endian: no segment besides the first, and its words.
  const std::uint64_t numbers = std::uint64_t{segment.size()} << 32;
  const auto table = kj::arrayPtr(reinterpret_cast<const capnp::word*>(&numbers), 1);
  to.resize(kRecordHeaderSize + kPackedWordMax * (1 + segment.size()));
  char* const end = pack(segment, pack(table, to.data() + kRecordHeaderSize));
  to.resize(static_cast<std::size_t>(end - to.data()));
}

// The header: u8 version, u8 kind, u16 zero, u32 checksum of the payload, little endian.
void fill_header(Bytes& record, std::uint8_t version, RecordKind kind) {
  record[0] = static_cast<char>(version);
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
  fill_header(to, kPlainVersion, kind);
}

Result<Payload> read_record(BytesView record, RecordKind kind) {
  if (record.size() < kRecordHeaderSize) return corruption(kind, "is shorter than its header");
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(record[i]); };
  const std::uint8_t version = byte(0);
  if (version < kPlainVersion || version > kRecordVersion) {
    return corruption(kind, "has format version " + std::to_string(version) +
                                ", this release knows 1 and 2 only");
  }
  if (byte(1) != static_cast<std::uint8_t>(kind)) {
    return corruption(kind, "is of kind " + std::to_string(byte(1)));
  }
  if (byte(2) != 0 || byte(3) != 0) return corruption(kind, "has reserved bits set");
  std::uint32_t sum = 0;
  for (int i = 0; i < 4; ++i) sum |= std::uint32_t{byte(4 + i)} << (8 * i);
  const BytesView payload = record.substr(kRecordHeaderSize);
  if (sum != checksum(payload)) return corruption(kind, "has a wrong checksum");
  return Payload{payload, version};
}

Result<BytesView> read_plain(BytesView record, RecordKind kind) {
  const Payload payload = TRY(read_record(record, kind));
  if (payload.version != kPlainVersion) return corruption(kind, "is packed, and is no message");
  return payload.bytes;
}

MessageWriter::MessageWriter() : message_(writer_scratch()) {}

void MessageWriter::write(Bytes& to, RecordKind kind) {
  const auto segments = message_.getSegmentsForOutput();
  if (segments.size() == 1) {
    write_packed(to, segments[0]);
  } else {
    const auto root = message_.getRoot<capnp::AnyPointer>().asReader();
    capnp::MallocMessageBuilder whole(static_cast<capnp::uint>(root.targetSize().wordCount + 1));
    whole.setRoot(root);
    const auto one = whole.getSegmentsForOutput();
    CHECK(one.size() == 1, "a record is one segment");
    write_packed(to, one[0]);
  }
  fill_header(to, kRecordVersion, kind);
}

MessageReader::MessageReader(const Payload& payload) {
  KJ_REQUIRE(!payload.bytes.empty(), "has no content");
  payload.version == kPlainVersion ? open_plain(payload.bytes) : open_packed(payload.bytes);
}

void MessageReader::open_packed(BytesView payload) {
  const std::optional<std::size_t> words = words_of_one_segment(payload);
  const bool is_whole = words && *words + 1 == capnp::computeUnpackedSizeInWords(as_data(payload));
  KJ_REQUIRE(is_whole, "is not one segment");
  stream_.emplace(as_data(payload));
  message_ = &packed_.emplace(*stream_, reader_options(*words), reader_scratch());
}

void MessageReader::open_plain(BytesView payload) {
  const std::size_t words = payload.size() / sizeof(capnp::word);
  KJ_REQUIRE(payload.size() % sizeof(capnp::word) == 0, "is not made of whole words");
  if (words > kScratchWords) words_ = kj::heapArray<capnp::word>(words);
  kj::ArrayPtr<capnp::word> to = words > kScratchWords ? words_.asPtr() : reader_scratch();
  std::memcpy(static_cast<void*>(to.begin()), payload.data(), payload.size());
  segment_ = to.slice(0, words);
  message_ = &plain_.emplace(kj::arrayPtr(&segment_, 1), reader_options(words));
}

}  // namespace holdfast::journal::codec
