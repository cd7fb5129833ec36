#include "sandbox/cell_rules.hpp"

#include <utility>
#include <vector>

namespace cellblock::sandbox {
namespace {

base::Result<std::vector<SyscallRule>> cell_rules(const JailSpec& spec) {
  auto rules = parse_seccomp_policy(builtin_seccomp_policy());
  if (!rules) return rules;
  return without_calls(rules_with(spec.walls, std::move(*rules)), spec.refused_calls);
}

}  // namespace

base::Result<BpfProgram> cell_program(const JailSpec& spec, Refusing refusing) {
  const auto rules = cell_rules(spec);
  if (!rules) return tl::make_unexpected(rules.error());
  return compile_seccomp(*rules, refusing);
}

base::Result<Refusals> cell_refusals(const JailSpec& spec) {
  const auto rules = cell_rules(spec);
  if (!rules) return tl::make_unexpected(rules.error());
  return number_rules(*rules);
}

}  // namespace cellblock::sandbox
