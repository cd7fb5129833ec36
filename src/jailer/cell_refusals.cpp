#include "jailer/cell_refusals.hpp"

#include "sandbox/seccomp_policy.hpp"

namespace cellblock::jailer {

base::Result<sandbox::Refusals> cell_refusals(const sandbox::JailSpec& spec) {
  const auto rules = sandbox::parse_seccomp_policy(sandbox::builtin_seccomp_policy());
  if (!rules) return tl::make_unexpected(rules.error());
  return sandbox::number_rules(
      sandbox::without_calls(sandbox::rules_with(spec.walls, *rules), spec.refused_calls));
}

}  // namespace cellblock::jailer
