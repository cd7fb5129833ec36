// What happens to a refused system call, as plain numbers: the supervisor in a cell's first process looks the
// call up here, answers it, and counts it. The seccomp filter is compiled from the same rules.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sandbox/seccomp_policy.hpp"

namespace cellblock::sandbox {

// Refusals are counted by kind: first the policy's reported lines in their order, then calls that no line
// speaks of, by number.
inline constexpr std::size_t kLineKinds = 256;
inline constexpr std::size_t kNumberKinds = 512;
inline constexpr std::size_t kOtherNumber = kLineKinds + kNumberKinds;
inline constexpr std::size_t kRefusalKinds = kOtherNumber + 1;

// One line of the policy, with the call's number on this machine.
struct NumberedRule {
  int number = 0;
  int error = 0;  // 0 allows
  bool quiet = false;
  bool counted = false;
  std::size_t kind = 0;  // of a reported refusal
  std::vector<ArgumentTest> tests;
};

struct Verdict {
  enum class Kind : std::uint8_t { kAllowed, kCounted, kQuiet, kReported };
  Kind kind = Kind::kReported;
  int error = 0;            // of a refusal
  std::size_t counter = 0;  // of one that is reported
};

class Refusals {
 public:
  Refusals() = default;
  explicit Refusals(std::vector<NumberedRule> rules);

  // The first rule that matches decides; a call that none speaks of is refused with EPERM. Neither allocates
  // nor makes system calls.
  [[nodiscard]] Verdict judge(int number, const std::array<std::uint64_t, 6>& arguments) const;

 private:
  std::vector<NumberedRule> rules_;  // by number, for each in the order of the policy
};

// Whether a line of the policy is one of the counted kinds.
[[nodiscard]] inline bool is_reported(const SyscallRule& rule) {
  return rule.error != 0 && !rule.quiet;
}

// Needs libseccomp (cellblock_seccomp). An error for a call that doesn't exist, and for more reported lines
// than there are kinds.
base::Result<Refusals> number_rules(const std::vector<SyscallRule>& rules);

}  // namespace cellblock::sandbox
