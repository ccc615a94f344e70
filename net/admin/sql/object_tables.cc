#include <utility>

#include "net/admin/sql/object_range.h"
#include "net/admin/sql/tables.h"
#include "net/admin/sql/typed_table.h"
#include "net/admin/sql/words.h"
#include "net/ingress/path.h"

namespace holdfast::net::sql {
namespace {

// A row of `state` or `sys_promise`: under a name of the object's. No content: it cannot be read.
template <class Content>
struct NamedRow {
  std::string service, key;
  Bytes name;
  std::optional<Content> content;
  std::string problem;
};
using StateRow = NamedRow<Bytes>;
using PromiseRow = NamedRow<journal::PromiseRecord>;

template <class Row>
std::vector<Field<Row>> object_fields() {
  using enum ColumnType;
  return {
      {{"partition_key", kU64},
       [](Row& row) { return u64_value(journal::partition_key_of(row.key)); }},
      {{"scope", kText}, {}},
      {{"service_name", kText}, [](Row& row) -> Value { return row.service; }},
      {{"service_key", kText}, [](Row& row) -> Value { return row.key; }},
      {{"key", kText}, [](Row& row) -> Value { return row.name; }},
  };
}

Value utf8_value(const Bytes& bytes) { return is_utf8(bytes) ? Value(bytes) : Value(); }
Value size_value(std::size_t size) { return static_cast<std::int64_t>(size); }

const std::vector<Field<StateRow>>& state_fields() {
  using enum ColumnType;
  static const std::vector<Field<StateRow>> fields = [] {
    const auto of = [](auto function) {
      return [function](StateRow& row) -> Value {
        return row.content.has_value() ? Value(function(*row.content)) : Value();
      };
    };
    std::vector<Field<StateRow>> all = object_fields<StateRow>();
    all.push_back(
        {{"key_length", kU64}, [](StateRow& row) { return size_value(row.name.size()); }});
    all.push_back({{"value_utf8", kText}, [](StateRow& row) {
                     return row.content.has_value() ? utf8_value(*row.content)
                                                    : Value("unreadable: " + row.problem);
                   }});
    all.push_back({{"value", kBytes}, of([](const Bytes& value) { return Blob{value}; })});
    all.push_back(
        {{"value_length", kU64}, of([](const Bytes& value) { return size_value(value.size()); })});
    return all;
  }();
  return fields;
}

// The value a promise was completed with.
const Bytes* success_of(const PromiseRow& row) {
  if (!row.content.has_value() || !row.content->result.has_value()) return nullptr;
  return std::get_if<Bytes>(&*row.content->result);
}

Value promise_failure(PromiseRow& row) {
  if (!row.content.has_value()) return "unreadable: " + row.problem;
  if (!row.content->result.has_value()) return {};
  const auto* failure = std::get_if<journal::Failure>(&*row.content->result);
  return failure == nullptr ? Value() : Value(failure_text(*failure));
}

const std::vector<Field<PromiseRow>>& promise_fields() {
  using enum ColumnType;
  static const std::vector<Field<PromiseRow>> fields = [] {
    std::vector<Field<PromiseRow>> all = object_fields<PromiseRow>();
    all.push_back({{"completed", kBool}, [](PromiseRow& row) {
                     return row.content.has_value() ? bool_value(row.content->result.has_value())
                                                    : Value();
                   }});
    all.push_back({{"completion_success_value", kBytes}, [](PromiseRow& row) {
                     const Bytes* const value = success_of(row);
                     return value == nullptr ? Value() : Value(Blob{*value});
                   }});
    all.push_back({{"completion_success_value_utf8", kText}, [](PromiseRow& row) {
                     const Bytes* const value = success_of(row);
                     return value == nullptr ? Value() : utf8_value(*value);
                   }});
    all.push_back({{"completion_failure", kText}, promise_failure});
    return all;
  }();
  return fields;
}

template <class Row, class Content>
Row named_row(const journal::ObjectRow& row, Result<Content> content, QueryWatch& watch) {
  Row named{row.service, row.key, Bytes(row.rest), std::nullopt, {}};
  if (content.has_value()) {
    named.content = std::move(*content);
  } else {
    named.problem = content.error().message();
    watch.count_unreadable();
  }
  return named;
}

Fill<StateRow> states(const Sources& sources, const journal::ObjectRange& range) {
  return [sources, range, place = Bytes()](Page<StateRow>& page) mutable -> Result<bool> {
    TRY(sources.store.each_state(
        range, Bytes(place), [&](const journal::ObjectRow& row, Result<Bytes> value) {
          place = Bytes(row.place);
          const std::size_t bytes = value.has_value() ? value->size() : 0;
          return page.add(named_row<StateRow>(row, std::move(value), sources.watch),
                          bytes + place.size());
        }));
    return !page.room();
  };
}

Fill<PromiseRow> promises(const Sources& sources, const journal::ObjectRange& range) {
  return [sources, range, place = Bytes()](Page<PromiseRow>& page) mutable -> Result<bool> {
    TRY(sources.store.each_promise(
        range, Bytes(place),
        [&](const journal::ObjectRow& row, Result<journal::PromiseRecord> record) {
          place = Bytes(row.place);
          PromiseRow named = named_row<PromiseRow>(row, std::move(record), sources.watch);
          const Bytes* const value = success_of(named);
          const std::size_t bytes = value == nullptr ? 0 : value->size();
          return page.add(std::move(named), bytes + place.size());
        }));
    return !page.room();
  };
}

}  // namespace

void add_object_tables(Tables& tables, const Sources& sources) {
  tables.push_back(std::make_unique<TypedTable<StateRow>>(
      "state", state_fields(), object_ways<TypedTable<StateRow>::NamedWay>(),
      [sources](std::size_t way, std::vector<std::string> values) {
        return states(sources, object_range(way, std::move(values)));
      },
      sources.watch));
  tables.push_back(std::make_unique<TypedTable<PromiseRow>>(
      "sys_promise", promise_fields(), object_ways<TypedTable<PromiseRow>::NamedWay>(),
      [sources](std::size_t way, std::vector<std::string> values) {
        return promises(sources, object_range(way, std::move(values)));
      },
      sources.watch));
}

}  // namespace holdfast::net::sql
