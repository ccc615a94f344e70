#pragma once
// Records for tests: random ones, and the text of every field, so that two can be compared.

#include <string>

#include "journal/codec/codec.h"
#include "journal/deployment.h"
#include "journal/entry.h"
#include "journal/invocation.h"
#include "journal/tables/tables.h"
#include "storage/base/random.h"

namespace holdfast::journal {

// Makes records with every kind of member, empty and long strings, absent and present options.
class Samples {
 public:
  explicit Samples(std::uint64_t seed) : random_(seed) {}

  static constexpr int kEntryKinds = 18;
  // REQUIRES: 0 <= kind < kEntryKinds.
  Entry entry(int kind);
  Invocation invocation();
  PromiseRecord promise();
  ServiceSettings settings();
  Deployment deployment();

  InvocationId id();
  Bytes bytes();
  std::uint64_t number(std::uint64_t below) { return random_.next() % below; }

 private:
  bool coin() { return number(2) == 0; }
  std::uint32_t u32();
  std::int64_t time();
  Failure failure();
  Outcome outcome();
  Headers headers();
  std::vector<Bytes> list();
  std::vector<Waiter> waiters();
  WaitSet waits(int levels);  // 0: a flat one.
  std::optional<Bytes> optional();
  DeclaredOptions options();
  DeclaredHandler handler();
  DeclaredService service();

  SeededRandom random_;
};

// The same record as version 1 has it: a message as it is in memory. REQUIRES: a record that was
// encoded.
Bytes unpacked(BytesView record);
// `payload` under a header that says that it is whole.
Bytes sealed(std::uint8_t version, RecordKind kind, BytesView payload);

std::string describe(const Entry& entry);
std::string describe(const Invocation& invocation);
std::string describe(const PromiseRecord& promise);
std::string describe(const ServiceSettings& settings);

}  // namespace holdfast::journal
