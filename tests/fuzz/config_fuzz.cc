// Config fuzz: whatever a file of options, a variable, a command line or a file with a key says, it
// is refused in one line, or it is a configuration within its bounds, or a key that signs.
//
// Input: a byte that says what it is, then its text.

#include <openssl/evp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/egress/identity.h"
#include "net/egress/identity_key.h"
#include "net/protocol/restate/base58.h"
#include "net/server/command_line.h"
#include "net/server/config.h"
#include "storage/base/check.h"
#include "tests/fuzz/refused.h"
#include "tests/fuzz/seeds.h"

namespace {

namespace net = holdfast::net;
namespace restate = holdfast::protocol::restate;
using holdfast::Bytes;
using holdfast::Result;
using holdfast::testing::refused_as;

template <class T>
bool refused(const Result<T>& result) {
  if (!refused_as(holdfast::ErrorCode::kInvalidArgument, result)) return false;
  CHECK(result.error().message().find('\n') == std::string::npos, "in one line");
  return true;
}

// A file in memory.
class File {
 public:
  File() : file_(::memfd_create("fuzz", 0)) { CHECK(file_ >= 0, "there is memory"); }
  ~File() { ::close(file_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write(std::string_view text) {
    CHECK(::ftruncate(file_, 0) == 0, "it can be emptied");
    const auto written = ::pwrite(file_, text.data(), text.size(), 0);
    CHECK(written == static_cast<ssize_t>(text.size()), "and written");
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  const int file_;
};

// ---- Options.

const std::uint64_t* number_in(const net::Config& config, const net::Option& option) {
  const auto* const member = std::get_if<std::uint64_t net::Config::*>(&option.member);
  return member == nullptr ? nullptr : &(config.*(*member));
}

void check_config(const Result<net::Config>& config) {
  if (refused(config)) return;
  for (const net::Option& option : net::options()) {
    const std::uint64_t* const number = number_in(*config, option);
    CHECK(number == nullptr || (*number >= option.least && *number <= option.most),
          "a number within bounds");
  }
  CHECK(config->identity_keys.size() <= net::Identity::kKeysMax, "no more keys than are used");
  CHECK(net::parse_address(config->ingress).has_value(), "the ingress has an address");
  const auto admin = net::parse_address(config->admin);
  CHECK(admin.has_value(), "as has the admin port");
  CHECK(admin->is_loopback() || config->admin_allow_remote, "which others reach if they may");
  CHECK(config->ingress_tls_certificate.empty() == config->ingress_tls_key.empty(),
        "a certificate has its key");
}

std::optional<std::string> nothing(const std::string&) { return std::nullopt; }

void file(std::string_view text) {
  static File file;
  file.write(text);
  check_config(net::make_config({}, nothing, file.path()));
}

// The number of an option, then its value.
void variable(std::string_view text) {
  const auto options = net::options();
  if (text.empty()) return;
  const net::Option& option = options[static_cast<unsigned char>(text[0]) % options.size()];
  const std::string value(text.substr(1));
  check_config(net::make_config({{&option, {value}}}, nothing, ""));
  std::size_t asked = 0;
  check_config(net::make_config(
      {},
      [&](const std::string& name) {
        CHECK(name.starts_with("HOLDFAST_"), "a name of ours");
        const bool that = asked++ == static_cast<std::size_t>(&option - options.data());
        return that ? std::optional(value) : std::nullopt;
      },
      ""));
}

// Its words are lines.
void command_line(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const net::CommandLine line = net::parse_command_line(words);
  if (line.verb == net::CommandLine::Verb::kWrong) {
    CHECK(!line.text.empty() && line.text.find('\n') == std::string::npos, "wrong, in one line");
  }
  if (line.verb == net::CommandLine::Verb::kPrint) CHECK(!line.text.empty(), "something is said");
  if (line.verb == net::CommandLine::Verb::kServe) {
    check_config(net::make_config(line.given, nothing, ""));
  }
}

void address(std::string_view text) {
  const auto parsed = net::parse_address(text);
  if (refused(parsed)) return;
  CHECK(!parsed->host.empty(), "an address has a host");
  const auto again = net::parse_address(parsed->text());
  CHECK(again.has_value() && again->host == parsed->host && again->port == parsed->port,
        "written and read");
}

// ---- Keys.

// By another way than that of the signature: with what endpoints are told.
bool is_signed(const std::string& public_key, std::string_view text, const Bytes& signature) {
  constexpr std::string_view kBefore = "publickeyv1_";
  CHECK(public_key.starts_with(kBefore), "a public key says what it is");
  const auto raw = restate::from_base58(std::string_view(public_key).substr(kBefore.size()));
  CHECK(raw.has_value() && raw->size() == 32, "and is one");
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                  reinterpret_cast<const unsigned char*>(raw->data()), raw->size()),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

void key(std::string_view text) {
  static File file;
  file.write(text);
  const auto loaded = net::IdentityKey::load(file.path());
  const auto parsed = net::IdentityKey::from_pem(text);
  CHECK(loaded.has_value() == parsed.has_value(), "a file is what is in it");
  if (refused(parsed)) return;
  CHECK(loaded->public_key() == parsed->public_key(), "the same key");
  const auto signature = parsed->sign("text");
  CHECK(signature.has_value() && signature->size() == 64, "that signs");
  CHECK(is_signed(parsed->public_key(), "text", *signature), "as endpoints can see");
}

constexpr void (*kKinds[])(std::string_view) = {file, variable, command_line, address, key};

Bytes seed(void (*kind)(std::string_view), std::string_view text) {
  const auto number = std::find(std::begin(kKinds), std::end(kKinds), kind) - std::begin(kKinds);
  return static_cast<char>(number) + Bytes(text);
}

// Every option, by its section.
std::string whole_file() {
  std::string text, section;
  for (const net::Option& option : net::options()) {
    if (section != option.section) text += "[" + (section = option.section) + "]\n";
    std::string value = "\"" + option.default_text() + "\"";
    if (option.is_switch()) value = "true";
    if (option.is_list()) value = "[\"a\", 'b']";
    if (std::holds_alternative<std::uint64_t net::Config::*>(option.member)) {
      value = option.default_text();
    }
    if (value != "\"\"") text += std::string(option.key) + " = " + value + "\n";
  }
  return text;
}

}  // namespace

std::vector<Bytes> holdfast::testing::fuzz_seeds() {
  std::vector<Bytes> seeds = {
      seed(file, whole_file()),
      seed(file, "storage = {data = \"\"\"a\\\nb\\u00e9\"\"\", memory_mib = 0x1_0} # a note\n"),
      seed(file, "ingress.listen = '[::1]:0'\ningress.body_max_mib = 33\n"),
      seed(file, "[[log]]\n[log.\"a.b\"]\nat = [1979-05-27T07:32:00Z, 1e6, -nan, [{}]]\n"),
      seed(command_line, "serve\n--ingress\n0.0.0.0:80\n--load=a.so\n--load=b.so\n--drain-ms=0"),
      seed(command_line, "--config\nfile\n--admin-allow-remote\n--admin=[::]:1"),
      seed(command_line, "verify\n--data\nfolder\n--json"),
      seed(command_line, "doctor\ninv_1\n--admin=http://h:1"),
      seed(command_line, "identity\nshow\nfile"),
      seed(command_line, "help\nserve"),
      seed(address, "127.0.0.1:8080"),
      seed(address, "[::1]:65535"),
      seed(address, "localhost:0"),
      seed(key,
           "-----BEGIN PRIVATE KEY-----\n"
           "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
           "-----END PRIVATE KEY-----\n"),
      seed(key,
           "-----BEGIN PRIVATE KEY-----\n"
           "MC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
           "-----END PRIVATE KEY-----\n"),
      seed(key,
           "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
           "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n"
           "-----END EC PRIVATE KEY-----\n"),
  };
  for (std::size_t i = 0; i < net::options().size(); ++i) {
    const net::Option& option = net::options()[i];
    seeds.push_back(seed(
        variable, static_cast<char>(i) + (option.is_switch() ? "true" : option.default_text())));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || data[0] >= std::size(kKinds)) return -1;  // Not worth to be kept.
  kKinds[data[0]]({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
