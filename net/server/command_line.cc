#include "net/server/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <utility>

#include "net/server/version.h"

namespace holdfast::net {
namespace {

constexpr const char* kHelp =
    R"(holdfast: durable execution in one binary. C++ workflows that survive anything, called over HTTP.

  holdfast serve [OPTIONS]      run the server; `holdfast serve --help` explains every option
  holdfast verify --data DIR    check the store of a stopped server; `holdfast verify --help`
  holdfast doctor [ID]          why an invocation does not go on; `holdfast doctor --help`
  holdfast identity new FILE    a new key in a new file, to sign requests to endpoints with
  holdfast identity show FILE   its public key, which endpoints are told
  holdfast help [VERB]          this text, or that of a verb
  holdfast --version            the release

Start one with handlers from a library, call it, look at what it did:

  holdfast serve --load ./libgreeter.so
  curl -X POST localhost:8080/Greeter/greet --json '"Ada"'
  curl localhost:9070/invocations
)";

constexpr const char* kServeIntroduction =
    "Runs the server until SIGTERM or SIGINT. It is ready when it has printed its addresses, and "
    "when\n"
    "GET /restate/health on the ingress and GET /health on the admin port answer 200.\n"
    "\n"
    "Handlers are called on the ingress:\n"
    "  POST /SERVICE/HANDLER             a service; /SERVICE/KEY/HANDLER an object or a workflow\n"
    "  POST /SERVICE/HANDLER/send        answers at once; ?delay=10m starts it later\n"
    "  with the header idempotency-key   a repeated request gets the first one's answer\n"
    "Operators look and act on the admin port:\n"
    "  POST /deployments {\"uri\": \"http://HOST:9080\"}  registers the handlers of an endpoint\n"
    "  GET /services, GET /invocations, GET /invocations/ID (with its journal)\n"
    "  PATCH /invocations/ID/cancel, also kill, pause, resume, purge, restart-as-new";

constexpr const char* kServeFooter =
    "Every option can also stand in the file of --config as [section] key = value, or in the\n"
    "environment as HOLDFAST_SECTION__KEY; the section and key of each are named in parentheses.\n"
    "The command line wins over the environment, the environment over the file.\n"
    "\n"
    "Exit codes: 0 stopped as asked, 1 could not start, 2 wrong command line or configuration,\n"
    "74 the store failed to write: start it again, it recovers; 130 ended at once, by a second\n"
    "SIGTERM or SIGINT, as by SIGKILL.";

constexpr const char* kVerifyIntroduction =
    "Checks the store of a data folder: every block of its files, every row, and whether the rows\n"
    "agree with each other (each timer with its invocation, each caller with its callee, and so "
    "on).\n"
    "No server may have the folder open: stop it, or check a backup. Nothing in the folder is "
    "changed.";

constexpr const char* kVerifyFooter =
    "It prints what it looked at, then each problem in a line: what is wrong, with which row, and\n"
    "what that means or what to do; at most 100 lines. The last line is the sum. A million\n"
    "invocations take about a minute. Which rows must agree: docs/formats/agreement.md.\n"
    "\n"
    "  holdfast verify --data /var/lib/holdfast\n"
    "  holdfast verify --data /backup/holdfast --json | jq .problem_count\n"
    "\n"
    "Exit codes: 0 no problem, 1 problems, 2 it could not run: the folder is in use, is none, is\n"
    "of a newer release, or may not be read.";

constexpr const char* kDoctorIntroduction =
    "Says why an invocation of a running server does not go on: what it waits for and since when, "
    "what\n"
    "that waits for in turn, to the end of the chain; and who could do something about it, with "
    "the\n"
    "command that does it. Without ID: those that have stood longest, a line each.";

constexpr const char* kDoctorFooter =
    "  holdfast doctor\n"
    "  holdfast doctor inv_1jp6uyMi2HLz2mqBc3VgkZqi8JKJzmLJH9 --admin http://127.0.0.1:9070\n"
    "\n"
    "It asks GET /invocations/ID/explanation, or GET /explanations, of the admin port. Nothing is\n"
    "changed; the commands it prints are for you to run.\n"
    "\n"
    "Exit codes: 0 answered, 1 there is no such invocation, 2 no server answers, or a wrong "
    "command "
    "line.";

CommandLine print(std::string text) {
  CommandLine result;
  result.verb = CommandLine::Verb::kPrint;
  result.text = std::move(text);
  return result;
}
CommandLine wrong(std::string_view text) {
  std::string line(text.substr(0, text.find('\n')));
  CommandLine result;
  result.verb = CommandLine::Verb::kWrong;
  result.text = line + "; see holdfast help";
  return result;
}

std::string describe(const Option& option) {
  std::string text = fmt::format("{} ({}.{})", option.reason, option.section, option.key);
  const std::string value = option.default_text();
  if (!value.empty()) text += fmt::format(" [{}]", value);
  return text;
}

CommandLine parse_identity(const std::vector<std::string>& arguments) {
  if (arguments.size() != 2 || arguments[1].empty() || arguments[1][0] == '-') {
    return wrong("holdfast identity new FILE or holdfast identity show FILE is expected");
  }
  CommandLine result;
  result.file = arguments[1];
  if (arguments[0] == "new") {
    result.verb = CommandLine::Verb::kIdentityNew;
  } else if (arguments[0] == "show") {
    result.verb = CommandLine::Verb::kIdentityShow;
  } else {
    return wrong(fmt::format("there is no verb 'identity {}'", arguments[0]));
  }
  return result;
}

// Parses `arguments` into `result` by `app`, whose options are bound to it.
CommandLine parse_with(CLI::App& app, std::vector<std::string> arguments, CommandLine& result) {
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back.
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return print(app.help());
  } catch (const CLI::ParseError& error) {
    return wrong(error.what());
  }
  return std::move(result);
}

