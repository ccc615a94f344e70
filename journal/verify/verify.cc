#include "journal/verify/verify.h"

#include <utility>

#include "journal/verify/relation_check.h"
#include "journal/verify/reporter.h"
#include "journal/verify/row_check.h"

namespace holdfast::journal {

StoreReport verify_store(const storage::Reader& store, const VerifyOptions& options) {
  Reporter reporter(options);
  if (RowCheck(store, reporter).check_all()) {
    const auto checked = RelationCheck(store, reporter).check_all();
    if (!checked) {
      reporter.problem(Part::kFields, "the rows could not be compared to their end",
                       "the whole store", checked.error().message());
    }
  } else {
    reporter.problem(Part::kFields, "the rows were not compared with each other", "the whole store",
                     "not all of them can be read; see the problems above");
  }
  return std::move(reporter).report();
}

}  // namespace holdfast::journal
