#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "net/admin/journal_view.h"
#include "net/admin/sql/entry_json.h"
#include "net/admin/sql/raw_entries.h"
#include "net/admin/sql/tables.h"
#include "net/admin/sql/typed_table.h"
#include "net/admin/sql/words.h"

namespace holdfast::net::sql {
namespace {

using journal::InvocationId;

// Version of the form of the entries, as Restate counts them.
constexpr std::int64_t kEntryVersion = 2;

// The journal of one invocation, while its rows are shown.
class LoadedJournal {
 public:
  LoadedJournal(const Sources& sources, const InvocationId& id,
                std::vector<journal::StampedEntry> entries)
      : sources_(sources), id_(id), entries_(std::move(entries)) {}
  LoadedJournal(const Sources& sources, const InvocationId& id, std::string problem)
      : sources_(sources), id_(id), problem_(std::move(problem)) {}

  const InvocationId& id() const { return id_; }
  const std::vector<journal::StampedEntry>& entries() const { return entries_; }
  // Why it cannot be read; then there are no entries.
  const std::string& problem() const { return problem_; }
  // As the admin API shows it; made when first asked for.
  const boost::json::object& view(std::size_t index) {
    if (!view_.has_value()) view_ = journal_view(entries_);
    return (*view_)[index].as_object();
  }

  // Whom the call at `index` called; nought: it is no call, or nobody has told.
  InvocationId callee(std::size_t index) {
    const boost::json::value* const id = view(index).if_contains("invoked_id");
    if (id == nullptr) return {};
    const auto callee = InvocationId::from_text(std::string(id->as_string()));
    return callee.has_value() ? *callee : InvocationId();
  }

  // The bytes of an entry as a handler is sent them.
  std::optional<Bytes> raw(std::size_t index) {
    if (!raw_.has_value()) raw_.emplace(entries_, protocol_version());
    return raw_->at(index);
  }

 private:
  // That of the invocation; 0: none was chosen, or it cannot be read.
  std::uint8_t protocol_version() const {
    const auto row = sources_.store.invocation(id_);
    return row.has_value() && row->has_value() ? (*row)->protocol_version : 0;
  }

  const Sources sources_;
  const InvocationId id_;
  const std::vector<journal::StampedEntry> entries_;
  const std::string problem_;
  std::optional<boost::json::array> view_;
  std::optional<RawEntries> raw_;
};

struct JournalRow {
  std::shared_ptr<LoadedJournal> journal;
  std::size_t index = 0;