CommandLine parse_verify(std::vector<std::string> arguments) {
  CLI::App app(kVerifyIntroduction, "holdfast verify");
  app.footer(kVerifyFooter);
  CommandLine result;
  result.verb = CommandLine::Verb::kVerify;
  app.add_option("--data", result.data_folder, "The data folder, as it is given to serve.")
      ->type_name("DIR")
      ->required();
  app.add_flag("--json", result.json, "One JSON object instead of tables and lines.");
  return parse_with(app, std::move(arguments), result);
}

CommandLine parse_doctor(std::vector<std::string> arguments) {
  CLI::App app(kDoctorIntroduction, "holdfast doctor");
  app.footer(kDoctorFooter);
  CommandLine result;
  result.verb = CommandLine::Verb::kDoctor;
  result.admin = "http://127.0.0.1:9070";
  app.add_option("ID", result.id, "The invocation, inv_1...")->type_name("");
  app.add_option("--admin", result.admin, "The server's admin port. [http://127.0.0.1:9070]")
      ->type_name("URL");
  app.add_flag("--json", result.json, "The answer of the admin port as it is.");
  return parse_with(app, std::move(arguments), result);
}

CommandLine parse_serve(std::vector<std::string> arguments) {
  CLI::App app(kServeIntroduction, "holdfast serve");
  app.footer(kServeFooter);
  CommandLine result;
  app.add_option("--config", result.config_file, "A TOML file with options.")->type_name("FILE");
  std::map<const Option*, std::vector<std::string>> texts;
  std::map<const Option*, bool> switches;
  for (const Option& option : options()) {
    const std::string flag = fmt::format("--{}", option.flag);
    if (option.is_switch()) {
      app.add_flag(flag, switches[&option], describe(option));
    } else {
      app.add_option(flag, texts[&option], describe(option))
          ->type_name(option.unit)
          ->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
  }
  result = parse_with(app, std::move(arguments), result);
  if (result.verb != CommandLine::Verb::kServe) return result;
  for (auto& [option, values] : texts) {
    if (!values.empty()) result.given.push_back({option, std::move(values)});
  }
  for (const auto& [option, on] : switches) {
    if (on) result.given.push_back({option, {"true"}});
  }
  return result;
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  const std::string first = arguments.empty() ? "" : arguments[0];
  if (first == "--version" || first == "-V") return print(fmt::format("holdfast {}\n", kVersion));
  if (first == "--help" || first == "-h") return print(kHelp);
  if (first == "help") {
    if (arguments.size() == 1) return print(kHelp);
    if (arguments.size() == 2 && arguments[1] == "serve") return parse_serve({"--help"});
    if (arguments.size() == 2 && arguments[1] == "verify") return parse_verify({"--help"});
    if (arguments.size() == 2 && arguments[1] == "doctor") return parse_doctor({"--help"});
    return wrong(fmt::format("there is no help on '{}'", arguments[1]));
  }
  if (first == "serve") return parse_serve({arguments.begin() + 1, arguments.end()});
  if (first == "verify") return parse_verify({arguments.begin() + 1, arguments.end()});
  if (first == "doctor") return parse_doctor({arguments.begin() + 1, arguments.end()});
  if (first == "identity") return parse_identity({arguments.begin() + 1, arguments.end()});
  if (first.empty() || first[0] == '-') return parse_serve(arguments);
  return wrong(fmt::format("there is no verb '{}'", first));
}

}  // namespace holdfast::net
