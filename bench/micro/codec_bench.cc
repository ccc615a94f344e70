// What it costs to make an id, and to encode and decode the records of the hot path.

#include "bench/micro/nanos.h"
#include "journal/codec/codec.h"

namespace holdfast::journal {
namespace {

Invocation parked_row() {
  Invocation row;
  row.target = {ServiceKind::kObject, HandlerKind::kExclusive, "Greeter", "customer-7", "remind"};
  row.status = Status::kSuspended;
  row.completion_retention_ms = row.journal_retention_ms = 86'400'000;
  row.created_at = row.modified_at = row.running_at = 1'795'173'836'734;
  row.waits.completions = {1};
  row.journal_entries = row.journal_commands = 2;
  return row;
}

void bench_chunk(const char* encode_name, const char* decode_name,
                 const std::vector<Entry>& entries) {
  Bytes record;
  encode_chunk(record, 1, entries.data(), entries.size());
  Bytes to;
  bench::report_with_size(encode_name, record.size(), [&] {
    encode_chunk(to, 1, entries.data(), entries.size());
    return to.size();
  });
  bench::report_with_size(decode_name, record.size(),
                          [&] { return decode_chunk(record)->entries.size(); });
}

void bench_all() {
  bench_chunk("encode step", "decode step",
              {{"debit", Run{1}}, completion(1, Bytes("0123456789"))});
  bench_chunk("encode sleep", "decode sleep", {{"", Sleep{1'795'173'836'734, 1}}});
  bench_chunk("encode input", "decode input", {{"", Input{{{"content-type", "text"}}, "{}"}}});
  bench_chunk("encode 64 KiB completion", "decode 64 KiB completion",
              {completion(1, Bytes(65536, 'v'))});

  const Invocation row = parked_row();
  Bytes record;
  encode_invocation(record, row);
  Bytes to;
  bench::report_with_size("encode parked row", record.size(), [&] {
    encode_invocation(to, row);
    return to.size();
  });
  bench::report_with_size("decode parked row", record.size(),
                          [&] { return decode_invocation(record)->target.key.size(); });

  SeededRandom random(1);
  InvocationId id = fresh_id("Greeter", std::nullopt, 1, random);
  bench::report_with_size("fresh id, unkeyed", 24, [&] {
    id = fresh_id("Greeter", std::nullopt, 1'795'173'836'734, random);
    return static_cast<std::size_t>(id.uuid[15]);
  });
  bench::report_with_size("idempotent id", 24, [&] {
    return static_cast<std::size_t>(idempotent_id("Greeter", std::nullopt, "greet", "k").uuid[0]);
  });
  const std::string text = id.text();
  bench::report_with_size("id to text", text.size(), [&] { return id.text().size(); });
  bench::report_with_size("id from text", text.size(), [&] {
    return static_cast<std::size_t>(InvocationId::from_text(text)->uuid[0]);
  });
}

}  // namespace
}  // namespace holdfast::journal

int main() { holdfast::journal::bench_all(); }
