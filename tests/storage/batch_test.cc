#include "storage/batch.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>

namespace holdfast::storage {
namespace {

// The operations of a batch as text.
struct Transcript {
  std::string text;
  void put(BytesView key, BytesView value) { add("put", key, value); }
  void put_stamped(BytesView key, BytesView value) { add("stamp", key, value); }
  void erase(BytesView key) { add("erase", key, ""); }
  void add(BytesView counter, std::int64_t delta) { add("add", counter, std::to_string(delta)); }
  void add(const char* act, BytesView key, BytesView value) {
    text.append(act).append(" ").append(key).append("=").append(value).append(";");
  }
};

std::string transcript(const Batch& batch) {
  Transcript visitor;
  batch.visit(visitor);
  return visitor.text;
}

BOOST_AUTO_TEST_SUITE(batch)

BOOST_AUTO_TEST_CASE(a_visitor_sees_the_operations_in_order) {
  Batch batch;
  batch.put("a", "1");
  batch.erase("b");
  batch.put_stamped("c", "");

  BOOST_TEST(transcript(batch) == "put a=1;erase b=;stamp c=;");
  BOOST_TEST(batch.stamped_count() == 1U);
  BOOST_TEST(!batch.empty());
}

BOOST_AUTO_TEST_CASE(appending_adds_the_other_after_and_empties_it) {
  Batch first;
  first.put("a", "1");
  Batch second;
  second.put_stamped("b", "2");

  first.append(std::move(second));

  BOOST_TEST(transcript(first) == "put a=1;stamp b=2;");
  BOOST_TEST(first.stamped_count() == 1U);
  BOOST_TEST(second.empty());  // NOLINT: append() leaves it empty.
  BOOST_TEST(second.stamped_count() == 0U);
}

BOOST_AUTO_TEST_CASE(an_addition_is_an_operation_and_goes_where_its_batch_goes) {
  Batch first;
  first.put("a", "1");
  Batch second;
  second.add("n", -2);

  first.append(std::move(second));

  BOOST_TEST(transcript(first) == "put a=1;add n=-2;");
}

BOOST_AUTO_TEST_CASE(a_cleared_batch_is_empty) {
  Batch batch;
  batch.put_stamped("a", "1");

  batch.clear();

  BOOST_TEST(batch.empty());
  BOOST_TEST(batch.size_bytes() == 0U);
  BOOST_TEST(batch.stamped_count() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace holdfast::storage
