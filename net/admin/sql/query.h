#pragma once
// Query: runs one SQL query over the tables and writes its answer. SQLite does the work, in memory
// of this query's own: nothing is kept between two.
//
// A query only reads: statements that write, attach, set or load are refused before they run. It
// ends in time, and holds no more memory than it may. What it sees is what was durable when it
// began: all of it is read from one snapshot, which goes when the query ends.
//
// Blocks. One query at a time in the process: the limit of memory is one of the process.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/admin/sql/answer_rows.h"
#include "net/admin/sql/query_watch.h"
#include "net/admin/sql/tables.h"
#include "storage/base/bytes.h"
#include "storage/base/result.h"

namespace holdfast::net::sql {

// Of its text, which is taken apart before time and memory are counted.
inline constexpr std::size_t kQueryBytesMax = 1u << 20;

struct QueryLimits {
  std::size_t memory_bytes = 256u << 20;  // Of SQLite: sorting, grouping, its statement.
  std::size_t answer_bytes = 64u << 20;   // Of the answer, and of any one value.
};

// The answer, in that format. kInvalidArgument: the query is wrong, writes, or asks for too much.
Result<Bytes> run_query(std::string_view text, AnswerFormat format, const Sources& sources,
                        const QueryLimits& limits, std::int64_t now_unix_ms);

}  // namespace holdfast::net::sql
