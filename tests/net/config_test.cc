#include "net/server/config.h"

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <fstream>
#include <map>

#include "net/server/command_line.h"
#include "tests/support/temp_folder.h"

namespace holdfast::net {
namespace {

struct Fixture {
  testing::TempFolder folder;
  std::map<std::string, std::string> environment;

  Result<Config> config(std::vector<std::string> arguments, const std::string& toml = "") {
    const CommandLine command = parse_command_line(arguments);
    if (command.verb == CommandLine::Verb::kWrong) {
      return Error(ErrorCode::kInvalidArgument, command.text);
    }
    std::string file = command.config_file;
    if (!toml.empty()) {
      file = folder.path() + "/config.toml";
      std::ofstream(file) << toml;
    }
    return make_config(
        command.given,
        [this](const std::string& name) {
          const auto found = environment.find(name);
          return found == environment.end() ? std::nullopt
                                            : std::optional<std::string>(found->second);
        },
        file);
  }
  void expect_wrong(std::vector<std::string> arguments, std::string_view part,
                    const std::string& toml = "") {
    const auto result = config(std::move(arguments), toml);
    BOOST_REQUIRE(!result.has_value());
    const std::string& message = result.error().message();
    BOOST_TEST(message.find(part) != std::string::npos, message);
    BOOST_TEST(message.find('\n') == std::string::npos, message);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(config, Fixture)

BOOST_AUTO_TEST_CASE(a_variable_that_looks_like_an_option_and_is_none_is_refused) {
  BOOST_TEST(check_environment_names({"HOLDFAST_INGRESS__LISTEN", "HOLDFAST_BUILD", "PATH", "A__B"})
                 .has_value());
  for (const char* const wrong : {"HOLDFAST_INGRESS__FOO", "HOLDFAST_FOO__BIND", "HOLDFAST___"}) {
    const auto checked = check_environment_names({"PATH", wrong});
    BOOST_REQUIRE(!checked.has_value());
    BOOST_TEST(checked.error().message().starts_with(wrong));
  }
}

BOOST_AUTO_TEST_CASE(defaults_keep_to_this_machine) {
  const auto found = config({"serve"});

  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->data_folder == "./holdfast-data");
  BOOST_TEST(found->ingress == "127.0.0.1:8080");
  BOOST_TEST(found->admin == "127.0.0.1:9070");
}

BOOST_AUTO_TEST_CASE(the_command_line_wins_over_the_environment_over_the_file) {
  environment["HOLDFAST_INGRESS__LISTEN"] = "127.0.0.1:2";
  environment["HOLDFAST_ADMIN__LISTEN"] = "127.0.0.1:3";
  const auto found =
      config({"serve", "--ingress", "127.0.0.1:1"},
             "[ingress]\nlisten = \"127.0.0.1:9\"\n[admin]\nlisten = \"127.0.0.1:9\"\n"
             "[storage]\ndata = \"d\"\n[engine]\npark_after_ms = 77\n"
             "[handlers]\nload = [\"a.so\", \"b.so\"]\n");

  BOOST_REQUIRE_MESSAGE(found.has_value(), (found ? "" : found.error().message()));
  BOOST_TEST(found->ingress == "127.0.0.1:1");
  BOOST_TEST(found->admin == "127.0.0.1:3");
  BOOST_TEST(found->data_folder == "d");
  BOOST_TEST(found->park_after_ms == 77u);
  BOOST_TEST((found->load == std::vector<std::string>{"a.so", "b.so"}));
}

BOOST_AUTO_TEST_CASE(serve_may_be_left_out_and_load_repeated) {
  const auto found = config({"--load", "a.so", "--load=b.so", "--log-level", "debug"});

  BOOST_REQUIRE_MESSAGE(found.has_value(), (found ? "" : found.error().message()));
  BOOST_TEST((found->load == std::vector<std::string>{"a.so", "b.so"}));
  BOOST_TEST(found->log_level == "debug");
}

BOOST_AUTO_TEST_CASE(an_admin_port_that_others_can_reach_must_be_asked_for) {
  expect_wrong({"serve", "--admin", "0.0.0.0:9070"}, "--admin-allow-remote");
  expect_wrong({"serve", "--admin", "192.168.1.2:9070"}, "--admin-allow-remote");
  expect_wrong({"serve", "--admin", "127.evil.example:9070"}, "--admin-allow-remote");
  BOOST_TEST(config({"serve", "--admin", "0.0.0.0:9070", "--admin-allow-remote"}).has_value());
  BOOST_TEST(config({"serve", "--admin", "[::1]:0"}).has_value());
}

BOOST_AUTO_TEST_CASE(mistakes_are_named_in_one_line) {
  expect_wrong({"server"}, "'server'");
  expect_wrong({"help", "me"}, "'me'");
  expect_wrong({"serve", "--nonsense"}, "--nonsense");
  expect_wrong({"serve", "extra"}, "extra");
  expect_wrong({"serve", "--ingress"}, "--ingress");
  expect_wrong({"serve", "--ingress", "a", "--ingress", "b"}, "one value");
  expect_wrong({"serve", "--ingress", "8080"}, "port is missing");
  expect_wrong({"serve", "--cluster-name", "two words"}, "--cluster-name");
  expect_wrong({"serve", "--cluster-name", "two\nlines"}, "--cluster-name");
  expect_wrong({"serve", "--ingress", "127.0.0.1:99999"}, "65535");
  expect_wrong({"serve", "--ingress", "::1:80"}, "brackets");
  expect_wrong({"serve", "--drain-ms", "soon"}, "'soon'");
  expect_wrong({"serve", "--ingress-body-max-mib", "33"}, "1 to 32");
  expect_wrong({"serve", "--log-level", "loud"}, "'loud'");
  expect_wrong({"serve", "--ingress-tls-cert", "c.pem"}, "--ingress-tls-key");
  expect_wrong({"serve", "--data", ""}, "empty");
  expect_wrong({"serve", "--config", "/no/such/file.toml"}, "cannot be read");
}

BOOST_AUTO_TEST_CASE(a_bad_file_is_named_with_its_place) {
  expect_wrong({"serve"}, "not TOML", "[ingress\nlisten");
  expect_wrong({"serve"}, "ingress.nothing", "[ingress]\nnothing = 1\n");
  expect_wrong({"serve"}, "nothing.listen", "[nothing]\nlisten = 1\n");
  expect_wrong({"serve"}, "[section]", "listen = 1\n");
  expect_wrong({"serve"}, "admin.allow_remote", "[admin]\nallow_remote = 1\n");
  expect_wrong({"serve"}, "handlers.load", "[handlers]\nload = [1]\n");
  expect_wrong({"serve"}, "engine.active_max", "[engine]\nactive_max = -1\n");
  expect_wrong({"serve"}, "storage.data", "[storage]\ndata = 1979-05-27\n");
  expect_wrong({"serve", "--config", folder.path()}, "cannot be read");
}

BOOST_AUTO_TEST_CASE(what_is_quoted_in_a_message_does_not_break_its_line) {
  expect_wrong({"serve", "--drain-ms", "soon\nor\x1b[31m later"}, "'soon?or?[31m later'");
  expect_wrong({"serve", "--ingress", "a\nb"}, "'a?b' is not HOST:PORT");
  expect_wrong({"serve"}, "'a?b' must be a [section]", "\"a\\nb\" = 1\n");
  expect_wrong({"serve"}, "log.a?b", "[log]\n\"a\\nb\" = 1\n");
}

BOOST_AUTO_TEST_CASE(a_file_that_the_parser_would_not_survive_is_refused) {
  for (const char* const quote : {"'", "\"", "'''", "\"\"\""}) {
    std::string text = "[ingress]\nlisten = ";
    text += quote + std::string(100, '\xff') + quote + "\n[log]\nlevel = 'info'\n";
    expect_wrong({"serve"}, "not UTF-8", text);
  }
  expect_wrong({"serve"}, "100000 brackets", "[log]\nlevel = " + std::string(99'999, '['));
  expect_wrong({"serve"}, "1000 brackets", std::string(1000, '{'));
}

BOOST_AUTO_TEST_CASE(one_or_two_keys_sign_requests_in_the_order_given) {
  const char* const flag = "--request-identity-private-key-pem-file";

  BOOST_TEST(config({"serve", flag, "a.pem", flag, "b.pem"})->identity_keys ==
                 (std::vector<std::string>{"a.pem", "b.pem"}),
             boost::test_tools::per_element());
  const std::string toml = "[handlers]\nrequest_identity_private_key_pem_file = ['c.pem']\n";
  BOOST_TEST(config({"serve"}, toml)->identity_keys.at(0) == "c.pem");
  expect_wrong({"serve", flag, "a", flag, "b", flag, "c"}, "at most two");
}

BOOST_AUTO_TEST_CASE(identity_makes_and_shows_a_key) {
  const CommandLine made = parse_command_line({"identity", "new", "a.pem"});
  const CommandLine shown = parse_command_line({"identity", "show", "a.pem"});

  BOOST_TEST((made.verb == CommandLine::Verb::kIdentityNew));
  BOOST_TEST(made.file == "a.pem");
  BOOST_TEST((shown.verb == CommandLine::Verb::kIdentityShow));
  expect_wrong({"identity"}, "identity new FILE");
  expect_wrong({"identity", "new"}, "identity new FILE");
  expect_wrong({"identity", "new", "--help"}, "identity new FILE");
  expect_wrong({"identity", "lose", "a.pem"}, "identity lose");
}

BOOST_AUTO_TEST_CASE(help_teaches_every_option) {
  const CommandLine help = parse_command_line({"serve", "--help"});

  BOOST_TEST((help.verb == CommandLine::Verb::kPrint));
  for (const Option& option : options()) {
    BOOST_TEST(help.text.find("--" + std::string(option.flag)) != std::string::npos, option.flag);
  }
  BOOST_TEST(parse_command_line({"help", "serve"}).text == help.text);
  BOOST_TEST(parse_command_line({"--version"}).text.starts_with("holdfast "));
  BOOST_TEST(parse_command_line({"help"}).text.find("serve") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace holdfast::net
