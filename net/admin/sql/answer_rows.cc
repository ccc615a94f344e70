#include "net/admin/sql/answer_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "net/admin/sql/arrow_stream.h"
#include "net/admin/sql/characters.h"
#include "net/ingress/json_text.h"

namespace holdfast::net::sql {
namespace {

// How a column of an answer is written, as sqlite_tables.cc declares it; a column that is computed
// has no type.
enum class Form { kPlain, kText, kBytes, kNumber, kBool, kList, kU64 };
Form form_of(const char* declared) {
  const std::string_view type = declared == nullptr ? "" : declared;
  if (type == "BOOL_INT") return Form::kBool;
  if (type == "LIST_TEXT") return Form::kList;
  if (type == "U64_INT") return Form::kU64;
  if (type == "TEXT") return Form::kText;
  if (type == "BLOB") return Form::kBytes;
  if (type == "INTEGER") return Form::kNumber;
  return Form::kPlain;
}

struct OutputColumn {
  std::string name;
  Form form;
};

// Two columns of one name would be one in JSON: the second is called name:1.
class Names {
 public:
  std::string unique(const std::string& name) {
    for (int& number = next_numbers_[name];; ++number) {
      std::string one = number == 0 ? name : fmt::format("{}:{}", name, number);
      if (taken_.insert(one).second) return one;
    }
  }

 private:
  std::set<std::string> taken_;
  std::map<std::string, int> next_numbers_;  // By name: the lower ones are taken.
};

BytesView bytes_of(sqlite3_stmt* statement, int column, const void* data) {
  if (data == nullptr) return {};
  return {static_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
}
BytesView text_at(sqlite3_stmt* statement, int column) {
  return bytes_of(statement, column, sqlite3_column_text(statement, column));
}
BytesView blob_at(sqlite3_stmt* statement, int column) {
  return bytes_of(statement, column, sqlite3_column_blob(statement, column));
}

class JsonRows final : public AnswerRows {
 public:
  explicit JsonRows(const std::vector<OutputColumn>& columns) {
    for (const OutputColumn& column : columns) {
      std::string quoted;
      append_json(quoted, column.name);
      columns_.push_back({quoted + ":", column.form});
    }
  }

  void add(sqlite3_stmt* statement) override {
    body_ += body_.back() == '[' ? "{" : ",{";
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      add_value(statement, static_cast<int>(i), columns_[i]);
    }
    body_.push_back('}');
  }
  std::size_t size_bytes() const override { return body_.size(); }
  Bytes take(std::uint64_t unreadable) override {
    body_.push_back(']');
    if (unreadable > 0) body_ += fmt::format(",\"unreadable\":{}", unreadable);
    body_.push_back('}');
    return std::move(body_);
  }

 private:
  void add_value(sqlite3_stmt* statement, int number, const OutputColumn& column) {
    const int type = sqlite3_column_type(statement, number);
    if (type == SQLITE_NULL) return;
    const double real = type == SQLITE_FLOAT ? sqlite3_column_double(statement, number) : 0;
    if (!std::isfinite(real)) return;  // JSON has no word for it.
    if (body_.back() != '{') body_.push_back(',');
    body_ += column.name;
    switch (type) {
      case SQLITE_INTEGER:
        return add_integer(sqlite3_column_int64(statement, number), column.form);
      case SQLITE_FLOAT:
        body_ += fmt::format("{}", real);
        return;
      case SQLITE_BLOB:
        body_.push_back('"');
        append_hexadecimal(body_, blob_at(statement, number));
        body_.push_back('"');
        return;
      default: {
        const BytesView text = text_at(statement, number);
        if (column.form == Form::kList && is_list(text)) {
          body_ += text;
        } else {
          append_json(body_, text);
        }
      }
    }
  }

  // A UNION puts other texts into the column, too.
  static bool is_list(BytesView text) {
    boost::system::error_code wrong;
    const auto value = boost::json::parse(text, wrong);
    return !wrong && value.is_array();
  }

  void add_integer(std::int64_t number, Form form) {
    if (form == Form::kBool) {
      body_ += number != 0 ? "true" : "false";
    } else if (form == Form::kU64) {
      body_ += std::to_string(static_cast<std::uint64_t>(number));
    } else {
      body_ += std::to_string(number);
    }
  }

  std::vector<OutputColumn> columns_;  // Names with quotes and colon.
  Bytes body_ = "{\"rows\":[";
};

class ArrowRows final : public AnswerRows {
 public:
  explicit ArrowRows(std::vector<OutputColumn> columns)
      : columns_(std::move(columns)), stream_(described(columns_)) {}

  void add(sqlite3_stmt* statement) override {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      add_value(statement, static_cast<int>(i), columns_[i].form);
    }
  }
  std::size_t size_bytes() const override { return stream_.size_bytes(); }
  Bytes take(std::uint64_t) override { return std::move(stream_).encode(); }

 private:
  static std::vector<ArrowColumn> described(const std::vector<OutputColumn>& columns) {
    std::vector<ArrowColumn> all;
    for (const OutputColumn& column : columns) {
      all.push_back({to_utf8(column.name), kind_of(column.form)});
    }
    return all;
  }
  static ArrowKind kind_of(Form form) {
    switch (form) {
      case Form::kBool:
        return ArrowKind::kBool;
      case Form::kNumber:
      case Form::kU64:
        return ArrowKind::kInt64;
      case Form::kText:
      case Form::kList:
        return ArrowKind::kText;
      case Form::kBytes:
        return ArrowKind::kBlob;
      case Form::kPlain:
        break;
    }
    return ArrowKind::kNull;
  }

  void add_value(sqlite3_stmt* statement, int number, Form form) {
    switch (sqlite3_column_type(statement, number)) {
      case SQLITE_NULL:
        return stream_.add_null();
      case SQLITE_INTEGER: {
        const std::int64_t value = sqlite3_column_int64(statement, number);
        if (form == Form::kBool) return stream_.add_bool(value != 0);
        if (form != Form::kU64 || value >= 0) return stream_.add_int64(value);
        return stream_.add_text(std::to_string(static_cast<std::uint64_t>(value)));
      }
      case SQLITE_FLOAT:
        return stream_.add_double(sqlite3_column_double(statement, number));
      case SQLITE_BLOB:
        return stream_.add_blob(blob_at(statement, number));
      default:
        stream_.add_text(to_utf8(text_at(statement, number)));
    }
  }

  const std::vector<OutputColumn> columns_;
  ArrowStream stream_;
};

}  // namespace

std::unique_ptr<AnswerRows> make_answer_rows(AnswerFormat format, sqlite3_stmt* asked,
                                             const std::vector<std::string>& comparisons) {
  Names names;
  std::vector<OutputColumn> columns;
  for (int i = 0; i < sqlite3_column_count(asked); ++i) {
    const char* const name = sqlite3_column_name(asked, i);
    const char* const declared = sqlite3_column_decltype(asked, i);
    const bool compares = declared == nullptr && std::find(comparisons.begin(), comparisons.end(),
                                                           name) != comparisons.end();
    columns.push_back({names.unique(name), compares ? Form::kBool : form_of(declared)});
  }
  if (format == AnswerFormat::kArrow) return std::make_unique<ArrowRows>(std::move(columns));
  return std::make_unique<JsonRows>(columns);
}

}  // namespace holdfast::net::sql
