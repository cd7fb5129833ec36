// The payload of kOutcome: what the interpreter inside the cell says of its run. Hostile input for the
// server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cellblock::protocol {

// The endings that an interpreter can know of. How a process died, how long it took and how much memory it
// had are never asked of the cell.
enum class OutcomeKind : std::uint8_t {
  kOk = 0,
  kMissingMain,
  kSyntaxError,
  kException,
  kMemoryError,  // an uncaught MemoryError
  kInvalidResult,
  kResultTooLarge,
  kExited,
  kPolicyViolation,
  kUnplacedFiles,  // the files of the request could not be placed; the script has not run
  kLast = kUnplacedFiles
};

// A file access that the cell's walls refused.
struct FileDenial {
  enum class Kind : std::uint8_t {
    kTree = 0,    // not in the cell's tree, though elsewhere a program finds it
    kReadOnly,    // may not be written to
    kPermission,  // not this user's
    kFurther,     // what is beyond the number of entries; without a path
    kLast = kFurther
  };
  Kind kind = Kind::kTree;
  std::uint64_t count = 0;
  std::string path;

  bool operator==(const FileDenial&) const = default;
};

// The most that a claim may bring: so many paths and one kFurther, each path cut at so many bytes.
inline constexpr std::size_t kMaxFileDenials = 32;
inline constexpr std::size_t kMaxDenialPath = 256;

struct OutcomeClaim {
  OutcomeKind kind = OutcomeKind::kOk;
  std::string result_json;     // with kOk
  std::string error;           // with everything else
  std::string exception_json;  // an object, or empty
  std::vector<FileDenial> denied{};

  bool operator==(const OutcomeClaim&) const = default;
};

[[nodiscard]] std::string encode_outcome(const OutcomeClaim& claim);
// nullopt when the payload is not exactly one claim of a known kind. The texts are not looked into.
[[nodiscard]] std::optional<OutcomeClaim> decode_outcome(std::string_view payload);

}  // namespace cellblock::protocol
