#pragma once
// CommandCheck: whether a handler asks for what it asked for before (INV-2), and the words for it.
//
// Compared is everything but the times: when a sleep ends and when a one-way call begins may come
// from a clock. Lazy and eager reads of the same state are the same question.

#include <optional>
#include <string>

#include "net/protocol/message.h"

namespace holdfast::runtime {

// "Run", "Sleep", ...
std::string command_type(const protocol::Command& command);
// For people: Run "charge", Call Counter/alice/add.
std::string command_text(const protocol::Command& command);
// How many completion ids it takes.
protocol::CompletionId completions_of(const protocol::Command& command);

// What is different, as `recorded X, but the handler now issues Y`; none when they are the same.
std::optional<std::string> command_difference(const protocol::Command& recorded,
                                              const protocol::Command& issued);

}  // namespace holdfast::runtime
