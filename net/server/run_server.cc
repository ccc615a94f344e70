// run_server() of holdfast/server.h: the command line, the signals, the exit codes.

#include <fmt/format.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <utility>

#include "net/egress/identity_key.h"
#include "net/server/command_line.h"
#include "net/server/config.h"
#include "net/server/doctor_command.h"
#include "net/server/library.h"
#include "net/server/server.h"
#include "net/server/verify_command.h"
#include "net/server/version.h"
#include "sdk/include/holdfast/server.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"

namespace holdfast {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitWrong = 2;
constexpr int kExitImpatient = 130;

// Signals reach a process, not an object: the first asks it to stop, the second ends it.
// Supervisors and terminals tend to send one to the process and to its group as well; what follows
// this closely is the same wish.
constexpr std::int64_t kSameWishMs = 500;
sem_t stop_asked;
std::atomic<std::int64_t> first_signal_ms{0};
static_assert(std::atomic<std::int64_t>::is_always_lock_free, "used in a signal handler");

std::int64_t steady_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

void on_signal(int) {
  const int error_before = errno;
  std::int64_t first = 0;
  const std::int64_t now = steady_ms();
  if (first_signal_ms.compare_exchange_strong(first, now)) {
    sem_post(&stop_asked);
  } else if (now - first >= kSameWishMs) {
    _exit(kExitImpatient);
  }
  errno = error_before;
}

void catch_signals() {
  sem_init(&stop_asked, 0, 0);
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void wait_for_signal() {
  while (sem_wait(&stop_asked) != 0 && errno == EINTR) {
  }
}

// As many open files as we may have: each connection is one.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

LogLevel level_of(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warn") return LogLevel::kWarn;
  if (name == "error") return LogLevel::kError;
  if (name == "off") return LogLevel::kOff;
  return LogLevel::kInfo;
}

std::optional<std::string> read_environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// One line, whatever it says.
int complain(std::string message, int exit_code) {
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  fmt::print(stderr, "holdfast: {}\n", message);
  return exit_code;
}

Result<std::vector<ServiceDefinition>> with_libraries(std::vector<ServiceDefinition> services,
                                                      const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    std::vector<ServiceDefinition> loaded = TRY(net::load_library(path));
    std::move(loaded.begin(), loaded.end(), std::back_inserter(services));
  }
  return services;
}

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  for (const char* const* at = environ; *at != nullptr; ++at) {
    const std::string_view variable(*at);
    names.emplace_back(variable.substr(0, variable.find('=')));
  }
  return names;
}

int serve(const net::CommandLine& command, std::vector<ServiceDefinition> services) {
  if (const auto known = net::check_environment_names(environment_names()); !known) {
    return complain(known.error().message(), kExitWrong);
  }
  const auto config = net::make_config(command.given, read_environment, command.config_file);
  if (!config) return complain(config.error().message(), kExitWrong);
  set_log_level(level_of(config->log_level));
  auto all = with_libraries(std::move(services), config->load);
  if (!all) return complain(all.error().message(), kExitFailed);

  catch_signals();
  raise_file_limit();
  auto server = net::Server::start(*config, std::move(*all));
  if (!server) return complain(server.error().message(), kExitFailed);
  fmt::print("holdfast {} ready: ingress {}, admin {}, data {}, services {}\n", net::kVersion,
             (*server)->ingress_url(), (*server)->admin_url(), config->data_folder,
             (*server)->services());
  std::fflush(stdout);

  wait_for_signal();
  (*server)->stop();
  // All is durable. A closure that still blocks cannot be called back, and what it uses must not go
  // under it: so the process ends without clearing up.
  if ((*server)->closures_running()) {
    std::fflush(stdout);
    std::_Exit(0);
  }
  return 0;
}

int identity(const net::CommandLine& command) {
  const auto key = command.verb == net::CommandLine::Verb::kIdentityNew
                       ? net::IdentityKey::create(command.file)
                       : net::IdentityKey::load(command.file);
  if (!key) return complain(key.error().message(), kExitFailed);
  fmt::print("{}\n", key->public_key());
  return 0;
}

// How far it is, in one line of a terminal that the next one overwrites.
class ProgressLine {
 public:
  ~ProgressLine() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }
  void show(std::string_view what, std::uint64_t rows) {
    if (isatty(STDERR_FILENO) == 0) return;
    shown_ = true;
    fmt::print(stderr, "\r\x1b[Kchecking {}: {} rows", what, rows);
    std::fflush(stderr);
  }

 private:
  bool shown_ = false;
};

int verify(const net::CommandLine& command) {
  set_log_level(LogLevel::kOff);  // What is damaged is in the report.
  Result<journal::StoreReport> report = journal::StoreReport();
  {
    ProgressLine line;
    report = net::verify_data_folder(
        command.data_folder,
        [&line](std::string_view what, std::uint64_t rows) { line.show(what, rows); });
  }
  if (!report) return complain(report.error().message(), kExitWrong);
  fmt::print("{}", command.json ? net::verify_json(*report) : net::verify_text(*report));
  return report->is_clean() ? 0 : kExitFailed;
}

int doctor(const net::CommandLine& command) {
  const auto answer = net::ask_doctor(command.admin, command.id);
  if (!answer) {
    const bool no_answer = answer.error().code() == ErrorCode::kUnavailable ||
                           answer.error().code() == ErrorCode::kInvalidArgument;
    return complain(answer.error().message(), no_answer ? kExitWrong : kExitFailed);
  }
  if (command.json) {
    fmt::print("{}\n", boost::json::serialize(*answer));
  } else {
    fmt::print("{}", net::doctor_text(*answer, to_unix_millis(SystemClock().now())));
  }
  return 0;
}

}  // namespace

int run_server(int argc, char** argv, std::vector<ServiceDefinition> services) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) arguments.emplace_back(argv[i]);
  const net::CommandLine command = net::parse_command_line(arguments);
  switch (command.verb) {
    case net::CommandLine::Verb::kServe:
      return serve(command, std::move(services));
    case net::CommandLine::Verb::kIdentityNew:
    case net::CommandLine::Verb::kIdentityShow:
      return identity(command);
    case net::CommandLine::Verb::kVerify:
      return verify(command);
    case net::CommandLine::Verb::kDoctor:
      return doctor(command);
    case net::CommandLine::Verb::kPrint:
      fmt::print("{}", command.text);
      return 0;
    case net::CommandLine::Verb::kWrong:
      break;
  }
  return complain(command.text, kExitWrong);
}

}  // namespace holdfast
