#pragma once
// CommandLine: what was asked for, and the texts that teach it.

#include <string>
#include <vector>

#include "net/server/config.h"

namespace holdfast::net {

struct CommandLine {
  enum class Verb {
    kServe,
    kVerify,        // Checks the store in `data_folder`.
    kDoctor,        // Asks the server at `admin` about `id`, or about all when that is empty.
    kIdentityNew,   // A key in a new `file`; prints its public key.
    kIdentityShow,  // Prints the public key of `file`.
    kPrint,         // `text` to stdout, exit code 0.
    kWrong,         // `text`, one line, to stderr, exit code 2.
  };
  Verb verb = Verb::kServe;
  std::string text;
  // kServe.
  std::vector<Given> given;
  std::string config_file;
  // kIdentityNew, kIdentityShow.
  std::string file;
  // kVerify.
  std::string data_folder;
  // kDoctor.
  std::string admin, id;
  // kVerify, kDoctor.
  bool json = false;
};

// `arguments` without the name of the program. `serve` may be left out.
CommandLine parse_command_line(const std::vector<std::string>& arguments);

}  // namespace holdfast::net
