#include "actors/steps/thread_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string_view>

namespace holdfast::actors {

ThreadId this_thread_id() { return static_cast<ThreadId>(::syscall(SYS_gettid)); }

bool is_blocked(ThreadId thread) {
  const int file =
      ::open(fmt::format("/proc/self/task/{}/stat", thread).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char text[128];
  const ssize_t size = ::read(file, text, sizeof text);
  ::close(file);
  // proc(5): "tid (name) state ..."; the name is at most 15 characters and ours have no ')'.
  const std::string_view line(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t after_name = line.rfind(") ");
  if (after_name == std::string_view::npos || after_name + 2 >= line.size()) return false;
  const char state = line[after_name + 2];
  return state == 'S' || state == 'D';
}

}  // namespace holdfast::actors
