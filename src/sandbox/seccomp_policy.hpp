// The seccomp policy: read from its data file, checked, and compiled to the kernel's BPF by libseccomp.
// The format is described at the head of policies/seccomp.policy.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "sandbox/walls.hpp"

namespace cellblock::sandbox {

struct ArgumentTest {
  unsigned index = 0;  // 0 … 5
  std::uint64_t mask = ~std::uint64_t{0};
  std::uint64_t value = 0;

  bool operator==(const ArgumentTest&) const = default;
};

// A wall without which a call is not let through.
enum class Needs : std::uint8_t { kNothing, kNamespaces, kCgroup };

struct SyscallRule {
  std::string name;
  int error = 0;  // 0 allows, else the errno of the refusal
  std::vector<ArgumentTest> tests;
  int line = 0;
  bool quiet = false;     // a refusal that is not reported
  std::string because{};  // the rule that a refusal is reported under; empty: `default`
  Needs needs = Needs::kNothing;
  bool counted = false;  // let through by the supervisor, which slows down who makes very many
  std::string what{};    // how a report calls it; empty: the call's name

  bool operator==(const SyscallRule&) const = default;
};

struct SeccompPolicy {
  std::vector<SyscallRule> rules;
  std::map<std::string, std::string> sentences;  // what an author reads, by rule; `default` is always there
};

// The policy that is compiled into the program.
[[nodiscard]] std::string_view builtin_seccomp_policy();

// Reads the text of a policy. The first faulty line is reported by its number.
base::Result<SeccompPolicy> read_seccomp_policy(std::string_view text);
// The same without the sentences.
base::Result<std::vector<SyscallRule>> parse_seccomp_policy(std::string_view text);

// Without those that let one of `refused` through; what refuses it for a reason of its own stays.
[[nodiscard]] std::vector<SyscallRule> without_calls(std::vector<SyscallRule> rules,
                                                     const std::vector<std::string>& refused);

// Those that hold for a cell with these walls.
[[nodiscard]] std::vector<SyscallRule> rules_with(const Walls& walls, std::vector<SyscallRule> rules);

using BpfProgram = std::vector<sock_filter>;

// How the filter refuses a call that is to be reported.
enum class Refusing : std::uint8_t {
  kByErrno,  // by itself
  kByNotice  // by asking the filter's listener, which answers with the rule's errno (sandbox/refusals.hpp)
};

// The newest call that the policy knows of, set_mempolicy_home_node. C libraries fall back from a newer one
// when the kernel says that it has no such call, and from EPERM they don't.
inline constexpr std::uint32_t kNewestCall = 450;

// Compiles rules for this machine's architecture: what no rule allows is refused with EPERM; other
// architectures and calls that are newer than the policy, with ENOSYS and without notice.
base::Result<BpfProgram> compile_seccomp(const std::vector<SyscallRule>& rules,
                                         Refusing refusing = Refusing::kByErrno);

// The number of a call on this machine, negative when only other architectures have it; an error when none
// has.
base::Result<int> syscall_number(const SyscallRule& rule);

}  // namespace cellblock::sandbox
