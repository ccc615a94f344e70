#include "storage/log_check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>

#include "storage/base/bytes.h"
#include "storage/file.h"

namespace holdfast::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockSize = 32 << 10;
constexpr std::size_t kHeaderSize = 7;
constexpr std::size_t kSectorSize = 512;
constexpr std::size_t kBatchHeaderSize = 12;
enum Type : std::uint8_t { kZero = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// CRC-32C.
using Crc = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

// As the format has it.
std::uint32_t masked(const Crc& crc) {
  return (crc.checksum() >> 15 | crc.checksum() << 17) + 0xa282ead8u;
}

template <class Integer>
Integer read_little_endian(BytesView from) {
  std::uint64_t value = 0;
  for (std::size_t i = sizeof(Integer); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(from[i]);
  }
  return static_cast<Integer>(value);
}

bool is_zero(BytesView bytes) { return bytes.find_first_not_of('\0') == BytesView::npos; }

// Why a fragment is bad. A crash leaves less than there should be at the end of the file, or
// sectors that were never written.
enum class Bad : std::uint8_t { kDamaged, kCutShort, kHole };

// A fragment at a place of a block, as its first 7 bytes have it.
struct Fragment {
  // REQUIRES: there are so many.
  Fragment(BytesView block, std::size_t at)
      : block_(block), at_(at), length_(read_little_endian<std::uint16_t>(block.substr(at + 4))) {}

  std::uint8_t type() const { return static_cast<std::uint8_t>(block_[at_ + 6]); }
  std::size_t end() const { return at_ + kHeaderSize + length_; }
  BytesView content() const { return block_.substr(at_ + kHeaderSize, length_); }
  bool is_good() const { return end() <= block_.size() && checksum_fits(length_); }
  bool begins_a_record() const { return type() == kFull || type() == kFirst; }

  // REQUIRES: !is_good(). `is_last` is of the block, in its file.
  Bad explain(bool is_last) const {
    if (fits_another_length()) return Bad::kDamaged;
    if (end() > block_.size() && is_last && block_.size() < kBlockSize) return Bad::kCutShort;
    return has_hole(std::min(end(), block_.size())) ? Bad::kHole : Bad::kDamaged;
  }

 private:
  std::uint32_t checksum() const { return read_little_endian<std::uint32_t>(block_.substr(at_)); }
  bool checksum_fits(std::size_t length) const {
    Crc crc;
    crc.process_bytes(block_.data() + at_ + 6, 1 + length);
    return masked(crc) == checksum();
  }
  // Whether the content is there and only the length is wrong: one bit of it, or it is all that is
  // left.
  bool fits_another_length() const {
    const std::size_t left = block_.size() - at_ - kHeaderSize;
    if (type() < kFull || type() > kLast) return false;
    for (int bit = 0; bit < 16; ++bit) {
      const std::size_t other = length_ ^ std::size_t{1} << bit;
      if (other <= left && checksum_fits(other)) return true;
    }
    return checksum_fits(left);
  }
  // Whether what is in one of the sectors is zero.
  bool has_hole(std::size_t end) const {
    for (std::size_t from = at_; from < end;) {
      const std::size_t to = std::min(end, (from / kSectorSize + 1) * kSectorSize);
      if (is_zero(block_.substr(from, to - from))) return true;
      from = to;
    }
    return false;
  }

  const BytesView block_;
  const std::size_t at_;
  const std::size_t length_;
};

// What may be unsynced at one time: one record, or several. After one nothing can be read; after
// the hole of several there may be more of them.
enum class Appends : std::uint8_t { kOneByOne, kSeveral };

// What is known of one file.
struct Extent {
  bool is_torn = false;
  bool has_record = false;
  std::optional<std::uint64_t> damaged_at;
  // Numbers of the first write that is in it, and of the one that comes next. Of logs only.
  std::optional<std::uint64_t> first;
  std::optional<std::uint64_t> next;
};

// Takes one block after the other, to the end or to damage.
class Scan {
 public:
  explicit Scan(Appends appends) : appends_(appends) {}

  // `is_last`: no other follows.
  void take(BytesView block, bool is_last) {
    if (!bad_at_.has_value()) {
      take_good(block, is_last);
    } else if (!is_zero(block)) {
      is_torn_ = true;
      if (appends_ == Appends::kOneByOne && record_begins_in(block, 0)) {
        extent_.damaged_at = bad_at_;
      }
    }
    offset_ += block.size();
    if (is_last && !extent_.damaged_at) extent_.is_torn = is_torn_ || in_record_;
  }
  const Extent& extent() const { return extent_; }

 private:
  void take_good(BytesView block, bool is_last) {
    std::size_t at = 0;
    while (block.size() - at >= kHeaderSize) {
      const Fragment fragment(block, at);
      if (!fragment.is_good()) return take_bad(block, at, fragment.explain(is_last));
      if (fragment.begins_a_record() == in_record_) return take_bad(block, at, Bad::kDamaged);
      if (fragment.begins_a_record()) note_write(fragment.content());
      in_record_ = fragment.type() == kFirst || fragment.type() == kMiddle;
      if (!in_record_) {
        extent_.next = next_;
        extent_.has_record = true;
      }
      at = fragment.end();
    }
    // Less than a header: before the next block nothing, at the end of the file one that is torn.
    if (is_last && at < block.size() && block.size() < kBlockSize) end_at(block, at);
  }

