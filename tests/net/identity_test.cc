#include "net/egress/identity.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/algorithm/hex.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <string>

#include "net/protocol/restate/base58.h"
#include "net/protocol/restate/identity_check.h"

namespace holdfast::net {
namespace {

namespace restate = protocol::restate;
using restate::IdentityCheck;

// The keys of tests 1 and 2 in RFC 8032, 7.1; the tokens were made with Python's cryptography.
constexpr const char* kPem1 =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
constexpr const char* kPem2 =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
    "-----END PRIVATE KEY-----\n";
constexpr const char* kPublic1 = "publickeyv1_FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z";
constexpr const char* kPublic2 = "publickeyv1_586Z7H2vpX9qNhN2T4e9Utugie3ogjbxzGaMtM3E6HR5";
constexpr const char* kGreetToken =
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSIsImtpZCI6InB1YmxpY2tleXYxX0ZWZW4zWDY2OXhMenNpNk4yVjkxRG9p"
    "eXpIemcxdUFncWlUOGpaOW5TOTZaIn0.eyJhdWQiOiIvaW52b2tlL0dyZWV0ZXIvZ3JlZXQiLCJpYXQiOjE3OTUxNzM4"
    "MzYsIm5iZiI6MTc5NTE3MzgzNiwiZXhwIjoxNzk1MTczODk2fQ.IuRabEz4XJkSzCZd6jl3JO127z4t2PR0wVmIK735c"
    "S4kDW0So79r0499e20fZLdEYfKh0xpSuAnxxkvPkTwZCQ";
constexpr const char* kSubjectToken =
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSIsImtpZCI6InB1YmxpY2tleXYxX0ZWZW4zWDY2OXhMenNpNk4yVjkxRG9p"
    "eXpIemcxdUFncWlUOGpaOW5TOTZaIn0.eyJhdWQiOiIvZGlzY292ZXIiLCJpYXQiOjE3OTUxNzM4MzYsIm5iZiI6MTc5"
    "NTE3MzgzNiwiZXhwIjoxNzk1MTczODk2LCJzdWIiOiJrXCIxIn0.99VcKbBxUMzPfhZDXMg2HzYCFBwPF7SCymcN2lTc"
    "afoOW-qpdbMNt2-9t8IjZZICh_RSnPLhQgBJmykM9mhhDw";
constexpr const char* kPath = "/invoke/Greeter/greet";

WallTime at(std::int64_t seconds) { return from_unix_millis((1795173836 + seconds) * 1000); }

Bytes from_hex(std::string_view hex) { return boost::algorithm::unhex(Bytes(hex)); }

IdentityKey key(const char* pem) { return IdentityKey::from_pem(pem).value(); }

struct Fixture {
  const Identity identity{{key(kPem1), key(kPem2)}};
  const std::unique_ptr<IdentityCheck> check = IdentityCheck::make({kPublic1}).value();

