// What goes into an execution and what comes out of it, as plain values. Nothing here knows of HTTP or
// of Python.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.hpp"
#include "engine/display.hpp"

namespace cellblock::engine {

// What the validation step refuses before a script runs. The order is that of strictness.
enum class Policy : std::uint8_t { kSandbox, kStrict };

// The bounds of one execution. The operator sets one such value as the default; a request may lower
// single fields (service::resolve_limits), never raise them.
struct Limits {
  std::chrono::milliseconds wall{30'000};          // from the script's arrival in the cell to its answer
  std::chrono::milliseconds cpu{30'000};           // user + system time; enforced in whole seconds
  std::uint64_t memory_bytes = 512ULL << 20U;      // beyond what the cell shares with the zygote
  std::uint32_t processes = 128;                   // processes and threads together
  std::uint32_t open_files = 128;                  // descriptors per process
  std::uint64_t file_bytes = 10ULL << 20U;         // size of one file
  std::uint64_t output_bytes = 1ULL << 20U;        // kept of stdout, and of stderr
  std::uint64_t result_bytes = 16ULL << 20U;       // the result as JSON text
  std::uint64_t script_bytes = 204'800;            // the script as UTF-8
  std::uint64_t files_bytes = 16ULL << 20U;        // files of the request together, and of the answer
  std::uint32_t display_items = 64;                // values and figures that an answer shows
  std::uint64_t display_item_bytes = 4ULL << 20U;  // one representation of one of them
  std::uint64_t display_bytes = 8ULL << 20U;       // all of them together

  bool operator==(const Limits&) const = default;
};

// Output beyond Limits::output_bytes is counted, dropped and flagged as truncated, and the script runs on.
// One that has written more than this to stdout and stderr together is taken for endless and is ended.
inline constexpr std::uint64_t kOutputFloodBytes = 64ULL << 20U;

// A file in the working directory; the path is plain (base/relative_path.hpp), the content any bytes.
struct File {
  std::string path;
  std::string content;

  bool operator==(const File&) const = default;
};

// What the script has left in output/ and the answer does not hold; the path is empty where it can't be told.
struct SkippedFile {
  std::string path;
  std::string reason;

  bool operator==(const SkippedFile&) const = default;
};

// One execution to run. All strings are valid UTF-8; args_json is a JSON array, kwargs_json a JSON object.
struct Job {
  std::string id;
  std::string caller{};  // whoever has the same takes turns with all others in the queue
  std::string script;
  std::string args_json = "[]";
  std::string kwargs_json = "{}";
  std::string stdin_text;
  std::vector<File> files{};
  Limits limits;
  Policy policy = Policy::kSandbox;
  DisplayMode display = DisplayMode::kOff;
  std::size_t pool = 0;  // which pool's cell is to run it: its modules are imported already
};

// How an execution ended. The names on the wire are in status_name().
enum class Status : std::uint8_t {
  kOk,
  kMissingMain,
  kSyntaxError,
  kException,
  kInvalidResult,
  kTimeout,
  kMemoryLimit,
  kCpuLimit,
  kOutputLimit,
  kResultTooLarge,
  kExited,
  kKilled,
  kPolicyViolation,
  kScriptTooLarge,
  kInvalidRequest,
  // Not the script's fault.
  kOverloaded,    // admission queue full, or shutting down: 503
  kCancelled,     // the client went away; nobody reads this answer
  kInternalError  // a cell was lost or could not be made: 500
};

// The contract's word: "ok", "missing_main", … ; "overloaded", "cancelled", "internal_error".
[[nodiscard]] std::string_view status_name(Status status);

// Where a script failed. Comes out of the cell and is therefore only as true as the script is honest;
// it is valid UTF-8 and bounded in size.
struct ExceptionInfo {
  std::string type;
  std::string message;
  std::string traceback;  // only the user's frames
  std::optional<std::int64_t> line;
  std::optional<std::int64_t>
      column;  // in characters, from 1, as the end, which is the first after the place
  std::optional<std::int64_t> end_line;
  std::optional<std::int64_t> end_column;
  std::optional<std::string> text;  // the source line
  std::optional<std::string>
      file;  // "<script>", or a file of the user's by its path in the working directory
  std::optional<std::string> hint;  // what its author might do
};

// What a wall refused to a script: a system call, as the kernel told the cell's first process, or a file, as
// the script's own interpreter tells. The texts are valid UTF-8 and bounded in size.
struct Denial {
  std::string what;    // "socket(AF_INET)", "/etc/shadow"
  std::string rule;    // "network", "tree"
  std::string reason;  // a sentence for the script's author
  std::uint64_t count = 0;

  bool operator==(const Denial&) const = default;
};

// At most so many entries tell of system calls, and so many of files; one more of each counts the rest.
inline constexpr std::size_t kMaxDenials = 32;

struct Usage {
  double wall_ms = 0;
  double cpu_ms = 0;
  std::uint64_t memory_peak_kb = 0;
};

struct Outcome {
  Status status = Status::kInternalError;
  std::string result_json = "null";  // validated JSON text
  std::string stdout_text;           // valid UTF-8
  std::string stderr_text;           // valid UTF-8
  bool stdout_truncated = false;
  bool stderr_truncated = false;
  std::string error;  // empty when status is kOk
  std::optional<ExceptionInfo> exception;
  std::vector<File> files{};  // what the script has left in output/
  std::vector<SkippedFile> skipped_files{};
  std::optional<Shown> display{};  // if the request asked for it
  Usage usage;
  double queue_ms = 0;                  // until a cell had it
  std::vector<Denial> denied;           // system calls in the order of the policy, then files as they came
  std::chrono::seconds retry_after{0};  // with kOverloaded: when to try again
  std::string detail;                   // with kInternalError: the cause, for the log and never for a client
  std::shared_ptr<base::Lease> memory;  // the account that the texts are kept on, for as long as they are
};

}  // namespace cellblock::engine