  // What is behind is no part of the log; zeros were never anything else.
  void end_at(BytesView block, std::size_t at) {
    bad_at_ = offset_ + at;
    is_torn_ = !is_zero(block.substr(at));
  }

  void take_bad(BytesView block, std::size_t at, Bad bad) {
    end_at(block, at);
    const bool may_go_on = bad == Bad::kHole && appends_ == Appends::kSeveral;
    // Where the next record would begin is not known.
    if (bad == Bad::kDamaged || (!may_go_on && record_begins_in(block, at + 1))) {
      extent_.damaged_at = bad_at_;
    }
  }

  // Looks for a good beginning of a record at each place.
  static bool record_begins_in(BytesView block, std::size_t from) {
    for (std::size_t at = from; at + kHeaderSize <= block.size(); ++at) {
      const Fragment fragment(block, at);
      if (fragment.begins_a_record() && fragment.is_good()) return true;
    }
    return false;
  }

  void note_write(BytesView content) {
    next_.reset();
    if (content.size() < kBatchHeaderSize) return;
    const auto number = read_little_endian<std::uint64_t>(content);
    next_ = number + read_little_endian<std::uint32_t>(content.substr(8));
    if (!extent_.first) extent_.first = number;
  }

  const Appends appends_;
  Extent extent_;
  std::uint64_t offset_ = 0;             // Of the block, in the file.
  bool in_record_ = false;               // After a first or middle fragment.
  std::optional<std::uint64_t> next_;    // As of Extent, with the record that is being read.
  std::optional<std::uint64_t> bad_at_;  // From there on nothing is believed.
  bool is_torn_ = false;                 // Something is there.
};

Error unreadable(const std::string& path) {
  return {ErrorCode::kUnavailable,
          fmt::format("store: cannot read {}: {}", path, std::strerror(errno))};
}

Error damaged(const std::string& path, std::uint64_t at) {
  return {ErrorCode::kCorruption,
          fmt::format("store: {} is damaged at byte {}, and acknowledged writes may be lost", path,
                      at)};
}

// Up to a whole block; less at the end of the file.
Result<std::size_t> read_block(int fd, const std::string& path, Bytes& block) {
  block.resize(kBlockSize);
  std::size_t have = 0;
  while (have < kBlockSize) {
    const ssize_t size = ::read(fd, block.data() + have, kBlockSize - have);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return unreadable(path);
    if (size == 0) break;
    have += static_cast<std::size_t>(size);
  }
  block.resize(have);
  return have;
}

// kCorruption when it is damaged.
Result<Extent> check_file(const std::string& path, Appends appends) {
  const File file(path, O_RDONLY);
  if (!file.is_open()) return unreadable(path);
  Scan scan(appends);
  Bytes block;
  Bytes following;
  std::size_t size = TRY(read_block(file.fd(), path, block));
  while (size > 0) {
    const std::size_t more = TRY(read_block(file.fd(), path, following));
    scan.take(block, more == 0);
    if (const auto at = scan.extent().damaged_at) return damaged(path, *at);
    std::swap(block, following);
    size = more;
  }
  return scan.extent();
}

// By number.
Result<std::map<std::uint64_t, std::string>> find_logs(const std::string& folder) {
  std::map<std::uint64_t, std::string> logs;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec == std::errc() && std::string_view(parsed.ptr) == ".log") {
      logs.emplace(number, at->path().string());
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    errno = error.value();
    return unreadable(folder);
  }
  return logs;
}

}  // namespace

Result<void> check_write_ahead_logs(const std::string& folder) {
  std::optional<std::uint64_t> next;  // With which number a later log must go on.
  std::string torn;                   // The log that was cut short before it.
  for (const auto& [number, path] : TRY(find_logs(folder))) {
    const Extent extent = TRY(check_file(path, Appends::kOneByOne));
    if (!torn.empty() && extent.first && next && *extent.first != *next) {
      return Error(ErrorCode::kCorruption,
                   fmt::format("store: {} ends too early: {} begins with write {}, not {}", torn,
                               path, *extent.first, *next));
    }
    if (extent.first) torn.clear();
    if (extent.has_record) next = extent.next;
    if (extent.is_torn) torn = path;
  }
  return {};
}

Result<void> check_manifest(const std::string& folder) {
  const std::string current = folder + "/CURRENT";
  const File file(current, O_RDONLY);
  if (!file.is_open()) return errno == ENOENT ? Result<void>() : unreadable(current);
  Bytes name;
  TRY(read_block(file.fd(), current, name));
  if (!name.starts_with("MANIFEST-") || !name.ends_with('\n')) return {};  // RocksDB will say so.
  name.pop_back();
  std::error_code error;
  if (!fs::exists(folder + "/" + name, error)) return {};
  (void)TRY(check_file(folder + "/" + name, Appends::kSeveral));
  return {};
}

}  // namespace holdfast::storage
