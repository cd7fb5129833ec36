#include <utility>

#include "sandbox/refusals.hpp"

namespace cellblock::sandbox {

base::Result<Refusals> number_rules(const std::vector<SyscallRule>& rules) {
  std::vector<NumberedRule> numbered;
  std::size_t kinds = 0;
  for (const SyscallRule& rule : rules) {
    const auto number = syscall_number(rule);
    if (!number) return tl::make_unexpected(number.error());
    const std::size_t kind = is_reported(rule) ? kinds++ : 0;
    if (kinds > kLineKinds) {
      return base::make_error("line " + std::to_string(rule.line) + " of the seccomp policy: more than " +
                              std::to_string(kLineKinds) + " refusals to report");
    }
    if (*number >= 0) numbered.push_back({*number, rule.error, rule.quiet, rule.counted, kind, rule.tests});
  }
  return Refusals(std::move(numbered));
}

}  // namespace cellblock::sandbox
