#include "journal/ids.h"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <map>
#include <set>

namespace holdfast::journal {
namespace {

Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

Bytes uuid_of(const InvocationId& id) { return id.bytes().substr(8); }

struct Vector {
  const char* hex;
  const char* text;
};
// Captured from a Restate server.
constexpr Vector kVectors[] = {
    {"c11b54fb456305e2efab9cbfb7b0b1991a673a15fd96994d", "inv_1jp6uyMi2HLz2mqBc3VgkZqi8JKJzmLJH9"},
    {"006622974a4bc7ad45972f2e860ebe1a62d8d4c60e587c7c", "inv_1eV1apISdbgY3MTSbhj1I1vlnEDUJuLAXz"},
    {"014e4a2075816f41cd139bceaf0065141f312bf0ed62dc38", "inv_15Cjlk5mGiAh1JihNZ9mksm8FjVEGW0YFf"},
    {"01bc68f469218b92d878c90fbb5b9dfdda4ebf9eadceaab9", "inv_1cA2WA60sOR35ElDERK9GubZfcgIkhBG3e"},
};
constexpr const char* kAwakeable = "sign_1eB3fuOTZ2f2WQ703X6spJIRAJ3GsPi8XAAAAEQ";

void expect_invalid(std::string_view text, std::string_view why) {
  const auto id = InvocationId::from_text(text);

  BOOST_REQUIRE(!id.has_value());
  BOOST_TEST((id.error().code() == ErrorCode::kInvalidArgument));
  BOOST_TEST(id.error().message() == "invocation id: " + std::string(why));
}

void expect_invalid_awakeable(std::string_view text, std::string_view why) {
  const auto id = AwakeableId::from_text(text);

  BOOST_REQUIRE(!id.has_value());
  BOOST_TEST((id.error().code() == ErrorCode::kInvalidArgument));
  BOOST_TEST(id.error().message() == "awakeable id: " + std::string(why));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ids)

BOOST_AUTO_TEST_CASE(known_ids_have_their_text) {
  for (const Vector& vector : kVectors) {
    const auto id = InvocationId::from_bytes(from_hex(vector.hex));

    BOOST_REQUIRE(id.has_value());
    BOOST_TEST(id->text() == vector.text);
    BOOST_TEST(id->bytes() == from_hex(vector.hex));
    const auto back = InvocationId::from_text(vector.text);
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST((*back == *id));
  }
}

BOOST_AUTO_TEST_CASE(every_id_survives_its_text) {
  SeededRandom random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto id =
        fresh_id("S", std::nullopt, static_cast<std::int64_t>(random.next() >> 16), random);

    const auto back = InvocationId::from_text(id.text());
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST((*back == id));
  }
  InvocationId largest;
  largest.partition_key = UINT64_MAX;
  largest.uuid.fill(0xFF);
  BOOST_TEST(largest.text() == "inv_1lYGhA16ahyf7N42dgm5tFLK9N8MT7fHC7");
  BOOST_TEST((InvocationId::from_text(largest.text()).value() == largest));
  BOOST_TEST(InvocationId().text() == "inv_1" + std::string(33, '0'));
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_invocation_id_is_refused_and_says_why) {
  const std::string good = kVectors[0].text;

  expect_invalid("", "does not start with inv_");
  expect_invalid("sign" + good, "does not start with inv_");
  expect_invalid("INV_" + good.substr(4), "does not start with inv_");
  expect_invalid("inv_", "ends after its prefix");
  expect_invalid("inv_2" + good.substr(5), "has another character than 1 after its prefix");
  expect_invalid(good.substr(0, 37), "is not 38 characters long");
  expect_invalid(good + "0", "is not 38 characters long");
  for (const char bad : {'-', '_', ' ', '\0', '\xff', '/', ':', '@', '[', '`', '{'}) {
    for (const std::size_t at : {5, 20, 37}) {
      std::string text = good;
      text[at] = bad;
      expect_invalid(text, "has a character that is not a letter or digit");
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_that_do_not_fit_are_refused) {
  // The texts of 2^64 - 1 and 2^128 - 1, each followed by the next number.
  expect_invalid("inv_1lYGhA16ahyg0000000000000000000000", "has a partition key over 64 bits");
  expect_invalid("inv_1ZZZZZZZZZZZ0000000000000000000000", "has a partition key over 64 bits");
  expect_invalid("inv_1000000000007N42dgm5tFLK9N8MT7fHC8", "has a number over 128 bits");
  expect_invalid("inv_100000000000ZZZZZZZZZZZZZZZZZZZZZZ", "has a number over 128 bits");
}

BOOST_AUTO_TEST_CASE(raw_ids_of_another_length_are_refused) {
  for (const std::size_t size : {0, 23, 25}) {
    BOOST_TEST(!InvocationId::from_bytes(Bytes(size, 'x')).has_value());
  }
}

BOOST_AUTO_TEST_CASE(the_known_awakeable_id_has_its_text) {
  const auto id = AwakeableId::from_text(kAwakeable);

  BOOST_REQUIRE(id.has_value());
  BOOST_TEST(id->index == 17u);
  BOOST_TEST(id->invocation.text() == "inv_1lNf3nIQpAfe0HKpHcbEHXKintjhm75b0y");
  BOOST_TEST(
      (id->invocation.bytes() == from_hex("781ddfb8e4d9d9fd9643bd375fab292484402771ac3e2f17")));
  BOOST_TEST(id->text() == kAwakeable);
}

BOOST_AUTO_TEST_CASE(awakeable_ids_may_be_padded_but_nothing_else) {
  const std::string good = kAwakeable;

  BOOST_TEST(AwakeableId::from_text(good + "==").has_value());
  expect_invalid_awakeable(good + "=", "is not 44 characters long");
  expect_invalid_awakeable(good + "===", "is not 44 characters long");
  expect_invalid_awakeable(good + "A", "is not 44 characters long");
  expect_invalid_awakeable("prom" + good.substr(4), "does not start with sign_");
  expect_invalid_awakeable("sign_0" + good.substr(6),
                           "has another character than 1 after its prefix");
  expect_invalid_awakeable("sign_", "ends after its prefix");
  for (const char bad : {'+', '/', '=', ' ', '\0'}) {
    std::string text = good;
    text[10] = bad;
    expect_invalid_awakeable(text, "has a character outside the base64url alphabet");
  }
  expect_invalid_awakeable(good.substr(0, 43) + "R", "has bits after its last byte");
}

BOOST_AUTO_TEST_CASE(every_awakeable_id_survives_its_text) {
  SeededRandom random(2);
  for (int i = 0; i < 500; ++i) {
    const AwakeableId id{fresh_id("S", "k", 1, random), static_cast<std::uint32_t>(random.next())};

    const auto back = AwakeableId::from_text(id.text());
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST((back->invocation == id.invocation));
    BOOST_TEST(back->index == id.index);
  }
}

BOOST_AUTO_TEST_CASE(partition_keys_are_xxh3_of_the_key_and_an_end) {
  BOOST_TEST(partition_key_of("user-7") == 0x183da98a5657d843u);
  // Around the length at which hashing goes another way.
  for (const std::size_t size : {0, 1, 254, 255, 256, 257, 5000}) {
    const std::string key(size, 'k');
    BOOST_TEST((partition_key_of(key) != partition_key_of(key + "k")));
  }
}

BOOST_AUTO_TEST_CASE(inv_8_a_workflow_key_and_an_idempotency_key_name_one_invocation) {
  const auto run = workflow_run_id("Signup", "user-7");
  BOOST_TEST(run.partition_key == partition_key_of("user-7"));
  BOOST_TEST((uuid_of(run) == from_hex("d5beeb27ab82e297f2d36d57f2d2bbea")));

  const auto keyed = idempotent_id("Counter", "c1", "add", "k-1");
  BOOST_TEST(keyed.partition_key == partition_key_of("c1"));
  BOOST_TEST((uuid_of(keyed) == from_hex("8aab9129a501b5d7c703cb41fdd6ff3e")));

  const auto unkeyed = idempotent_id("Greeter", std::nullopt, "greet", "k-1");
  BOOST_TEST((uuid_of(unkeyed) == from_hex("fa454f0350425da86bc541855bdc9722")));
  BOOST_TEST((idempotent_id("Greeter", std::nullopt, "greet", "k-1") == unkeyed));
  BOOST_TEST((idempotent_id("Greeter", std::nullopt, "greet", "k-2") != unkeyed));
}

BOOST_AUTO_TEST_CASE(fresh_ids_hold_the_time_and_sort_by_it) {
  SeededRandom random(3);
  const auto early = fresh_id("S", "key", 1'700'000'000'000, random);
  const auto late = fresh_id("S", "key", 1'700'000'000'001, random);

  BOOST_TEST(early.partition_key == partition_key_of("key"));
  BOOST_TEST((uuid_of(early).substr(0, 6) == from_hex("018bcfe56800")));
  BOOST_TEST((early < late));
  BOOST_TEST((fresh_id("S", "key", 1'700'000'000'000, random) != early));
}

BOOST_AUTO_TEST_CASE(deployment_ids_hold_the_time_and_survive_their_text) {
  SeededRandom random(11);
  DeploymentId before;
  for (std::int64_t now = 1'795'173'836'000; now < 1'795'173'836'100; ++now) {
    const DeploymentId id = fresh_deployment_id(now, random);
    BOOST_TEST((before < id));
    BOOST_TEST(id.text().size() == 26u);
    BOOST_TEST(id.text().substr(0, 4) == "dp_1");
    BOOST_TEST((DeploymentId::from_text(id.text()).value() == id));
    before = id;
  }
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_deployment_id_is_refused) {
  const std::string zeros(22, '0');
  BOOST_TEST(DeploymentId::from_text("dp_1" + zeros).has_value());
  for (const std::string& text :
       {std::string(), std::string("dp_"), "dp_2" + zeros, "inv_1" + zeros, "dp_1" + zeros + "0",
        "dp_1-" + zeros.substr(1), "dp_1Z" + zeros.substr(1), std::string("embedded")}) {
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(!DeploymentId::from_text(text).has_value()); }
  }
  BOOST_TEST(!DeploymentId::from_bytes("short").has_value());
}

BOOST_AUTO_TEST_CASE(unkeyed_services_have_512_evenly_spread_partition_keys) {
  SeededRandom random(4);
  std::set<PartitionKey> keys;
  for (int i = 0; i < 20'000; ++i) {
    keys.insert(fresh_id("Greeter", std::nullopt, i * 100, random).partition_key);
    keys.insert(idempotent_id("Greeter", std::nullopt, "greet", std::to_string(i)).partition_key);
  }

  BOOST_REQUIRE(keys.size() == 512u);
  for (const PartitionKey key : keys) {
    BOOST_TEST(((key - partition_key_of("Greeter")) & ((std::uint64_t{1} << 55) - 1)) == 0u);
  }
}

BOOST_AUTO_TEST_CASE(fresh_ids_of_a_moment_lie_together_in_each_eighth_of_all_partition_keys) {
  SeededRandom random(5);
  for (const std::int64_t now : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{1'795'180'212'960},
                                 std::numeric_limits<std::int64_t>::max()}) {
    std::map<PartitionKey, int> ids;
    for (int i = 0; i < 8'000; ++i) {
      ++ids[fresh_id("Greeter", std::nullopt, now, random).partition_key];
    }
    BOOST_REQUIRE(ids.size() == 8u);
    for (const auto& [key, count] : ids) {
      BOOST_TEST(count > 800);
      BOOST_TEST(ids.contains(key + (std::uint64_t{1} << 61)));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_seed_is_siphash_1_3_of_the_id) {
  BOOST_TEST(random_seed_of(InvocationId::from_bytes(from_hex(kVectors[0].hex)).value()) ==
             0x8d2962bc2c1b884du);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::journal