  std::string token(std::string_view path, std::string_view subject, WallTime now,
                    Identity::Signer signer = Identity::Signer::kFirst) const {
    HttpHeaders headers;
    BOOST_TEST(identity.sign(path, subject, now, headers, signer).has_value());
    BOOST_TEST(find_header(headers, "x-restate-signature-scheme").value() == "v1");
    return std::string(find_header(headers, "x-restate-jwt-v1").value());
  }
  // Why it is refused; empty when it is not.
  std::string refusal(std::string_view token, std::string_view path, WallTime now) const {
    const auto result = check->check("v1", token, path, now);
    return result ? "" : result.error().message();
  }
};

struct KeyFile {
  explicit KeyFile(const char* name) : name(name) { ::unlink(name); }
  ~KeyFile() { ::unlink(name.c_str()); }
  const std::string name;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(identity, Fixture)

BOOST_AUTO_TEST_CASE(base58_is_that_of_others) {
  const std::pair<std::string, std::string> vectors[] = {
      {"", ""},
      {"00", "1"},
      {"000001", "112"},
      {"48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U"},
      {"0000287fb4cd", "11233QC4"},
      {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
       "JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG"},
      {"54686520717569636b2062726f776e20666f78206a756d7073206f76657220746865206c617a7920646f672e",
       "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"}};
  for (const auto& [hex, text] : vectors) {
    BOOST_TEST(restate::to_base58(from_hex(hex)) == text);
    BOOST_TEST(restate::from_base58(text).value() == from_hex(hex));
  }
  for (const std::string text : {"0", "O", "I", "l", "a b", "\xC3\xA4"}) {
    BOOST_TEST(!restate::from_base58(text).has_value(), text);
  }
  BOOST_TEST(!restate::from_base58(std::string(100'000, 'z')).has_value());
}

BOOST_AUTO_TEST_CASE(signatures_are_those_of_rfc_8032) {
  BOOST_TEST(key(kPem1).sign("").value() ==
             from_hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb882159"
                      "0a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"));
  BOOST_TEST(key(kPem2).sign("\x72").value() ==
             from_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43"
                      "e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
}

BOOST_AUTO_TEST_CASE(a_token_is_byte_for_byte_that_of_an_independent_signer) {
  BOOST_TEST(token(kPath, "", at(0)) == kGreetToken);
  BOOST_TEST(token("/discover", "k\"1", at(0)) == kSubjectToken);
}

BOOST_AUTO_TEST_CASE(a_good_token_is_let_through_as_long_as_it_is_valid) {
  for (const int second : {-5, 0, 59, 60, 64}) {
    BOOST_TEST(refusal(kGreetToken, kPath, at(second)) == "", second);
  }
  BOOST_TEST(refusal(kGreetToken, kPath, at(-6)).ends_with("not valid yet"));
  BOOST_TEST(refusal(kGreetToken, kPath, at(65)).ends_with("is over"));
}

BOOST_AUTO_TEST_CASE(a_remembered_token_does_not_outlive_its_time_nor_leave_its_path) {
  BOOST_TEST(refusal(kGreetToken, kPath, at(0)) == "");

  BOOST_TEST(refusal(kGreetToken, kPath, at(65)).ends_with("is over"));
  BOOST_TEST(refusal(kGreetToken, "/invoke/Greeter/other", at(0)).ends_with("another path"));
  BOOST_TEST(refusal(kGreetToken, "/discover", at(0)).ends_with("another path"));
}

BOOST_AUTO_TEST_CASE(what_is_not_signed_by_a_known_key_is_refused) {
  BOOST_TEST(!check->check(std::nullopt, std::nullopt, kPath, at(0)).has_value());
  BOOST_TEST(!check->check("unsigned", kGreetToken, kPath, at(0)).has_value());
  BOOST_TEST(!check->check("v1", std::nullopt, kPath, at(0)).has_value());
  const std::string of_other = token(kPath, "", at(0), Identity::Signer::kSecond);
  BOOST_TEST(refusal(of_other, kPath, at(0)).ends_with("unknown key"));
}

BOOST_AUTO_TEST_CASE(no_character_of_a_token_can_be_changed) {
  const std::string good = kGreetToken;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    BOOST_TEST(refusal(bad, kPath, at(0)) != "", i);
    BOOST_TEST(refusal(good.substr(0, i), kPath, at(0)) != "", i);
  }
  BOOST_TEST(refusal(good + "=", kPath, at(0)) != "");
  BOOST_TEST(refusal(good + ".", kPath, at(0)) != "");
  BOOST_TEST(refusal(std::string(1'000'000, '.'), kPath, at(0)) != "");
}

BOOST_AUTO_TEST_CASE(both_keys_are_accepted_while_they_change) {
  const auto both = IdentityCheck::make({kPublic1, kPublic2}).value();
  const std::string first = token(kPath, "", at(0));
  const std::string second = token(kPath, "", at(0), Identity::Signer::kSecond);

  BOOST_TEST(first != second);
  BOOST_TEST(both->check("v1", first, kPath, at(0)).has_value());
  BOOST_TEST(both->check("v1", second, kPath, at(0)).has_value());
  BOOST_TEST(identity.public_keys() == (std::vector<std::string>{kPublic1, kPublic2}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_token_is_used_again_for_its_path_and_signed_anew_long_before_it_is_over) {
  const std::string first = token(kPath, "", at(0));

  BOOST_TEST(token(kPath, "", at(19)) == first);
  BOOST_TEST(token("/invoke/Greeter/other", "", at(0)) != first);
  BOOST_TEST(token(kPath, "ada", at(0)) != first);
  const std::string later = token(kPath, "", at(20));
  BOOST_TEST(later != first);
  BOOST_TEST(refusal(later, kPath, at(80)) == "");
  BOOST_TEST(refusal(token(kPath, "", at(3)), kPath, at(3)) == "");  // The clock was set back.
}

BOOST_AUTO_TEST_CASE(many_subjects_do_not_grow_it_without_bound) {
  for (int i = 0; i < 5000; ++i) (void)token(kPath, std::to_string(i), at(0));

  BOOST_TEST(refusal(token(kPath, "1", at(0)), kPath, at(0)) == "");
}

BOOST_AUTO_TEST_CASE(a_new_key_is_for_its_owner_only_and_is_never_overwritten) {
  const KeyFile file("identity_test.pem");

  const auto made = IdentityKey::create(file.name);

  BOOST_REQUIRE(made.has_value());
  struct stat found {};
  BOOST_TEST(::stat(file.name.c_str(), &found) == 0);
  BOOST_TEST((found.st_mode & 0777) == 0600);
  BOOST_TEST(IdentityKey::load(file.name).value().public_key() == made->public_key());
  const auto again = IdentityKey::create(file.name);
  BOOST_REQUIRE(!again.has_value());
  BOOST_TEST((again.error().code() == ErrorCode::kConflict));
  BOOST_TEST(IdentityKey::load(file.name).value().public_key() == made->public_key());
}

BOOST_AUTO_TEST_CASE(what_is_no_key_is_refused_with_the_name_of_the_file) {
  const KeyFile file("identity_test.pem");
  const std::string bad[] = {"", "hello", std::string(kPem1).substr(0, 90), std::string(100, '\0'),
                             // An X25519 key, and an encrypted one.
                             "-----BEGIN PRIVATE KEY-----\n"
                             "MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                             "-----END PRIVATE KEY-----\n",
                             "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
                             "-----END ENCRYPTED PRIVATE KEY-----\n"};
  for (const std::string& content : bad) {
    std::ofstream(file.name) << content;
    const auto loaded = Identity::load({file.name});
    BOOST_REQUIRE(!loaded.has_value());
    BOOST_TEST(loaded.error().message().find(file.name) != std::string::npos);
  }
  BOOST_TEST((IdentityKey::load("not-there.pem").error().code() == ErrorCode::kNotFound));
  std::ofstream(file.name) << kPem1;
  BOOST_TEST(Identity::load({file.name}).has_value());
  BOOST_TEST(!Identity::load({file.name, file.name}).has_value());
  BOOST_TEST(!IdentityCheck::make({}).has_value());
  BOOST_TEST(!IdentityCheck::make({"publickeyv1_abc"}).has_value());
  BOOST_TEST(!IdentityCheck::make({kPublic1, "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
