// How many batches a second the committer makes durable, by how many are outstanding at once, and
// how long one commit round takes. Every batch is one put and one stamped put of 100 bytes, and
// adds to one of three counters.
//
//   committer_bench [folder]      the folder is made and removed; its disk is what is measured

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/committer.h"
#include "storage/local_log.h"
#include "storage/rocks_store.h"

namespace holdfast::storage {
namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::seconds kPerRow(2);

// Notes how long each append takes.
class TimedLog final : public Log {
 public:
  explicit TimedLog(Log& log) : log_(log) {}

  AppendOutcome append(Epoch epoch, std::span<const Batch* const> batches) override {
    const auto start = Steady::now();
    AppendOutcome outcome = log_.append(epoch, batches);
    micros.push_back(std::chrono::duration<double, std::micro>(Steady::now() - start).count());
    return outcome;
  }

  std::vector<double> micros;

 private:
  Log& log_;
};

// Keeps a number of batches outstanding: each receipt submits the next one.
class Load {
 public:
  Load(Committer& committer, int outstanding) : committer_(committer), open_(outstanding) {
    for (int i = 0; i < outstanding; ++i) submit();
  }

  void end() {
    ending_ = true;
    while (open_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::uint64_t done() const { return done_; }

 private:
  void submit() {
    Batch batch;
    const std::uint64_t number = done_;
    batch.put(key_prefix(Table::kInvocation, number % 1000), value_);
    batch.put_stamped(key_prefix(Table::kJournal, number % 1000), value_);
    batch.add(kCounters[number % 3], 1);
    committer_.submit(std::move(batch), [this](const CommitReceipt&) {
      ++done_;
      if (ending_) {
        --open_;
      } else {
        submit();
      }
    });
  }

  static constexpr BytesView kCounters[] = {"a service, completed", "another, completed",
                                            "a third"};

  Committer& committer_;
  const Bytes value_ = Bytes(100, 'v');
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<int> open_;
  std::atomic<bool> ending_ = false;
};

double quantile(std::vector<double>& sorted, double q) {
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(q * double(sorted.size() - 1))];
}

int measure(const std::string& folder) {
  std::printf("%12s %12s %12s %10s %10s\n", "outstanding", "batches/s", "per round", "p50 us",
              "p99 us");
  const SystemClock clock;
  for (const int outstanding : {1, 64, 1000, 4000}) {
    auto store = RocksStore::open(folder, {});
    if (!store.has_value()) {
      std::fprintf(stderr, "%s\n", store.error().message().c_str());
      return 1;
    }
    auto opened = LocalLog::open(**store, {}, clock, [](const auto&...) { return Result<void>(); });
    if (!opened.has_value()) {
      std::fprintf(stderr, "%s\n", opened.error().message().c_str());
      return 1;
    }
    LocalLog& log = **opened;
    TimedLog timed(log);
    Committer committer(timed, log.epoch(), {});

    const auto start = Steady::now();
    Load load(committer, outstanding);
    std::this_thread::sleep_for(kPerRow);
    const auto done = static_cast<double>(load.done());
    const double seconds = std::chrono::duration<double>(Steady::now() - start).count();
    load.end();
    committer.stop();

    std::sort(timed.micros.begin(), timed.micros.end());
    std::printf("%12d %12.0f %12.1f %10.0f %10.0f\n", outstanding, done / seconds,
                static_cast<double>(load.done()) / static_cast<double>(timed.micros.size()),
                quantile(timed.micros, 0.5), quantile(timed.micros, 0.99));
  }
  return 0;
}

}  // namespace
}  // namespace holdfast::storage

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "holdfast-committer-bench";
  const int code = holdfast::storage::measure(folder);
  std::filesystem::remove_all(folder);
  return code;
}
