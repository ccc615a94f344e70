// Driver: a main for fuzz targets where libFuzzer is not at hand. It replays files, then changes
// the samples at random for some seconds. Coverage does not guide it.
//
//   x_fuzz [--seconds N] [--seed N] [FILE or FOLDER]...
//
// The seed is printed first; the input of the moment is left in x_fuzz.input when it crashes.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "storage/base/random.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using holdfast::Bytes;

// For the signal handler.
Bytes current;
std::string input_name;

void run(const Bytes& input) {
  current = input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

void leave_input(int signal) {
  if (FILE* file = std::fopen(input_name.c_str(), "wb")) {
    std::fwrite(current.data(), 1, current.size(), file);
    std::fclose(file);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void replay(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) replay(entry.path());
    }
    return;
  }
  std::ifstream file(path, std::ios::binary);
  run(Bytes(std::istreambuf_iterator<char>(file), {}));
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed)
      : random_(seed), target_(fuzz_target()), seeds_(target_.seeds()) {}

  Bytes next() {
    Bytes input = pick();
    for (auto n = below(3); n > 0; --n) input += pick().substr(target_.head);
    for (auto n = 1 + below(6); n > 0; --n) change(input);
    return input;
  }

 private:
  std::uint64_t below(std::uint64_t end) { return end == 0 ? 0 : random_.next() % end; }
  const Bytes& pick() { return seeds_[below(seeds_.size())]; }

  void change(Bytes& input) {
    const std::size_t at = below(input.size());
    switch (below(8)) {
      case 0:
        input[at] = static_cast<char>(below(256));
        break;
      case 1:
        input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 2:
        input.erase(at, 1 + below(4));
        break;
      case 3:
        input.insert(at, 1 + below(4), static_cast<char>(below(256)));
        break;
      case 4: {  // A part of another one.
        const Bytes& other = pick();
        input.insert(at, other.substr(below(other.size()), below(16)));
        break;
      }
      case 5:  // A part of itself once more.
        input.insert(at, input.substr(below(input.size()), below(16)));
        break;
      case 6:
        input.resize(at);
        break;
      default:
        if (target_.mend != nullptr) target_.mend(input);
        break;
    }
    const std::size_t least = std::max<std::size_t>(target_.head, 1);
    if (input.size() < least) input.resize(least, '\0');
  }

  holdfast::SeededRandom random_;
  const FuzzTarget target_;
  const std::vector<Bytes> seeds_;
};

}  // namespace

int main(int argc, char* argv[]) {
  std::uint64_t seed = holdfast::SystemRandom().next();
  double seconds = 5;
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const bool has_next = i + 1 < argc;
    if (std::strcmp(argv[i], "--seconds") == 0 && has_next) {
      seconds = std::strtod(argv[++i], nullptr);
    } else if (std::strcmp(argv[i], "--seed") == 0 && has_next) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      paths.push_back(argv[i]);
    }
  }
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  input_name = std::string(fuzz_target().name) + ".input";
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) std::signal(signal, leave_input);

  for (const std::string& path : paths) replay(path);
  for (const Bytes& input : fuzz_target().seeds()) run(input);
  Mutator mutator(seed);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::size_t inputs = 0;
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 100; ++i) run(mutator.next());
    inputs += 100;
  }
  std::printf("%zu inputs\n", inputs);
  return 0;
}
