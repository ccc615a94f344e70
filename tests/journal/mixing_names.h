#pragma once
// MixingNames: what parts of keys may be called, to try whether one can run into the next.

#include <string>
#include <vector>

namespace holdfast::journal {

// Names that would mix if parts could run into each other.
inline const std::vector<std::string> kNames = {"",
                                                std::string(1, '\0'),
                                                std::string("\0\0", 2),
                                                std::string("\0\1", 2),
                                                "a",
                                                std::string("a\0", 2),
                                                std::string("a\0b", 3),
                                                std::string("a\0\1", 3),
                                                "ab",
                                                "b",
                                                "\xff",
                                                std::string("\0\xff", 2)};

}  // namespace holdfast::journal
