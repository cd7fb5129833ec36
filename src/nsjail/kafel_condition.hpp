// Conditions on the arguments of a call, as far as can be decided what they mean for the calls that
// cellblock's own policy lets through: that they never hold, that they always do, or that nobody can say.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/seccomp_policy.hpp"

namespace cellblock::nsjail {

class KafelTokens;

// (argument & mask) == value, or, not `equal`, that it is something else.
struct KafelTerm {
  std::optional<unsigned> argument;  // nullopt: nothing is known about it
  std::uint64_t mask = ~std::uint64_t{0};
  std::uint64_t value = 0;
  bool equal = true;
};
// All of one case hold.
using KafelCase = std::vector<KafelTerm>;

struct KafelCondition {
  std::vector<KafelCase> cases;  // one of them holds
};

enum class Holds : std::uint8_t { kNever, kAlways, kMaybe };

// Of the calls that pass one of `passing`, the tests of the own policy's lines for this call.
[[nodiscard]] Holds holds(const KafelCondition& condition,
                          const std::vector<std::vector<sandbox::ArgumentTest>>& passing);

// Reads "{ fd == 1 && (flags & 4) != 0, fd == 2 }", from behind its brace to behind the closing one.
// `argument` gives the number of a name, nullopt for what it does not know. On an error the text of it is
// returned, and the tokens stand where it is.
[[nodiscard]] std::optional<std::string> read_condition(
    KafelTokens& tokens, const std::function<std::optional<unsigned>(std::string_view)>& argument,
    KafelCondition& condition);

}  // namespace cellblock::nsjail
