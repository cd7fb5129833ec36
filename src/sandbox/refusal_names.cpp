#include "sandbox/refusal_names.hpp"

#include <seccomp.h>

#include <cstdlib>
#include <memory>

#include "sandbox/refusals.hpp"

namespace cellblock::sandbox {
namespace {

constexpr auto kDefault = "default";

struct Free {
  void operator()(char* text) const { std::free(text); }  // NOLINT(cppcoreguidelines-no-malloc): C's memory
};

std::string name_of(std::size_t number) {
  const std::unique_ptr<char, Free> name(
      seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(number)));
  return name ? name.get() : "system call " + std::to_string(number);
}

}  // namespace

RefusalNames::RefusalNames(const SeccompPolicy& policy) : default_sentence_(policy.sentences.at(kDefault)) {
  for (const SyscallRule& rule : policy.rules) {
    if (!is_reported(rule)) continue;
    const std::string because = rule.because.empty() ? kDefault : rule.because;
    lines_.push_back({rule.what.empty() ? rule.name : rule.what, because, policy.sentences.at(because)});
  }
}

RefusalName RefusalNames::of(std::size_t kind) const {
  if (kind < lines_.size()) return lines_[kind];
  const bool numbered = kind >= kLineKinds && kind < kOtherNumber;
  return {numbered ? name_of(kind - kLineKinds) : "other system calls", kDefault, default_sentence_};
}

const RefusalNames& builtin_refusal_names() {
  // A constant of the program, like the text that it is made of. A unit test reads that text.
  static const RefusalNames kNames(read_seccomp_policy(builtin_seccomp_policy()).value());
  return kNames;
}

}  // namespace cellblock::sandbox
