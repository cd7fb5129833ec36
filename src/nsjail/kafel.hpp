// Policies for seccomp in Kafel's language, in its common subset: constants, policies, USE, action blocks
// with system calls by name or number and conditions on their arguments, ON guards, and a default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nsjail/kafel_condition.hpp"

namespace cellblock::nsjail {

enum class KafelAction : std::uint8_t {
  kAllow,
  kRefuse,  // by whatever means: KILL, DENY, ERRNO, TRAP
  kOther    // LOG, TRACE, USER_NOTIF: lets somebody watch
};

struct KafelRule {
  std::string call;  // empty: by its number
  std::int64_t number = -1;
  KafelAction action = KafelAction::kRefuse;
  std::optional<KafelCondition> condition{};
  int line = 0;
};

struct KafelProblem {
  int line = 0;  // of the policy's text, from 1
  std::string text;
};

struct KafelPolicy {
  std::vector<KafelRule> rules;  // the first that names a call and whose condition holds counts
  KafelAction otherwise = KafelAction::kRefuse;
  int default_line = 0;  // 0: there is no DEFAULT
  std::vector<KafelProblem> problems;
};

// All problems of the words themselves, and the first of the structure.
[[nodiscard]] KafelPolicy parse_kafel(std::string_view text);

}  // namespace cellblock::nsjail
