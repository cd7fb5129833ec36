// The payload of kOutcome: what the interpreter inside the cell says of its run. Hostile input for the
// server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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
  kLast = kPolicyViolation
};

struct OutcomeClaim {
  OutcomeKind kind = OutcomeKind::kOk;
  std::string result_json;     // with kOk
  std::string error;           // with everything else
  std::string exception_json;  // an object, or empty

  bool operator==(const OutcomeClaim&) const = default;
};

[[nodiscard]] std::string encode_outcome(const OutcomeClaim& claim);
// nullopt when the payload is not exactly one claim of a known kind. The texts are not looked into.
[[nodiscard]] std::optional<OutcomeClaim> decode_outcome(std::string_view payload);

}  // namespace cellblock::protocol
