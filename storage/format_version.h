#pragma once
// Format version: the stamp in the data folder, and who may open it.
//
// A data folder holds LOCK (held by flock while a server runs; its text is that server's pid),
// FORMAT (the stamp), and `store` (the files of the store). The stamp is durable before the store
// is made, so a store without a stamp is not ours to touch.
//
// Invariants
//   INV-10  A folder stamped by an older release opens; one stamped by a newer release is refused,
//           not misread. It bears our stamp before it holds anything of ours.
//
// Format: docs/formats/data_folder.md.

#include <string>

#include "storage/base/result.h"

namespace holdfast::storage {

// Grows when stored bytes change so that older releases could not read them.
inline constexpr int kDataFormat = 4;

// An open data folder: no other server opens it while this lives. Moves, does not copy.
class DataFolder {
 public:
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&& other) = delete;
  // Gives the lock back.
  ~DataFolder();

  const std::string& path() const { return path_; }
  // Where the store has its files.
  std::string store_path() const { return path_ + "/store"; }

  // Replaces an older stamp by ours, durably; from then on the older release refuses the folder.
  // Once its store has opened, so that a start that fails leaves the way back; and before anything
  // is written to it. kUnavailable: the file system refuses.
  Result<void> adopt();

 private:
  friend Result<DataFolder> open_data_folder(const std::string& path);
  friend Result<DataFolder> open_data_folder_to_read(const std::string& path);
  DataFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_;               // File descriptor; -1 when moved from.
  bool is_older_ = false;  // Its stamp.
};

// Opens the folder, or makes and stamps it; an older stamp stays until adopt(). The message names
// the folder and the reason in one line.
//   kConflict         another server has it open
//   kInvalidArgument  a newer release wrote it; or it holds something that is not Holdfast's
//   kCorruption       its stamp is not one
//   kUnavailable      the file system refuses
Result<DataFolder> open_data_folder(const std::string& path);

// Opens a folder that is there already, for somebody who only reads: nothing in it is made or
// changed. No server opens it while the result lives; other readers do. A copy without a LOCK is
// read without one. Errors as above, and
//   kNotFound         no such folder, or no server has made a store in it
Result<DataFolder> open_data_folder_to_read(const std::string& path);

}  // namespace holdfast::storage
