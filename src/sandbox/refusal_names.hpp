// How a report calls a refused system call.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "sandbox/seccomp_policy.hpp"

namespace cellblock::sandbox {

struct RefusalName {
  std::string what;      // "ptrace", "socket(AF_INET)"
  std::string rule;      // "tracing"
  std::string sentence;  // for the script's author

  bool operator==(const RefusalName&) const = default;
};

class RefusalNames {
 public:
  explicit RefusalNames(const SeccompPolicy& policy);

  // Of a kind of refusals.hpp; any number is answered.
  [[nodiscard]] RefusalName of(std::size_t kind) const;

 private:
  std::vector<RefusalName> lines_;
  std::string default_sentence_;
};

// Of the policy that is compiled into the program.
[[nodiscard]] const RefusalNames& builtin_refusal_names();

}  // namespace cellblock::sandbox
