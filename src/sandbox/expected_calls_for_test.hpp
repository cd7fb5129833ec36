// What the built-in seccomp policy must answer, written down a second time and in another form, so that a
// change of the policy is always also a change here.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/bpf_for_test.hpp"

namespace cellblock::sandbox::for_test {

// A call that is let through with some arguments only, or refused with an errno of its own.
struct ConditionalCall {
  // "allow" or the name of an errno, for these arguments.
  std::function<std::string(const Arguments&)> answer;
  // The argument that a filter may look at; the others must make no difference.
  std::vector<unsigned> looks_at;
};

// Calls that are let through whatever their arguments are.
[[nodiscard]] const std::vector<std::string_view>& plain_calls();

[[nodiscard]] const std::map<std::string_view, ConditionalCall>& conditional_calls();

// "allow" or the name of an errno; `name` as libseccomp has it, empty for a number without a call.
[[nodiscard]] std::string expected_answer(std::string_view name, const Arguments& arguments);

}  // namespace cellblock::sandbox::for_test
