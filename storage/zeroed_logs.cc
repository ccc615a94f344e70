#include "storage/zeroed_logs.h"

#include <rocksdb/file_system.h>

#include <cstdint>
#include <string>
#include <utility>

namespace holdfast::storage {
namespace {

using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class Log final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  explicit Log(std::unique_ptr<FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const IOStatus status = target()->PositionedAppend(data, size_, options, debug);
    if (!status.ok()) {
      target()->Truncate(size_, options, debug).PermitUncheckedError();
      return status;
    }
    size_ += data.size();
    usual_ = usual_ - usual_ / 8 + data.size() / 8;
    return size_ > zeroed_ && usual_ < kLargeAppends ? bring_zeros(options, debug) : status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }
  // Room that is not written would not be zeros.
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}
  IOStatus Allocate(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus status =
        zeroed_ > size_ ? target()->Truncate(size_, options, debug) : IOStatus::OK();
    const IOStatus closed = target()->Close(options, debug);
    return status.ok() ? closed : status;
  }

 private:
  // RocksDB appends what is longer than a MiB in pieces: no piece but the last gets here.
  IOStatus bring_zeros(const IOOptions& options, IODebugContext* debug) {
    static const std::string kZeros(kZeroedAhead, '\0');
    IOStatus status = target()->PositionedAppend(kZeros, size_, options, debug);
    // The disk may yet have room for what is to be logged.
    if (!status.ok() && status.IsNoSpace()) status = target()->Truncate(size_, options, debug);
    if (status.ok()) zeroed_ = size_ + kZeros.size();
    return status;
  }

  std::uint64_t size_ = 0;    // Of what was appended.
  std::uint64_t usual_ = 0;   // Size of an append.
  std::uint64_t zeroed_ = 0;  // Where the zeros that came last end, or ended.
};

class ZeroedLogs final : public rocksdb::FileSystemWrapper {
 public:
  explicit ZeroedLogs(const std::shared_ptr<rocksdb::FileSystem>& base) : FileSystemWrapper(base) {}

  const char* Name() const override { return "holdfast.ZeroedLogs"; }
  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) override {
    IOStatus status = target()->NewWritableFile(path, options, file, debug);
    if (status.ok() && path.ends_with(".log")) *file = std::make_unique<Log>(std::move(*file));
    return status;
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> with_zeroed_logs(std::shared_ptr<rocksdb::FileSystem> base) {
  return std::make_shared<ZeroedLogs>(base);
}

}  // namespace holdfast::storage
