#pragma once
// SqlWords: queries as few bytes. A byte above 127 is a word of the tables, functions and rules of
// SQL; all others are themselves. So what changes bytes at random changes whole words.

#include <string>
#include <string_view>

#include "storage/base/bytes.h"

namespace holdfast::testing {

// The query that `bytes` stand for.
std::string query_of_words(BytesView bytes);

// Bytes that stand for `query`.
Bytes words_of_query(std::string_view query);

}  // namespace holdfast::testing
