#include "net/protocol/restate/future_codec.h"

#include <string>
#include <utility>

namespace holdfast::protocol::restate {
namespace {

// A future that is being read, and where its fields are.
struct Level {
  ProtoReader fields;
  Future future;
};

WaitSet::Combinator read_combinator(ProtoReader& fields) {
  const std::uint32_t number = fields.u32("combinator_type");
  if (number > static_cast<std::uint32_t>(WaitSet::Combinator::kFirstFailure)) {
    fields.fail("combinator_type", "unknown: " + std::to_string(number));
    return WaitSet::Combinator::kUnknown;
  }
  return static_cast<WaitSet::Combinator>(number);
}

}  // namespace

Future read_future(Decoding& decoding, BytesView message, const char* path) {
  std::vector<Level> levels;
  levels.push_back({ProtoReader(decoding, message, path), {}});
  for (;;) {
    Level& level = levels.back();
    if (!level.fields.next()) {
      Future done = std::move(level.future);
      levels.pop_back();
      if (levels.empty()) return done;
      levels.back().future.nested.push_back(std::move(done));
      continue;
    }
    switch (level.fields.number()) {
      case 1:
        level.fields.ids("waiting_completions", level.future.completions);
        break;
      case 2:
        level.fields.ids("waiting_signals", level.future.signals);
        break;
      case 3:
        level.future.named_signals.push_back(level.fields.repeated_string("waiting_named_signals"));
        break;
      case 4: {
        const BytesView nested = level.fields.repeated_message("nested_futures");
        if (levels.size() >= kFutureDepthMax) {
          level.fields.fail("nested_futures",
                            "nested deeper than " + std::to_string(kFutureDepthMax),
                            ErrorCode::kTooLarge);
          break;
        }
        levels.push_back({ProtoReader(decoding, nested, path), {}});
        break;
      }
      case 5:
        level.future.combinator = read_combinator(level.fields);
        break;
    }
  }
}

void write_future(ProtoWriter& writer, std::uint32_t number, const Future& future) {
  const std::size_t began = writer.begin(number);
  writer.packed(1, future.completions);
  writer.packed(2, future.signals);
  for (const std::string& name : future.named_signals) writer.bytes_present(3, name);
  for (const Future& nested : future.nested) write_future(writer, 4, nested);
  writer.u64(5, static_cast<std::uint64_t>(future.combinator));
  writer.end(began);
}

}  // namespace holdfast::protocol::restate
