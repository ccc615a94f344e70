#include "net/admin/sql/ordered_values.h"

#include "net/admin/sql/sqlite_values.h"

namespace holdfast::net::sql {
namespace {

// SQLite keeps it for each group, zeros at first, and ends each with give().
struct Kept {
  sqlite3_value* value;
  sqlite3_value* order;  // Null: there is none.
};

template <class T>
int compare(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

// Numbers, then texts, then bytes, as SQLite sorts.
int kind_of(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
      return 0;
    case SQLITE_TEXT:
      return 1;
    default:
      return 2;
  }
}

// REQUIRES: neither is null.
int compare(sqlite3_value* a, sqlite3_value* b) {
  if (kind_of(a) != kind_of(b)) return compare(kind_of(a), kind_of(b));
  if (kind_of(a) == 1) return compare(text_of(a), text_of(b));
  if (kind_of(a) == 2) return compare(bytes_of(a), bytes_of(b));
  const bool whole =
      sqlite3_value_type(a) == SQLITE_INTEGER && sqlite3_value_type(b) == SQLITE_INTEGER;
  return whole ? compare(sqlite3_value_int64(a), sqlite3_value_int64(b))
               : compare(sqlite3_value_double(a), sqlite3_value_double(b));
}

// Whether a row with this order comes in the place of the one that is kept.
template <bool is_last>
bool replaces(const Kept& kept, sqlite3_value* order) {
  if (kept.value == nullptr) return true;
  if (order == nullptr) return is_last;
  if (is_null(order)) return false;
  if (is_null(kept.order)) return true;
  const int difference = compare(order, kept.order);
  return is_last ? difference >= 0 : difference < 0;
}

template <bool is_last>
void take(sqlite3_context* context, int count, Arguments values) {
  auto* const kept = static_cast<Kept*>(sqlite3_aggregate_context(context, sizeof(Kept)));
  if (kept == nullptr) return sqlite3_result_error_nomem(context);
  sqlite3_value* const order = count == 2 ? values[1] : nullptr;
  if (!replaces<is_last>(*kept, order)) return;
  sqlite3_value_free(kept->value);
  sqlite3_value_free(kept->order);
  kept->value = sqlite3_value_dup(values[0]);
  kept->order = order == nullptr ? nullptr : sqlite3_value_dup(order);
  if (kept->value == nullptr || (order != nullptr && kept->order == nullptr)) {
    sqlite3_value_free(kept->value);
    sqlite3_value_free(kept->order);
    *kept = {};
    sqlite3_result_error_nomem(context);
  }
}

void give(sqlite3_context* context) {
  auto* const kept = static_cast<Kept*>(sqlite3_aggregate_context(context, 0));
  if (kept == nullptr || kept->value == nullptr) return;
  sqlite3_result_value(context, kept->value);
  sqlite3_value_free(kept->value);
  sqlite3_value_free(kept->order);
  *kept = {};
}

}  // namespace

int add_ordered_values(sqlite3* connection) {
  for (const int arguments : {1, 2}) {
    for (const bool is_last : {false, true}) {
      const int code = sqlite3_create_function_v2(
          connection, is_last ? "last_in_order" : "first_in_order", arguments, Function::kFlags,
          nullptr, nullptr, is_last ? take<true> : take<false>, give, nullptr);
      if (code != SQLITE_OK) return code;
    }
  }
  return SQLITE_OK;
}

}  // namespace holdfast::net::sql
