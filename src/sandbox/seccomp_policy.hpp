// The seccomp policy: read from its data file, checked, and compiled to the kernel's BPF by libseccomp.
// The format is described at the head of policies/seccomp.policy.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace cellblock::sandbox {

struct ArgumentTest {
  unsigned index = 0;  // 0 … 5
  std::uint64_t mask = ~std::uint64_t{0};
  std::uint64_t value = 0;

  bool operator==(const ArgumentTest&) const = default;
};

struct SyscallRule {
  std::string name;
  int error = 0;  // 0 allows, else the errno of the refusal
  std::vector<ArgumentTest> tests;
  int line = 0;

  bool operator==(const SyscallRule&) const = default;
};

// The policy that is compiled into the program.
[[nodiscard]] std::string_view builtin_seccomp_policy();

// Reads the text of a policy. The first faulty line is reported by its number.
base::Result<std::vector<SyscallRule>> parse_seccomp_policy(std::string_view text);

using BpfProgram = std::vector<sock_filter>;

// Compiles rules for this machine's architecture: what no rule allows is refused with EPERM, other
// architectures with ENOSYS.
base::Result<BpfProgram> compile_seccomp(const std::vector<SyscallRule>& rules);

}  // namespace cellblock::sandbox
