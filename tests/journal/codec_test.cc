#include "journal/codec/codec.h"

#include <boost/algorithm/hex.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>

#include "tests/journal/golden_records.h"
#include "tests/journal/record_samples.h"

namespace holdfast::journal {
namespace {

using boost::algorithm::hex_lower;
using boost::algorithm::unhex;

constexpr std::uint64_t kSeed = 20261120;

// Puts the right checksum back, as if a release of another day had written the bytes.
void sign(Bytes& record) {
  record = sealed(static_cast<std::uint8_t>(record[0]), static_cast<RecordKind>(record[1]),
                  BytesView(record).substr(kRecordHeaderSize));
}

template <class T>
bool corrupt(const Result<T>& result) {
  return !result.has_value() && result.error().code() == ErrorCode::kCorruption;
}

template <class T, class Encode>
Result<Bytes> again(const Result<T>& read, Encode encode) {
  if (!read) return read.error();
  return encoded(*read, encode);
}

// What this release makes of a record that a table of records of `kind` holds.
Result<Bytes> written_again(char kind, BytesView record) {
  switch (static_cast<RecordKind>(kind)) {
    case RecordKind::kInvocation:
      return again(decode_invocation(record), encode_invocation);
    case RecordKind::kChunk:
      return again(decode_chunk(record), [](Bytes& to, const Chunk& chunk) {
        encode_chunk(to, chunk.appended_at, chunk.entries.data(), chunk.entries.size());
      });
    case RecordKind::kPromise:
      return again(decode_promise(record), encode_promise);
    case RecordKind::kSettings:
      return again(decode_settings(record), encode_settings);
    case RecordKind::kQueued:
      return again(decode_queued(record), encode_queued);
    case RecordKind::kState:
      return again(decode_state(record), encode_state);
    case RecordKind::kDeployment:
      return again(decode_deployment(record), encode_deployment);
  }
  return Bytes();
}

bool corrupt_as(char kind, BytesView record) { return corrupt(written_again(kind, record)); }

// "name bytes", a line each.
std::string golden_path(int version) {
  return HOLDFAST_TESTS_FOLDER "/golden/records_v" + std::to_string(version) + ".txt";
}
std::map<std::string, Bytes> read_golden(int version) {
  std::map<std::string, Bytes> golden;
  std::ifstream file(golden_path(version));
  for (std::string name, bytes; file >> name >> bytes;) golden[name] = unhex(bytes);
  return golden;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(codec)

BOOST_AUTO_TEST_CASE(every_kind_of_entry_comes_back_as_it_was) {
  Samples samples(kSeed);
  for (int round = 0; round < 200; ++round) {
    for (int kind = 0; kind < Samples::kEntryKinds; ++kind) {
      const Entry entry = samples.entry(kind);

      const auto chunk = decode_chunk(chunk_of({entry}, round));

      BOOST_REQUIRE(chunk.has_value());
      BOOST_REQUIRE(chunk->entries.size() == 1u);
      BOOST_TEST(chunk->appended_at == round);
      BOOST_TEST((describe(chunk->entries[0]) == describe(entry)), "kind " << kind);
    }
  }
}

BOOST_AUTO_TEST_CASE(entries_of_a_chunk_keep_their_order) {
  Samples samples(kSeed);
  for (int round = 0; round < 50; ++round) {
    std::vector<Entry> entries;
    for (int n = 0; n < round; ++n) {
      entries.push_back(samples.entry(static_cast<int>(samples.number(Samples::kEntryKinds))));
    }

    const auto chunk = decode_chunk(chunk_of(entries, 1));

    BOOST_REQUIRE(chunk.has_value());
    BOOST_REQUIRE(chunk->entries.size() == entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      BOOST_TEST((describe(chunk->entries[i]) == describe(entries[i])));
    }
  }
}

BOOST_AUTO_TEST_CASE(rows_promises_settings_and_deployments_come_back_as_they_were) {
  Samples samples(kSeed);
  for (int round = 0; round < 500; ++round) {
    const Invocation row = samples.invocation();
    const auto row_back = decode_invocation(row_of(row));
    BOOST_REQUIRE(row_back.has_value());
    BOOST_TEST((describe(*row_back) == describe(row)));

    const PromiseRecord promise = samples.promise();
    const auto promise_back = decode_promise(encoded(promise, encode_promise));
    BOOST_REQUIRE(promise_back.has_value());
    BOOST_TEST((describe(*promise_back) == describe(promise)));

    const ServiceSettings settings = samples.settings();
    const auto settings_back = decode_settings(encoded(settings, encode_settings));
    BOOST_REQUIRE(settings_back.has_value());
    BOOST_TEST((describe(*settings_back) == describe(settings)));

    const Deployment deployment = samples.deployment();
    const auto deployment_back = decode_deployment(encoded(deployment, encode_deployment));
    BOOST_REQUIRE(deployment_back.has_value());
    BOOST_TEST((*deployment_back == deployment));

    const InvocationId id = samples.id();
    BOOST_TEST((decode_queued(encoded(id, encode_queued)).value() == id));

    const Bytes value = samples.bytes();
    BOOST_TEST((decode_state(encoded(BytesView(value), encode_state)).value() == value));
  }
}

BOOST_AUTO_TEST_CASE(records_are_read_from_any_address) {
  Samples samples(kSeed);
  for (int round = 0; round < 40; ++round) {
    const Entry entry = samples.entry(round % Samples::kEntryKinds);
    const Bytes record = chunk_of({entry, {Bytes(5000, 'n'), Run{1}}}, 1);
    for (std::size_t shift = 0; shift < 8; ++shift) {
      const Bytes shifted = Bytes(shift, 'x') + record;

      const auto chunk = decode_chunk(BytesView(shifted).substr(shift));

      BOOST_REQUIRE(chunk.has_value());
      BOOST_TEST((describe(chunk->entries[0]) == describe(entry)));
    }
  }
}

BOOST_AUTO_TEST_CASE(large_values_come_back) {
  const Bytes value(5'000'000, 'v');

  const auto chunk = decode_chunk(chunk_of({completion(1, value)}, 1));

  BOOST_REQUIRE(chunk.has_value());
  BOOST_TEST((std::get<Bytes>(std::get<Notification>(chunk->entries[0].body).result) == value));
}

BOOST_AUTO_TEST_CASE(inv_11_every_truncation_is_corruption) {
  for (const auto& [name, record] : golden_records()) {
    for (std::size_t size = 0; size < record.size(); ++size) {
      BOOST_TEST(corrupt_as(record[1], BytesView(record).substr(0, size)),
                 name << " cut to " << size);
    }
    BOOST_TEST(corrupt_as(record[1], record + '\0'), name);
  }
}

BOOST_AUTO_TEST_CASE(inv_11_every_flipped_bit_is_corruption) {
  for (const auto& [name, record] : golden_records()) {
    for (std::size_t at = 0; at < record.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        Bytes damaged = record;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        BOOST_TEST(corrupt_as(record[1], damaged), name << " byte " << at << " bit " << bit);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(inv_11_a_record_of_another_kind_or_a_newer_version_is_corruption) {
  const Bytes row = row_of(parked());
  BOOST_TEST(corrupt(decode_chunk(row)));
  BOOST_TEST(decode_chunk(row).error().message() == "journal chunk record: is of kind 1");

  Bytes newer = row;
  newer[0] = 3;
  BOOST_TEST(decode_invocation(newer).error().message() ==
             "invocation record: has format version 3, this release knows 1 and 2 only");

  Bytes packed = encoded(id_of(7), encode_queued);
  packed[0] = 2;
  BOOST_TEST(corrupt(decode_queued(packed)));
}

// What is packed can say much of little: that it is long, or in several segments, or that something
// follows.
BOOST_AUTO_TEST_CASE(inv_11_packed_bytes_that_are_not_one_message_are_corruption) {
  const Bytes row = row_of(parked());
  const Bytes message = row.substr(kRecordHeaderSize);
  const auto refused = [](const Bytes& packed) {
    return corrupt(decode_invocation(sealed(2, RecordKind::kInvocation, packed)));
  };
  BOOST_REQUIRE(!refused(message));

  BOOST_TEST(refused({}));
  BOOST_TEST(refused(message + Bytes("\0\0", 2)));  // One word more.
  BOOST_TEST(refused(Bytes("\1\1", 2)));            // Two, by a table that is not whole.
  BOOST_TEST(refused(Bytes("\x10\1", 2)));          // A word, that is not there.
  BOOST_TEST(refused(Bytes("\xf0\xff\xff\xff\x0f\0\xff", 7)));      // 2 GiB, of which 2 KiB are.
  BOOST_TEST(refused(Bytes("\x11\1\1\1\1\0\1", 7)));                // Two segments, of a word each.
  BOOST_TEST(refused(Bytes("\xf1\xff\xff\xff\xff\x0f\0\xff", 8)));  // Many segments.
  // Three segments, of which the second is empty and the third is not there.
  BOOST_TEST(refused("\x11\x02\x02\x10\x01\x10\x01\x01\x4d"));
  for (std::size_t size = 0; size < message.size(); ++size) {
    BOOST_TEST(refused(message.substr(0, size)), size << " bytes");
  }
}

// Whatever the bytes, decoding ends with a value or with kCorruption, and never with the process.
// The checksum is right here, so that the layers behind it are tried.
BOOST_AUTO_TEST_CASE(inv_11_signed_nonsense_never_stops_the_process) {
  Samples samples(kSeed);
  std::size_t refused = 0;
  for (const auto& [name, record] : golden_records()) {
    for (int round = 0; round < 2000; ++round) {
      Bytes damaged = record;
      for (auto n = 1 + samples.number(4); n > 0; --n) {
        const std::size_t at =
            kRecordHeaderSize + samples.number(damaged.size() - kRecordHeaderSize);
        damaged[at] = static_cast<char>(samples.number(256));
      }
      sign(damaged);
      const auto row = decode_invocation(damaged);
      const auto chunk = decode_chunk(damaged);
      const auto promise = decode_promise(damaged);
      const auto settings = decode_settings(damaged);
      const auto deployment = decode_deployment(damaged);
      refused += corrupt(deployment) && corrupt(row) && corrupt(chunk) && corrupt(promise) &&
                 corrupt(settings);
    }
  }
  BOOST_TEST(refused > 0u);
}

// What was taken of it before that is given back; the address sanitizer sees to it.
BOOST_AUTO_TEST_CASE(inv_11_a_named_signal_with_half_an_id_is_corruption) {
  const std::string name = "a name too long to be kept within the string";
  Bytes record = unpacked(chunk_of({Entry{{}, Notification{name, InvocationId{}}}}, 1));
  const Bytes size_of_id{static_cast<char>(2 | 24 << 3), 0, 0,
                         0};  // In the upper half of its pointer.
  const std::size_t at = record.find(size_of_id);
  BOOST_REQUIRE(at != Bytes::npos);
  record[at] = static_cast<char>(2 | 12 << 3);
  sign(record);

  BOOST_TEST(corrupt(decode_chunk(record)));
}

BOOST_AUTO_TEST_CASE(inv_11_unknown_members_are_corruption) {
  // The discriminant of the first entry: after header, root pointer, Chunk (2 words), list tag.
  Bytes chunk = unpacked(chunk_of({{"debit", Run{1}}}, 1));
  const std::size_t discriminant = kRecordHeaderSize + 4 * 8 + 4;
  BOOST_REQUIRE(chunk[discriminant] == 0);
  chunk[discriminant] = 99;
  sign(chunk);
  BOOST_TEST(decode_chunk(chunk).error().message() ==
             "journal chunk record: unknown kind of entry");

  // Status, service kind, handler kind and source are the row's first bytes.
  for (std::size_t at = 0; at < 4; ++at) {
    Bytes row = unpacked(row_of(parked()));
    row[kRecordHeaderSize + 8 + at] = 77;
    sign(row);
    BOOST_TEST(decode_invocation(row).error().message() ==
               "invocation record: unknown status, kind or source");
  }

  Bytes settings = unpacked(encoded(ServiceSettings{}, encode_settings));
  settings[kRecordHeaderSize + 8 + 3] = 1;
  sign(settings);
  BOOST_TEST(corrupt(decode_settings(settings)));

  for (const std::size_t enumerator : {0, 1}) {  // Mode, HTTP version.
    Bytes deployment = unpacked(encoded(some_deployment(), encode_deployment));
    deployment[kRecordHeaderSize + 8 + enumerator] = 2;
    sign(deployment);
    BOOST_TEST(corrupt(decode_deployment(deployment)));
  }
}

BOOST_AUTO_TEST_CASE(records_are_small) {
  BOOST_TEST_MESSAGE("step chunk " << chunk_of(step(), 1).size() << ", parked row "
                                   << row_of(parked()).size());
  BOOST_TEST(chunk_of(step(), 1'795'173'836'000).size() <= 70u);
  BOOST_TEST(row_of(parked()).size() <= 100u);
}

// Delete a line of the file to have the bytes of a new record written; a line that is there never
// changes.
BOOST_AUTO_TEST_CASE(inv_10_the_bytes_that_are_written_stay_what_they_are) {
  const auto golden = read_golden(2);
  std::size_t missing = 0;
  for (const auto& [name, record] : golden_records()) {
    const auto line = golden.find(name);
    if (line == golden.end()) {
      ++missing;
      std::ofstream(golden_path(2), std::ios::app) << name << ' ' << hex_lower(record) << '\n';
    } else {
      BOOST_TEST(hex_lower(line->second) == hex_lower(record), name);
    }
  }
  BOOST_TEST(missing == 0u, "golden bytes were missing and have been written; run again");
}

// A line "name.without_x" is what such a record was before that field was added.
BOOST_AUTO_TEST_CASE(inv_10_records_that_were_written_before_are_read_as_they_were) {
  const auto records = golden_records();
  for (const int version : {1, 2}) {
    const auto golden = read_golden(version);
    BOOST_REQUIRE(golden.size() > records.size());
    for (const auto& [name, record] : golden) {
      BOOST_TEST_CONTEXT(name << " of version " << version) {
        const Bytes& now = records.at(name.substr(0, name.find('.')));
        const Result<Bytes> written = written_again(record[1], record);
        BOOST_REQUIRE(written.has_value());
        BOOST_TEST(hex_lower(*written) == hex_lower(now));
        if (version == 1 && name.find('.') == std::string::npos) {
          BOOST_TEST(hex_lower(unpacked(now)) == hex_lower(record));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::journal
