// The sub-commands. Each takes resolved options and returns the process's exit code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/reload.hpp"
#include "config/options.hpp"

namespace cellblock::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitScriptFault = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitCannotSeal = 3;
inline constexpr int kExitCannotListen = 4;  // may be another in a moment, unlike wrong options

// `reread` is asked on SIGHUP, from the thread of the caller.
int serve(const config::Options& given, const Reread& reread);

struct RunArguments {
  std::string file;                 // "-" for standard input
  std::vector<std::string> args;    // JSON each
  std::vector<std::string> kwargs;  // NAME=JSON each
  std::string stdin_file;           // empty: no input
  bool envelope = false;            // print the whole answer
};
int run(const config::Options& given, const RunArguments& arguments);

int doctor(const config::Options& options);

// `effective` is `given` with its automatic values.
int config_show(const config::Options& given, const config::Options& effective, bool as_json);

struct KeysArguments {
  std::string file;
  std::string name;
  std::uint32_t service_id = 0;  // user and group that a service which starts as root runs as
};
// Adds a new key to the file, which is made if need be, and prints it: nobody can do so later.
int keys_add(const KeysArguments& arguments);
// Marks a key as revoked, so that its holder is told.
int keys_revoke(const KeysArguments& arguments);
// Prints the names, and which are revoked.
int keys_list(const KeysArguments& arguments);

int version();

// What an nsjail configuration comes to, field by field.
int config_explain(const config::Options& options, const std::string& file);

}  // namespace cellblock::cli
