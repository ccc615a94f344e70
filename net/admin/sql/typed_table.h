#pragma once
// TypedTable: a Table whose rows are objects of one type, read page by page.

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/admin/sql/query_watch.h"
#include "net/admin/sql/table.h"
#include "storage/base/check.h"

namespace holdfast::net::sql {

// A column, and how a row tells its value; without a function it is always null.
template <class Row>
struct Field {
  Column column;
  std::function<Value(Row&)> value;
};

// What is read at once: a little for those who want one row, never much.
template <class Row>
class Page {
 public:
  static constexpr std::size_t kRowsFirst = 16;
  static constexpr std::size_t kRowsMax = 512;
  static constexpr std::size_t kBytesMax = 1u << 20;

  // Returns whether there is room for another. `bytes` is what the row holds, roughly.
  bool add(Row row, std::size_t bytes) {
    rows_.push_back(std::move(row));
    bytes_ += bytes;
    return room();
  }
  bool room() const { return rows_.size() < rows_max_ && bytes_ < kBytesMax; }
  std::vector<Row>& rows() { return rows_; }
  // Empties it, for the next rows.
  void turn() {
    rows_max_ = std::min(rows_max_ * 2, kRowsMax);
    rows_.clear();
    bytes_ = 0;
  }

 private:
  std::vector<Row> rows_;
  std::size_t rows_max_ = kRowsFirst;
  std::size_t bytes_ = 0;
};

// Adds the next rows to the page, maybe none yet; false: there are no others after these.
template <class Row>
using Fill = std::function<Result<bool>(Page<Row>& page)>;

// At most one row.
template <class Row>
Fill<Row> once(std::function<Result<void>(Page<Row>& page)> read) {
  return [read = std::move(read)](Page<Row>& page) -> Result<bool> {
    TRY(read(page));
    return false;
  };
}

// All at once: they are few, and in memory.
template <class Row>
Fill<Row> all_of(std::vector<Row> rows) {
  return [rows = std::move(rows)](Page<Row>& page) mutable -> Result<bool> {
    page.rows() = std::move(rows);
    return false;
  };
}

template <class Row>
class TypedRows final : public Rows {
 public:
  TypedRows(const std::vector<Field<Row>>& fields, Fill<Row> fill, const QueryWatch& watch)
      : fields_(fields), fill_(std::move(fill)), watch_(watch) {}

  Result<bool> next() override {
    ++at_;
    while (at_ >= page_.rows().size()) {
      if (!more_) return false;
      TRY(watch_.check());
      page_.turn();
      at_ = 0;
      more_ = TRY(fill_(page_));
    }
    return true;
  }
  Value value(std::size_t column) override {
    const Field<Row>& field = fields_[column];
    return field.value ? field.value(page_.rows()[at_]) : Value();
  }

 private:
  const std::vector<Field<Row>>& fields_;
  const Fill<Row> fill_;
  const QueryWatch& watch_;
  Page<Row> page_;
  std::size_t at_ = 0;
  bool more_ = true;
};

template <class Row>
class TypedTable final : public Table {
 public:
  using Open = std::function<Fill<Row>(std::size_t way, std::vector<std::string> values)>;
  // Columns by name, and how many rows they lead to.
  struct NamedWay {
    std::vector<std::string_view> columns;
    double rows;
  };

  TypedTable(const char* name, const std::vector<Field<Row>>& fields,
             const std::vector<NamedWay>& ways, Open open, const QueryWatch& watch)
      : name_(name), fields_(fields), open_(std::move(open)), watch_(watch) {
    for (const Field<Row>& field : fields) columns_.push_back(field.column);
    for (const NamedWay& way : ways) {
      ways_.push_back({{}, way.rows});
      for (const std::string_view column : way.columns) {
        ways_.back().columns.push_back(index_of(column));
      }
    }
    CHECK(!ways_.empty() && ways_.back().columns.empty(), "the last way reads the whole table");
  }

  const char* name() const override { return name_; }
  const std::vector<Column>& columns() const override { return columns_; }
  const std::vector<Way>& ways() const override { return ways_; }
  std::unique_ptr<Rows> open(std::size_t way, std::vector<std::string> values) const override {
    return std::make_unique<TypedRows<Row>>(fields_, open_(way, std::move(values)), watch_);
  }

 private:
  std::size_t index_of(std::string_view name) const {
    const auto found = std::find_if(columns_.begin(), columns_.end(),
                                    [name](const Column& column) { return column.name == name; });
    CHECK(found != columns_.end(), "a way in goes by columns of the table");
    return static_cast<std::size_t>(found - columns_.begin());
  }

  const char* const name_;
  const std::vector<Field<Row>>& fields_;
  const Open open_;
  const QueryWatch& watch_;
  std::vector<Column> columns_;
  std::vector<Way> ways_;
};

}  // namespace holdfast::net::sql
