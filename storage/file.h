#pragma once
// File: a file descriptor that is closed unless it is taken. Of use inside storage only.

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace holdfast::storage {

class File {
 public:
  // Not open: errno says why.
  File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0640)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  int take() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace holdfast::storage
