#pragma once
// RowCheck: every row of the store by itself. Of use inside journal/verify only.

#include "journal/tables/tables.h"
#include "journal/verify/reporter.h"
#include "storage/key_space.h"
#include "storage/store.h"

namespace holdfast::journal {

class RowCheck {
 public:
  RowCheck(const storage::Reader& store, Reporter& reporter) : store_(store), reporter_(reporter) {}

  // Reads all there is. Whether every table could be read to its end; only then the lack of a row
  // says something.
  bool check_all();

 private:
  void read_last_stamp();
  void check_range(BytesView begin, BytesView end, Part part);
  // What is wrong with the row; none: nothing.
  Result<void> check_row(BytesView key, BytesView value) const;
  Result<void> check_stamp(BytesView key) const;

  const storage::Reader& store_;
  Reporter& reporter_;
  bool readable_ = true;
  Stamp last_stamp_ = UINT64_MAX;  // That the log has given.
};

}  // namespace holdfast::journal