  bool readable() const { return journal->problem().empty(); }
  const journal::Entry& entry() const { return journal->entries()[index].entry; }
};

template <class Function>
std::function<Value(JournalRow&)> of(Function function) {
  return [function](JournalRow& row) -> Value {
    return row.readable() ? Value(function(row)) : Value();
  };
}

// What the admin API shows under the same name.
std::function<Value(JournalRow&)> viewed(const char* name) {
  return of([name](JournalRow& row) -> Value {
    const boost::json::value* const value = row.journal->view(row.index).if_contains(name);
    if (value == nullptr) return {};
    if (value->is_bool()) return bool_value(value->get_bool());
    if (value->is_string()) return std::string(value->get_string());
    return {};
  });
}

Value entry_type(JournalRow& row) {
  if (!row.readable()) return "Unreadable: " + row.journal->problem();
  return std::string(row.journal->view(row.index).at("entry_type").as_string());
}

std::function<Value(JournalRow&)> as_json(EntryValues values) {
  return of([values](JournalRow& row) {
    const Value type = entry_type(row);
    const std::string_view words = std::get<std::string>(type);
    return entry_json(row.entry(), words.substr(words.find(' ') + 1), values,
                      row.journal->callee(row.index));
  });
}

Value raw(const JournalRow& row) {
  auto bytes = row.journal->raw(row.index);
  return bytes.has_value() ? Value(Blob{std::move(*bytes)}) : Value();
}

Value raw_length(const JournalRow& row) {
  const auto bytes = row.journal->raw(row.index);
  return bytes.has_value() ? Value(static_cast<std::int64_t>(bytes->size())) : Value();
}

const std::vector<Field<JournalRow>>& journal_fields() {
  using enum ColumnType;
  static const std::vector<Field<JournalRow>> fields = {
      {{"partition_key", kU64},
       [](JournalRow& row) { return u64_value(row.journal->id().partition_key); }},
      {{"id", kText}, [](JournalRow& row) -> Value { return row.journal->id().text(); }},
      {{"index", kU32}, of([](JournalRow& row) { return static_cast<std::int64_t>(row.index); })},
      {{"entry_type", kText}, entry_type},
      {{"name", kText}, of([](JournalRow& row) { return text_value(row.entry().name); })},
      {{"completed", kBool}, viewed("completed")},
      {{"invoked_id", kText}, viewed("invoked_id")},
      {{"invoked_target", kText}, viewed("invoked_target")},
      {{"sleep_wakeup_at", kTime}, viewed("sleep_wakeup_at")},
      {{"promise_name", kText}, viewed("promise_name")},
      {{"raw", kBytes}, of(raw)},
      {{"raw_length", kU64}, of(raw_length)},
      {{"version", kU32}, of([](JournalRow&) { return kEntryVersion; })},
      {{"entry_json", kText}, as_json(EntryValues::kShown)},
      {{"entry_lite_json", kText}, as_json(EntryValues::kLeftOut)},
      {{"appended_at", kTime}, of([](JournalRow& row) {
         return time_value(row.journal->entries()[row.index].appended_at);
       })},
  };
  return fields;
}

// The rows of one invocation; one row says so when they cannot be read.
Result<void> add_journal(const Sources& sources, const InvocationId& id,
                         Result<std::vector<journal::StampedEntry>> entries,
                         Page<JournalRow>& page) {
  if (!entries.has_value() && entries.error().code() != ErrorCode::kCorruption) {
    return entries.error();
  }
  if (!entries.has_value()) {
    sources.watch.count_unreadable();
    page.add({std::make_shared<LoadedJournal>(sources, id, entries.error().message()), 0}, 0);
    return {};
  }
  const std::size_t count = entries->size();
  const auto journal = std::make_shared<LoadedJournal>(sources, id, std::move(*entries));
  for (std::size_t index = 0; index < count; ++index) {
    page.add({journal, index}, payload_size(journal->entries()[index].entry));
  }
  return {};
}

Fill<JournalRow> one(const Sources& sources, const std::string& text) {
  return once<JournalRow>([sources, text](Page<JournalRow>& page) -> Result<void> {
    const auto id = InvocationId::from_text(text);
    if (!id.has_value() || id->text() != text) return {};
    return add_journal(sources, *id, sources.store.journal(*id), page);
  });
}

// Whole journals, until the page is full; after so many of them the query looks at the time, though
// all are empty.
constexpr int kJournalsAPage = 1000;

Fill<JournalRow> all(const Sources& sources) {
  return [sources,
          after = std::optional<InvocationId>()](Page<JournalRow>& page) mutable -> Result<bool> {
    Result<void> added;
    int left = kJournalsAPage;
    TRY(sources.store.each_journal(
        after, [&](const InvocationId& id, Result<std::vector<journal::StampedEntry>> entries) {
          after = id;
          added = add_journal(sources, id, std::move(entries), page);
          return added.has_value() && page.room() && --left > 0;
        }));
    TRY(added);
    return !page.room() || left == 0;
  };
}

}  // namespace

void add_journal_table(Tables& tables, const Sources& sources) {
  using JournalTable = TypedTable<JournalRow>;
  tables.push_back(std::make_unique<JournalTable>(
      "sys_journal", journal_fields(), std::vector<JournalTable::NamedWay>{{{"id"}, 20}, {{}, 1e7}},
      [sources](std::size_t way, std::vector<std::string> values) {
        return way == 0 ? one(sources, values.front()) : all(sources);
      },
      sources.watch));
}

}  // namespace holdfast::net::sql
