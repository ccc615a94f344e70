// simulate: lives from seeds, one after the other, until the time is over or a promise is broken.
//
//   simulate [--seed FIRST] [--seeds N] [--seconds T] [--verbose] [--json FILE]
//
// Every 16th seed is lived twice: both traces must be the same. In three of four lives some
// handlers are behind a simulated wire (elsewhere.h). Ends with 0 if all promises were kept. A
// crash of the program says in which life it was.

#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/log.h"
#include "tests/simulation/life.h"

namespace {

using holdfast::simulation::Verdict;

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t seeds = UINT64_MAX;
  double seconds = 10;
  bool verbose = false;
  std::string json;
};

Options read(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const auto is = [&](const char* name) { return std::strcmp(words[i], name) == 0; };
    if (is("--verbose")) {
      options.verbose = true;
    } else if (i + 1 < count && is("--seed")) {
      options.seed = std::strtoull(words[++i], nullptr, 10);
    } else if (i + 1 < count && is("--seeds")) {
      options.seeds = std::strtoull(words[++i], nullptr, 10);
      options.seconds = 1e9;
    } else if (i + 1 < count && is("--seconds")) {
      options.seconds = std::strtod(words[++i], nullptr);
    } else if (i + 1 < count && is("--json")) {
      options.json = words[++i];
    } else {
      std::fprintf(stderr,
                   "simulate [--seed FIRST] [--seeds N] [--seconds T] [--verbose] "
                   "[--json FILE]\n");
      std::exit(2);
    }
  }
  return options;
}

struct Totals {
  std::uint64_t lives = 0;
  std::map<std::string, std::uint64_t> counts;
  std::vector<std::string> broken;
  std::uint64_t broken_seed = 0;
};

boost::json::object counts_of(const Totals& totals, std::initializer_list<const char*> names) {
  boost::json::object counts;
  for (const char* const name : names) {
    const auto found = totals.counts.find(name);
    counts[name] = found == totals.counts.end() ? 0 : found->second;
  }
  return counts;
}

// As tests/prove/prove.py reads it.
void write_json(const std::string& path, const Totals& totals, std::uint64_t first) {
  const std::uint64_t seed = totals.broken.empty() ? first : totals.broken_seed;
  boost::json::object checked =
      counts_of(totals, {"promises checked", "steps executed", "requests accepted", "results read",
                         "timers fired", "kills acknowledged"});
  checked["seeds"] = totals.lives;
  const boost::json::object report{
      {"layer", "simulation"},
      {"injected",
       counts_of(totals, {"power cuts", "failed writes", "clocks set back", "clock leaps",
                          "endpoints ended", "exchanges broken", "rare ways taken"})},
      {"checked", std::move(checked)},
      {"violations", boost::json::array(totals.broken.begin(), totals.broken.end())},
      {"seed", seed},
      {"replay", "simulate --seed " + std::to_string(seed) + " --seeds 1 --verbose"}};
  std::ofstream(path) << report << '\n';
}

// What is printed if the program crashes. Made beforehand: a signal handler may only write.
std::array<char, 128> last_words;

void crashed(int signal) {
  (void)!write(STDOUT_FILENO, last_words.data(), std::strlen(last_words.data()));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void note_life(std::uint64_t seed) {
  std::snprintf(last_words.data(), last_words.size(),
                "BROKEN crashed\nagain: simulate --seed %llu --seeds 1 --verbose\n",
                static_cast<unsigned long long>(seed));
}

}  // namespace

int main(int count, char** words) {
  const Options options = read(count, words);
  holdfast::set_log_level(holdfast::LogLevel::kOff);
  const auto began = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) {
    std::signal(signal, crashed);
  }
  Totals totals;
  for (std::uint64_t seed = options.seed; totals.lives < options.seeds && totals.broken.empty() &&
                                          (seconds() < options.seconds || totals.lives == 0);
       ++seed) {
    note_life(seed);
    Verdict verdict = holdfast::simulation::live(seed, options.verbose);
    if (seed % 16 == 0 && holdfast::simulation::live(seed).trace != verdict.trace) {
      verdict.broken.push_back("two runs of the seed went different ways");
    }
    ++totals.lives;
    for (const auto& [name, value] : verdict.counts) totals.counts[name] += value;
    totals.broken = std::move(verdict.broken);
    totals.broken_seed = seed;
  }

  std::printf("%10llu  seeds, %.0f a second\n", static_cast<unsigned long long>(totals.lives),
              static_cast<double>(totals.lives) / seconds());
  for (const auto& [name, value] : totals.counts) {
    std::printf("%10llu  %s\n", static_cast<unsigned long long>(value), name.c_str());
  }
  for (std::size_t i = 0; i < totals.broken.size() && i < 10; ++i) {
    std::printf("BROKEN %s\n", totals.broken[i].c_str());
  }
  if (!totals.broken.empty()) {
    std::printf("again: simulate --seed %llu --seeds 1 --verbose\n",
                static_cast<unsigned long long>(totals.broken_seed));
  }
  if (!options.json.empty()) write_json(options.json, totals, options.seed);
  return totals.broken.empty() ? 0 : 1;
}
