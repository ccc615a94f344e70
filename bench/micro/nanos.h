#pragma once
// How long a call takes, in a line of a fixed form: a name, at times a size, nanoseconds. The form
// is read by bench/micro_figures.py.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace holdfast::bench {

// What results go to, so that no call can be left out.
inline volatile std::size_t sink;

// Nanoseconds per call of `work`, the best of five passes of at least 50 ms each.
template <class Work>
double nanos_per_call(Work work) {
  using Steady = std::chrono::steady_clock;
  double best = 1e12;
  std::int64_t calls = 1;
  for (int pass = 0; pass < 5;) {
    const auto start = Steady::now();
    for (std::int64_t i = 0; i < calls; ++i) work();
    const double took = std::chrono::duration<double, std::nano>(Steady::now() - start).count();
    if (took < 50e6) {
      calls *= took < 5e6 ? 10 : 2;
      continue;
    }
    best = std::min(best, took / static_cast<double>(calls));
    ++pass;
  }
  return best;
}

// `per`: what a call counts for, when it does the same many times.
template <class Work>
void report(const char* what, Work work, double per = 1) {
  const double nanos = nanos_per_call([&] { sink = sink + work(); });
  std::printf("%-44s %10.1f ns\n", what, nanos / per);
  std::fflush(stdout);
}

template <class Work>
void report_with_size(const char* what, std::size_t bytes, Work work) {
  const double nanos = nanos_per_call([&] { sink = sink + work(); });
  std::printf("%-28s %6zu bytes %8.1f ns\n", what, bytes, nanos);
  std::fflush(stdout);
}

}  // namespace holdfast::bench
