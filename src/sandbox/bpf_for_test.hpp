// Runs a compiled seccomp filter as the kernel would, so that tests can ask it about any system call of any
// architecture, without loading it and without root.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cellblock::sandbox::for_test {

using Arguments = std::array<std::uint64_t, 6>;

// What a filter sees of a system call.
[[nodiscard]] seccomp_data system_call(std::uint32_t architecture, std::uint32_t number,
                                       const Arguments& arguments = {});

// The action that the program returns, a SECCOMP_RET_ value with its data. Throws std::runtime_error where
// the kernel would refuse the program: an instruction that seccomp does not know, a jump or a read out of
// bounds, no return.
[[nodiscard]] std::uint32_t run_filter(std::span<const sock_filter> program, const seccomp_data& call);

// An action in words: "allow", the error that the caller gets ("EPERM"), or "refused" where a supervisor
// chooses the error (SECCOMP_RET_USER_NOTIF); everything else is named by its number.
[[nodiscard]] std::string verdict(std::uint32_t action);

// Whether the action is what a test expects: "allow" or the name of an errno. A refusal by a supervisor is
// right for each errno: which one is not in the filter.
[[nodiscard]] bool is_expected(std::uint32_t action, std::string_view expected);

}  // namespace cellblock::sandbox::for_test
