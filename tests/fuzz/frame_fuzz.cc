// Frame fuzz: whatever bytes a peer sends, they are refused or they are a value, and a value that
// is sent on is read by the other side as the same.
//
// Input: a byte for the version and the direction, a byte for the size of the pieces the stream
// arrives in, then the stream.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/base/check.h"
#include "tests/fuzz/seeds.h"
#include "tests/net/restate_samples.h"

namespace {

namespace restate = holdfast::protocol::restate;
using holdfast::Bytes;
using holdfast::BytesView;
using holdfast::testing::recode;
using holdfast::testing::Way;

constexpr std::size_t kPayloadMax = 1 << 20;

// What the engine does with a future that came in.
void look_at_future(const restate::Frame& frame, restate::Version version) {
  const auto message = restate::decode_from_handler(frame, version);
  if (!message.has_value()) return;
  const auto* suspension = std::get_if<restate::Suspension>(&*message);
  if (suspension == nullptr) return;
  const auto waits = restate::flatten(suspension->awaiting);
  CHECK(waits.completions.size() + waits.signals.size() + waits.named_signals.size() > 0,
        "a suspension waits for something");
}

void look_at(const restate::Frame& frame, restate::Version version, Way way) {
  const auto once = recode(frame, version, way);
  if (!once.has_value()) {
    CHECK(!once.error().message().empty(), "a refusal has a reason");
    return;
  }
  const auto twice = recode(holdfast::testing::frame_of(*once), version, way);
  CHECK(twice.has_value(), "what was encoded is taken");
  CHECK(*twice == *once, "and means the same");
  if (way == Way::kFrom) look_at_future(frame, version);
}

}  // namespace

// One frame of each kind for each version and direction it is of.
std::vector<Bytes> holdfast::testing::fuzz_seeds() {
  std::vector<Bytes> seeds;
  for (const auto& sample : restate_samples()) {
    for (const auto& [version, way] : uses_of(sample)) {
      // Of the first byte, the rest by 3 is the version and the top bit the direction.
      int first = way == Way::kTo ? 0x80 : 0;
      while (first % 3 != static_cast<int>(version) - 5) ++first;
      seeds.push_back(Bytes{static_cast<char>(first), '\x10'} + from_hex(sample.hex));
    }
  }
  return seeds;
}

// Of libFuzzer.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

// Most changes make the length of a frame wrong, and so end there; half of them get it right again.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  constexpr std::size_t kHead = 2 + 8;  // Of an input, and of its first frame.
  size = LLVMFuzzerMutate(data, size, size_max);
  if (seed % 2 == 0 && size >= kHead) {
    const std::size_t length = size - kHead;
    for (int i = 0; i < 4; ++i) data[6 + i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto version = static_cast<restate::Version>(5 + data[0] % 3);
  const Way way = (data[0] & 0x80) != 0 ? Way::kTo : Way::kFrom;
  const std::size_t piece = std::size_t{1} + data[1];
  BytesView stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  restate::FrameReader reader(kPayloadMax);
  while (!stream.empty()) {
    BytesView chunk = stream.substr(0, piece);
    stream.remove_prefix(chunk.size());
    for (;;) {
      auto frame = reader.next(chunk);
      if (!frame.has_value()) return 0;
      if (!frame->has_value()) break;
      look_at(**frame, version, way);
    }
    CHECK(chunk.empty(), "a piece is used up");
  }
  return 0;
}
