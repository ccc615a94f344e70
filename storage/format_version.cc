#include "storage/format_version.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "storage/file.h"

namespace holdfast::storage {
namespace {

namespace fs = std::filesystem;

constexpr int kLockTries = 50;
constexpr std::chrono::milliseconds kBetweenLockTries(20);
constexpr std::string_view kStampStart = "holdfast data ";
constexpr std::string_view kReadStamp = "read its FORMAT";

// The error that errno tells of.
Error unavailable(const std::string& path, std::string_view act) {
  return {ErrorCode::kUnavailable,
          fmt::format("data folder {}: cannot {}: {}", path, act, std::strerror(errno))};
}

// The whole of a small file; none of it when it is longer than any that we write.
Result<std::string> read_small(const std::string& path, int fd, std::string_view act) {
  char buffer[64];
  const ssize_t size = pread(fd, buffer, sizeof(buffer), 0);
  if (size < 0) return unavailable(path, act);
  if (size == static_cast<ssize_t>(sizeof(buffer))) return std::string();
  return std::string(buffer, static_cast<std::size_t>(size));
}

Result<void> sync_folder(const std::string& path, const std::string& reported) {
  const File folder(path, O_RDONLY | O_DIRECTORY);
  if (!folder.is_open() || fsync(folder.fd()) != 0) return unavailable(reported, "sync it");
  return {};
}

// Makes the folder and those above it, each durable in the one above.
Result<void> make_folder(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return {};
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  fs::path made = absolute.root_path();
  for (const fs::path& part : absolute.relative_path()) {
    if (part.empty()) continue;
    const fs::path parent = made;
    made /= part;
    if (fs::create_directory(made, error)) TRY(sync_folder(parent, path));
    if (error) {
      errno = error.value();
      return unavailable(path, "make it");
    }
  }
  return {};
}

// `how` is LOCK_EX or LOCK_SH. Who was killed a moment ago lets go of it when the kernel has taken
// that process apart, which is waited for.
Result<void> lock(const std::string& path, const File& file, int how) {
  for (int tries = 0; tries < kLockTries; ++tries) {
    if (flock(file.fd(), how | LOCK_NB) == 0) return {};
    if (errno != EWOULDBLOCK) return unavailable(path, "lock it");
    std::this_thread::sleep_for(kBetweenLockTries);
  }
  const auto pid = read_small(path, file.fd(), "read its LOCK");
  return Error(ErrorCode::kConflict,
               fmt::format("data folder {} is in use by another server (pid {})", path,
                           pid ? *pid : "unknown"));
}

Result<int> lock_folder(const std::string& path) {
  File lock_file(path + "/LOCK", O_RDWR | O_CREAT);
  if (!lock_file.is_open()) return unavailable(path, "open its LOCK");
  TRY(lock(path, lock_file, LOCK_EX));
  const std::string pid = std::to_string(getpid());
  if (ftruncate(lock_file.fd(), 0) != 0 ||
      pwrite(lock_file.fd(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return unavailable(path, "write its LOCK");
  }
  return lock_file.take();
}

// -1: there is no LOCK.
Result<int> lock_folder_to_read(const std::string& path) {
  File lock_file(path + "/LOCK", O_RDONLY);
  if (!lock_file.is_open() && errno == ENOENT) return -1;
  if (!lock_file.is_open()) return unavailable(path, "open its LOCK");
  TRY(lock(path, lock_file, LOCK_SH));
  return lock_file.take();
}

// Write beside, sync, rename, sync the folder: after a crash there is the whole stamp or none.
Result<void> write_stamp(const std::string& path) {
  const std::string beside = path + "/FORMAT.tmp";
  const std::string stamp = fmt::format("{}{}\n", kStampStart, kDataFormat);
  {
    const File file(beside, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.is_open() ||
        pwrite(file.fd(), stamp.data(), stamp.size(), 0) != static_cast<ssize_t>(stamp.size()) ||
        fsync(file.fd()) != 0) {
      return unavailable(path, "write its FORMAT");
    }
  }
  if (rename(beside.c_str(), (path + "/FORMAT").c_str()) != 0) {
    return unavailable(path, "rename its FORMAT");
  }
  return sync_folder(path, path);
}

// The first thing in the folder that a data folder without a stamp does not have.
Result<std::optional<std::string>> find_foreign(const std::string& path) {
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name != "LOCK" && name != "FORMAT.tmp" && name != "lost+found") {
      return std::optional<std::string>(name);
    }
  }
  if (error) {
    errno = error.value();
    return unavailable(path, "list it");
  }
  return std::optional<std::string>();
}

// The format it tells.
Result<int> check_stamp(const std::string& path, const std::string& stamp) {
  int format = 0;
  const char* const end = stamp.data() + stamp.size();
  if (stamp.starts_with(kStampStart)) {
    const auto [rest, error] = std::from_chars(stamp.data() + kStampStart.size(), end, format);
    if (error != std::errc() || rest == end || std::string_view(rest, end) != "\n") format = 0;
  }
  if (format <= 0) {
    return Error(ErrorCode::kCorruption,
                 fmt::format("data folder {}: its FORMAT is damaged; restore it from a backup, or "
                             "write \"{}{}\" if you know that is what it was",
                             path, kStampStart, kDataFormat));
  }
  if (format > kDataFormat) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("data folder {} has format {}, this release reads up to {}; start the "
                             "newer release",
                             path, format, kDataFormat));
  }
  return format;
}

// The format it has, ours if it had none yet.
Result<int> check_or_write_stamp(const std::string& path) {
  const File file(path + "/FORMAT", O_RDONLY);
  if (file.is_open()) return check_stamp(path, TRY(read_small(path, file.fd(), kReadStamp)));
  if (errno != ENOENT) return unavailable(path, kReadStamp);
  const std::optional<std::string> foreign = TRY(find_foreign(path));
  if (foreign.has_value()) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("data folder {} has no FORMAT but holds \"{}\"; name an empty or new "
                             "folder",
                             path, *foreign));
  }
  TRY(write_stamp(path));
  return kDataFormat;
}

}  // namespace

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      is_older_(other.is_older_) {}

DataFolder::~DataFolder() {
  if (lock_ >= 0) close(lock_);
}

Result<DataFolder> open_data_folder(const std::string& path) {
  TRY(make_folder(path));
  DataFolder folder(path, TRY(lock_folder(path)));
  folder.is_older_ = TRY(check_or_write_stamp(path)) < kDataFormat;
  return folder;
}

Result<void> DataFolder::adopt() {
  if (!is_older_) return {};
  TRY(write_stamp(path_));
  is_older_ = false;
  return {};
}

Result<DataFolder> open_data_folder_to_read(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return Error(ErrorCode::kNotFound, fmt::format("there is no data folder {}", path));
  }
  DataFolder folder(path, TRY(lock_folder_to_read(path)));
  const File stamp(path + "/FORMAT", O_RDONLY);
  if (!stamp.is_open() && errno != ENOENT) return unavailable(path, kReadStamp);
  if (!stamp.is_open()) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{} is no data folder: it has no FORMAT", path));
  }
  TRY(check_stamp(path, TRY(read_small(path, stamp.fd(), kReadStamp))));
  if (!fs::is_directory(folder.store_path(), error)) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("data folder {} has no store: no server has started on it", path));
  }
  return folder;
}

}  // namespace holdfast::storage
