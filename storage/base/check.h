#pragma once
// CHECK: an assertion about our own code. It stays on in release builds and ends the process,
// because in a durable engine a crash is the safe move. Input, disk and network are never a CHECK.

namespace holdfast {

[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* why);

}  // namespace holdfast

#define CHECK(condition, why)                                        \
  do {                                                               \
    if (!(condition)) [[unlikely]] {                                 \
      ::holdfast::check_failed(__FILE__, __LINE__, #condition, why); \
    }                                                                \
  } while (false)
