#include "journal/codec/codec.h"
#include "journal/tables/scan.h"
#include "journal/tables/tables.h"
#include "storage/local_log.h"

namespace holdfast::journal {
namespace {

// What a counter of the partition counts; a number is used once.
constexpr char kInvocations = 1;
// In place of the status, of rows that cannot be read; they have no service.
constexpr auto kUnreadable = static_cast<char>(0xff);

Bytes name_of(char status, std::string_view service) {
  Bytes name;
  name.reserve(2 + service.size());
  name.push_back(kInvocations);
  name.push_back(status);
  name.append(service);
  return name;
}

// None: it is not of invocations.
std::optional<InvocationCount> count_in(BytesView name, std::int64_t value) {
  if (name.size() < 2 || name[0] != kInvocations || value < 0) return std::nullopt;
  InvocationCount count;
  count.service = name.substr(2);
  count.invocations = static_cast<std::uint64_t>(value);
  if (name[1] == kUnreadable) return count;
  if (static_cast<std::uint8_t>(name[1]) > static_cast<std::uint8_t>(Status::kCompleted)) {
    return std::nullopt;
  }
  count.status = static_cast<Status>(name[1]);
  return count;
}

}  // namespace

Result<std::optional<std::vector<InvocationCount>>> Tables::invocation_counts() const {
  std::vector<InvocationCount> counts;
  bool understood = true;
  const bool kept = TRY(storage::LocalLog::each_counter(store_, storage::KeyRange{},
                                                        [&](BytesView name, std::int64_t value) {
                                                          if (auto count = count_in(name, value)) {
                                                            counts.push_back(std::move(*count));
                                                          } else {
                                                            understood = false;
                                                          }
                                                        }));
  if (!kept || !understood) return std::optional<std::vector<InvocationCount>>();
  return std::optional(std::move(counts));
}

Result<void> recount_invocations(const storage::Reader& store, storage::KeyRange partition,
                                 const storage::Counters::Add& add) {
  constexpr storage::Table kTable = storage::Table::kInvocation;
  return scan(store, storage::key_prefix(kTable, partition.first),
              storage::table_end(kTable, partition),
              [&add](BytesView, BytesView record) -> Result<bool> {
                const auto row = decode_invocation(record);
                add(row ? name_of(static_cast<char>(row->status), row->target.service)
                        : name_of(kUnreadable, {}),
                    1);
                return true;
              });
}

bool is_invocation_counter(BytesView name) { return count_in(name, 0).has_value(); }

void count_invocation(storage::Batch& batch, std::string_view service, std::optional<Status> was,
                      std::optional<Status> is) {
  if (was == is) return;
  if (was.has_value()) batch.add(name_of(static_cast<char>(*was), service), -1);
  if (is.has_value()) batch.add(name_of(static_cast<char>(*is), service), 1);
}

}  // namespace holdfast::journal
