#include "net/admin/sql/like.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "net/admin/sql/characters.h"
#include "net/admin/sql/sqlite_values.h"

namespace holdfast::net::sql {
namespace {

constexpr std::size_t kBytesBetweenLooks = 64 << 10;
constexpr std::size_t kCharacterBytes = 4;

void set(std::vector<std::uint64_t>& bits, std::size_t at) {
  bits[at / 64] |= std::uint64_t{1} << (at % 64);
}

}  // namespace

Result<LikePattern> LikePattern::read(std::string_view pattern, std::string_view escape,
                                      Case which) {
  if (pattern.size() > kBytesMax) {
    return Error(ErrorCode::kInvalidArgument,
                 "the pattern of a LIKE has at most " + std::to_string(kBytesMax) + " bytes");
  }
  if (!escape.empty() && first_of(escape, kCharacterBytes).size() != escape.size()) {
    return Error(ErrorCode::kInvalidArgument, "ESCAPE takes one character");
  }
  LikePattern read;
  read.case_ = which;
  const std::size_t words = pattern.size() / 64 + 1;
  read.stays_.resize(words);
  read.rows_.emplace_back(words);
  std::vector<std::size_t> any;
  while (!pattern.empty()) {
    const std::string_view first = first_of(pattern, kCharacterBytes);
    const bool is_escaped = first == escape;
    if (is_escaped) {
      pattern.remove_prefix(first.size());
      if (pattern.empty()) {
        read.never_ = true;
        break;
      }
    }
    if (!is_escaped && first == "%") {
      set(read.stays_, read.length_);
      pattern.remove_prefix(1);
      continue;
    }
    const std::size_t place = read.length_++;
    if (!is_escaped && first == "_") {
      any.push_back(place);
      pattern.remove_prefix(1);
    } else {
      set(read.row_for(read.take(pattern)), place);
    }
  }
  for (Places& row : read.rows_) {
    for (const std::size_t place : any) set(row, place);
  }
  return read;
}

// Takes it off.
LikePattern::Character LikePattern::take(std::string_view& text) const {
  const auto byte = static_cast<unsigned char>(text.front());
  if (byte < 0x80 && (text.size() == 1 || !continues(text[1]))) {
    text.remove_prefix(1);
    const bool is_upper = byte >= 'A' && byte <= 'Z';
    return is_upper && case_ == Case::kOfAsciiDoesNot ? byte + ('a' - 'A') : byte;
  }
  const std::string_view first = first_of(text, kCharacterBytes);
  text.remove_prefix(first.size());
  Character character = 0;
  for (const char c : first) character = character << 8 | static_cast<unsigned char>(c);
  return character;
}

std::size_t LikePattern::row_of(Character character) const {
  if (character < ascii_.size()) return ascii_[character];
  const auto found = others_.find(character);
  return found == others_.end() ? 0 : found->second;
}

LikePattern::Places& LikePattern::row_for(Character character) {
  std::uint16_t& row = character < ascii_.size() ? ascii_[character] : others_[character];
  if (row == 0) {
    row = static_cast<std::uint16_t>(rows_.size());
    rows_.emplace_back(stays_.size());
  }
  return rows_[row];
}

bool LikePattern::matches(std::string_view text, const QueryWatch* watch) const {
  if (never_) return false;
  std::size_t looks_at = text.size();  // With so much left, at the watch.
  const std::size_t words = length_ / 64 + 1;
  Places reached(words);  // Bit i: what was read of the text matches what is before place i.
  reached[0] = 1;
  while (!text.empty()) {
    if (watch != nullptr && text.size() <= looks_at) {
      if (!watch->check().has_value()) return false;
      looks_at = text.size() - std::min(text.size(), kBytesBetweenLooks);
    }
    const Places& here = rows_[row_of(take(text))];
    std::uint64_t carried = 0;
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < words; ++i) {
      const std::uint64_t steps = reached[i] & here[i];
      reached[i] = (steps << 1 | carried) | (reached[i] & stays_[i]);
      carried = steps >> 63;
      all |= reached[i];
    }
    if (all == 0) return false;
  }
  return (reached[length_ / 64] >> (length_ % 64) & 1) != 0;
}

namespace {

// A pattern that is the same for all rows is read once.
template <LikePattern::Case which>
void like(sqlite3_context* context, int count, Arguments values) {
  const auto* const watch = static_cast<const QueryWatch*>(sqlite3_user_data(context));
  const auto answer = [&](bool matches) {
    if (watch == nullptr || watch->check().has_value()) return sqlite3_result_int(context, matches);
    sqlite3_interrupt(sqlite3_context_db_handle(context));
    give_error(context, "interrupted");
  };
  if (is_null(values[0]) || is_null(values[1])) return;
  if (count == 3 && is_null(values[2])) return;
  const std::string_view text = text_of(values[1]);
  if (const void* const kept = count == 2 ? sqlite3_get_auxdata(context, 0) : nullptr) {
    return answer(static_cast<const LikePattern*>(kept)->matches(text, watch));
  }
  const std::string_view escape = count == 3 ? text_of(values[2]) : std::string_view();
  if (count == 3 && escape.empty()) return give_error(context, "ESCAPE takes one character");
  Result<LikePattern> pattern = LikePattern::read(text_of(values[0]), escape, which);
  if (!pattern) return give_error(context, pattern.error().message());
  answer(pattern->matches(text, watch));
  if (count == 3) return;
  sqlite3_set_auxdata(context, 0, new LikePattern(std::move(*pattern)),
                      [](void* kept) { delete static_cast<LikePattern*>(kept); });
}

void no_glob(sqlite3_context* context, int, Arguments) {
  give_error(context, "there is no GLOB here: it could take too long; use LIKE");
}

constexpr auto kLike = like<LikePattern::Case::kMatters>;
constexpr auto kIlike = like<LikePattern::Case::kOfAsciiDoesNot>;
constexpr Function kFunctions[] = {{"like", 2, kLike},
                                   {"like", 3, kLike},
                                   {"regexp", 2, kIlike},
                                   {"regexp", 3, kIlike},
                                   {"glob", 2, no_glob}};

}  // namespace

int add_like(sqlite3* connection, const QueryWatch* watch) {
  return add_all(connection, kFunctions, const_cast<QueryWatch*>(watch));
}

}  // namespace holdfast::net::sql
