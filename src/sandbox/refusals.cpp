#include "sandbox/refusals.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace cellblock::sandbox {
namespace {

bool matches(const NumberedRule& rule, const std::array<std::uint64_t, 6>& arguments) {
  return std::all_of(rule.tests.begin(), rule.tests.end(), [&](const ArgumentTest& test) {
    return (arguments[test.index] & test.mask) == test.value;
  });
}

// For calls that no line speaks of.
Verdict by_default(int number) {
  const auto index = static_cast<std::size_t>(number);
  const bool listed = number >= 0 && index < kNumberKinds;
  return {Verdict::Kind::kReported, EPERM, listed ? kLineKinds + index : kOtherNumber};
}

}  // namespace

Refusals::Refusals(std::vector<NumberedRule> rules) : rules_(std::move(rules)) {
  std::stable_sort(rules_.begin(), rules_.end(), [](const NumberedRule& left, const NumberedRule& right) {
    return left.number < right.number;
  });
}

Verdict Refusals::judge(int number, const std::array<std::uint64_t, 6>& arguments) const {
  auto rule =
      std::lower_bound(rules_.begin(), rules_.end(), number,
                       [](const NumberedRule& candidate, int wanted) { return candidate.number < wanted; });
  for (; rule != rules_.end() && rule->number == number; ++rule) {
    if (!matches(*rule, arguments)) continue;
    if (rule->error == 0) {
      return {rule->counted ? Verdict::Kind::kCounted : Verdict::Kind::kAllowed, 0, 0};
    }
    if (rule->quiet) return {Verdict::Kind::kQuiet, rule->error, 0};
    return {Verdict::Kind::kReported, rule->error, rule->kind};
  }
  return by_default(number);
}

}  // namespace cellblock::sandbox
