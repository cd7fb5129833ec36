// Whether a condition can hold for the calls that cellblock's own policy lets through.
#include "nsjail/kafel_condition.hpp"

namespace cellblock::nsjail {
namespace {

// What one line of the own policy says about a term.
Holds holds(const KafelTerm& term, const std::vector<sandbox::ArgumentTest>& tests) {
  if (!term.argument) return Holds::kMaybe;
  std::uint64_t known = 0;
  std::uint64_t bits = 0;
  for (const sandbox::ArgumentTest& test : tests) {
    if (test.index != *term.argument) continue;
    known |= test.mask;
    bits |= test.value & test.mask;
  }
  const bool differs = (term.value & ~term.mask) != 0 || (known & term.mask & (bits ^ term.value)) != 0;
  const bool same = (term.mask & ~known) == 0 && (bits & term.mask) == term.value;
  if (differs) return term.equal ? Holds::kNever : Holds::kAlways;
  if (same) return term.equal ? Holds::kAlways : Holds::kNever;
  return Holds::kMaybe;
}

Holds holds(const KafelCase& all, const std::vector<sandbox::ArgumentTest>& tests) {
  Holds result = Holds::kAlways;
  for (const KafelTerm& term : all) {
    const Holds one = holds(term, tests);
    if (one == Holds::kNever) return one;
    if (one == Holds::kMaybe) result = one;
  }
  return result;
}

}  // namespace

Holds holds(const KafelCondition& condition, const std::vector<std::vector<sandbox::ArgumentTest>>& passing) {
  bool ever = false;
  bool always = true;
  for (const auto& tests : passing) {
    bool this_always = false;
    for (const KafelCase& one : condition.cases) {
      const Holds result = holds(one, tests);
      ever = ever || result != Holds::kNever;
      this_always = this_always || result == Holds::kAlways;
    }
    always = always && this_always;
  }
  if (!ever) return Holds::kNever;
  return always ? Holds::kAlways : Holds::kMaybe;
}

}  // namespace cellblock::nsjail
