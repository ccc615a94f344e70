// Sends POST requests at a fixed rate, whatever is answered, and counts the latency of each from
// the moment at which it was due: when the server (or this program) falls behind, the requests
// that had to wait for it say so. A closed loop would ask less then, and hide it.
//
//   open_loop PORT PATH RATE SECONDS [--connections N] [--body JSON] [--poisson SEED]
//
// A request that finds all connections busy waits here, and its clock runs. Arrivals are evenly
// spaced; with --poisson they come at random, as those of many people do. What has no answer
// ten seconds after the last was due is counted as unanswered, and is in no quantile. "late" is
// how far behind its own plan this program sent: when that is not small, doubt the quantiles.
// Prints one line of JSON. One thread; the server is on 127.0.0.1.

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <optional>
#include <random>
#include <utility>

#include "bench/load/http_client.h"

namespace holdfast::bench {
namespace {

using std::chrono::nanoseconds;

constexpr auto kPatience = std::chrono::seconds(10);

struct Options : Target {
  double rate = 0;
  double seconds = 0;
  std::optional<std::uint64_t> poisson;
};

// When the requests are due, in order.
std::vector<nanoseconds> plan_of(const Options& options) {
  std::vector<nanoseconds> plan;
  plan.reserve(static_cast<std::size_t>(options.rate * options.seconds) + 1);
  std::mt19937_64 random(options.poisson.value_or(0));
  std::exponential_distribution<double> gap(options.rate);
  double due = 0;
  while (due < options.seconds) {
    plan.emplace_back(static_cast<std::int64_t>(due * 1e9));
    due = options.poisson ? due + gap(random) : double(plan.size()) / options.rate;
  }
  return plan;
}

class Load {
 public:
  explicit Load(const Options& options)
      : port_(options.port),
        plan_(plan_of(options)),
        request_(post_request(options.path, options.body)),
        connections_(static_cast<std::size_t>(options.connections)) {
    ::prctl(PR_SET_TIMERSLACK, 1);
    micros_.reserve(plan_.size());
    late_.reserve(plan_.size());
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    for (Connection& connection : connections_) free_.push_back(&connection);
  }

  void run() {
    start_ = Steady::now();
    const auto give_up = plan_.back() + kPatience;
    while (answered_ < plan_.size()) {
      const auto now = passed();
      if (now > give_up) break;
      send_due(now);
      wait((next_ < plan_.size() && !free_.empty() ? plan_[next_] : give_up) - passed());
    }
    report();
  }

 private:
  // Opened when it is needed, and again when the server has closed it meanwhile, which it may as
  // long as it owes no answer.
  struct Connection {
    int socket = -1;
    std::string out;
    std::string in;
    nanoseconds due{};  // Of the request that is under way.
    bool asks = false;
  };

  void open(Connection& connection) {
    connection.socket = connect_to(port_);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.ptr = &connection;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
  }

  nanoseconds passed() const { return Steady::now() - start_; }

  void send_due(nanoseconds now) {
    for (; next_ < plan_.size() && plan_[next_] <= now && !free_.empty(); ++next_) {
      // The one that rested last: its cache lines are warm, and a light load needs few.
      Connection& connection = *free_.back();
      free_.pop_back();
      if (connection.socket < 0) open(connection);
      connection.asks = true;
      connection.due = plan_[next_];
      connection.out = request_;
      push(connection.socket, connection.out);
      late_.push_back(std::chrono::duration<float, std::micro>(now - plan_[next_]).count());
    }
  }

  void wait(nanoseconds at_most) {
    at_most = std::max(at_most, nanoseconds(0));
    const timespec time{at_most.count() / 1'000'000'000, at_most.count() % 1'000'000'000};
    epoll_event events[64];
    const int ready = ::epoll_pwait2(epoll_, events, 64, &time, nullptr);
    for (int i = 0; i < ready; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      push(connection.socket, connection.out);
      if ((events[i].events & EPOLLIN) != 0) receive(connection);
    }
  }

  void receive(Connection& connection) {
    if (!pull(connection.socket, connection.in)) {
      if (connection.asks) fail("the server closed a connection that waited for an answer");
      ::close(std::exchange(connection.socket, -1));
      return;
    }
    const Answer answer = parse_answer(connection.in);
    if (answer.size == 0) return;
    if (answer.size != connection.in.size()) fail("an answer to no request");
    connection.in.clear();
    connection.asks = false;
    ++answered_;
    if (answer.status == 429 || answer.status == 503) {
      ++refused_;
    } else if (answer.status >= 300) {
      ++failed_;
    } else {
      micros_.push_back(
          std::chrono::duration<float, std::micro>(passed() - connection.due).count());
    }
    free_.push_back(&connection);
  }

  void report() {
    const double seconds = std::chrono::duration<double>(passed()).count();
    std::printf(
        "{\"offered\": %zu, \"count\": %zu, \"seconds\": %.3f, \"p50_us\": %.1f, "
        "\"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, "
        "\"failed\": %zu, \"refused\": %zu, \"unanswered\": %zu, \"late_p50_us\": %.1f, "
        "\"late_p99_us\": %.1f, \"late_max_us\": %.1f}\n",
        plan_.size(), micros_.size(), seconds, quantile(micros_, 0.5), quantile(micros_, 0.9),
        quantile(micros_, 0.99), quantile(micros_, 0.999), quantile(micros_, 1), failed_, refused_,
        plan_.size() - answered_, quantile(late_, 0.5), quantile(late_, 0.99), quantile(late_, 1));
  }

  const std::uint16_t port_;
  const std::vector<nanoseconds> plan_;
  const std::string request_;
  std::vector<Connection> connections_;
  std::vector<Connection*> free_;
  int epoll_ = -1;
  Steady::time_point start_;
  std::size_t next_ = 0;  // Of the plan: not sent yet.
  std::size_t answered_ = 0, refused_ = 0, failed_ = 0;
  std::vector<float> micros_, late_;
};

Options parse_options(int argc, char** argv) {
  if (argc < 5 || argc % 2 == 0) {
    fail(
        "usage: open_loop PORT PATH RATE SECONDS [--connections N] [--body JSON] "
        "[--poisson SEED]");
  }
  Options options;
  options.connections = 512;
  options.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  options.path = argv[2];
  options.rate = std::atof(argv[3]);
  options.seconds = std::atof(argv[4]);
  if (options.rate <= 0 || options.seconds <= 0) fail("rate and seconds are more than 0");
  read_options(argc, argv, 5, [&](std::string_view name, const char* value) {
    if (name != "--poisson") return options.take(name, value);
    options.poisson = std::strtoull(value, nullptr, 10);
    return true;
  });
  return options;
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  const auto options = holdfast::bench::parse_options(argc, argv);
  holdfast::bench::Load(options).run();
}
