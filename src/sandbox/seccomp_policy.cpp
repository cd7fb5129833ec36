#include "sandbox/seccomp_policy.hpp"

#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include "base/fd.hpp"

namespace cellblock::embedded {
extern const std::string_view kSeccompPolicy;
}

namespace cellblock::sandbox {
namespace {

// The error numbers that a policy may name.
constexpr std::array<std::pair<std::string_view, int>, 6> kErrors = {{{"EPERM", EPERM},
                                                                      {"ENOSYS", ENOSYS},
                                                                      {"ENOTTY", ENOTTY},
                                                                      {"ENETUNREACH", ENETUNREACH},
                                                                      {"EAFNOSUPPORT", EAFNOSUPPORT},
                                                                      {"EOPNOTSUPP", EOPNOTSUPP}}};

std::optional<int> error_number(std::string_view name) {
  for (const auto& [known, number] : kErrors) {
    if (known == name) return number;
  }
  return std::nullopt;
}

// Decimal, 0x hexadecimal or 0o octal.
std::optional<std::uint64_t> number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) base = 16;
  if (text.starts_with("0o")) base = 8;
  if (base != 10) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "argN == V" or "argN & MASK == V" at `at`; moves `at` behind it.
std::optional<ArgumentTest> argument_test(const std::vector<std::string>& words, std::size_t& at) {
  const auto word = [&](std::size_t offset) {
    return at + offset < words.size() ? std::string_view(words[at + offset]) : std::string_view();
  };
  ArgumentTest test;
  if (word(0).size() != 4 || !word(0).starts_with("arg") || word(0)[3] < '0' || word(0)[3] > '5') {
    return std::nullopt;
  }
  test.index = static_cast<unsigned>(word(0)[3] - '0');
  std::size_t offset = 1;
  if (word(1) == "&") {
    const auto mask = number(word(2));
    if (!mask) return std::nullopt;
    test.mask = *mask;
    offset = 3;
  }
  const auto value = number(word(offset + 1));
  if (word(offset) != "==" || !value) return std::nullopt;
  test.value = *value;
  at += offset + 2;
  return test;
}

std::optional<SyscallRule> parse_rule(const std::vector<std::string>& words) {
  SyscallRule rule;
  std::size_t at = 2;
  if (words.size() < 2) return std::nullopt;
  rule.name = words[1];
  if (words[0] == "errno") {
    const auto code = words.size() > 2 ? error_number(words[2]) : std::nullopt;
    if (!code) return std::nullopt;
    rule.error = *code;
    at = 3;
  } else if (words[0] != "allow") {
    return std::nullopt;
  }
  while (at < words.size()) {
    if (!rule.tests.empty() && words[at++] != "and") return std::nullopt;
    const auto test = argument_test(words, at);
    if (!test) return std::nullopt;
    rule.tests.push_back(*test);
  }
  return rule;
}

struct ReleaseContext {
  void operator()(void* context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, ReleaseContext>;

base::Result<void> add_rule(const Context& context, const SyscallRule& rule) {
  const int syscall = seccomp_syscall_resolve_name(rule.name.c_str());
  if (syscall == __NR_SCMP_ERROR) {
    return base::make_error("line " + std::to_string(rule.line) + " of the seccomp policy: no system call '" +
                            rule.name + "'");
  }
  // Below zero: the call exists on other architectures only.
  if (syscall < 0) return {};
  std::vector<scmp_arg_cmp> tests;
  for (const ArgumentTest& test : rule.tests) {
    tests.push_back({test.index, SCMP_CMP_MASKED_EQ, test.mask, test.value});
  }
  const std::uint32_t action =
      rule.error == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(static_cast<std::uint16_t>(rule.error));
  const int result = seccomp_rule_add_array(context.get(), action, syscall,
                                            static_cast<unsigned>(tests.size()), tests.data());
  if (result == 0) return {};
  errno = -result;
  return base::errno_error("add line " + std::to_string(rule.line) + " of the seccomp policy");
}

base::Result<BpfProgram> export_program(const Context& context) {
  // libseccomp writes a program only to a descriptor.
  const base::Fd file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file.valid()) return base::errno_error("create a memory file for the seccomp filter");
  if (const int result = seccomp_export_bpf(context.get(), file.get()); result != 0) {
    errno = -result;
    return base::errno_error("compile the seccomp filter");
  }
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  BpfProgram program(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (::pread(file.get(), program.data(), static_cast<std::size_t>(size), 0) != size) {
    return base::errno_error("read the compiled seccomp filter");
  }
  return program;
}

}  // namespace

std::string_view builtin_seccomp_policy() {
  return embedded::kSeccompPolicy;
}

base::Result<std::vector<SyscallRule>> parse_seccomp_policy(std::string_view text) {
  std::vector<SyscallRule> rules;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number_of_line = 1; std::getline(lines, line); ++number_of_line) {
    std::istringstream rest(line.substr(0, line.find('#')));
    std::vector<std::string> words;
    for (std::string word; rest >> word;) words.push_back(word);
    if (words.empty()) continue;
    auto rule = parse_rule(words);
    if (!rule) {
      return base::make_error(
          "read line " + std::to_string(number_of_line) + " of the seccomp policy: '" + line + "'",
          "allow NAME [argN [& MASK] == V [and …]] or errno NAME CODE [condition]");
    }
    rule->line = number_of_line;
    rules.push_back(std::move(*rule));
  }
  return rules;
}

base::Result<BpfProgram> compile_seccomp(const std::vector<SyscallRule>& rules) {
  const Context context(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!context) return base::make_error("create a seccomp filter");
  // The filter looks calls up in a tree instead of a list: a fifth of the instructions for a late entry.
  seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  // The default would be to kill; a refused call is an error like any other.
  if (seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) != 0) {
    return base::make_error("set the seccomp filter's action for other architectures");
  }
  for (const SyscallRule& rule : rules) {
    if (auto added = add_rule(context, rule); !added) return tl::make_unexpected(added.error());
  }
  return export_program(context);
}

}  // namespace cellblock::sandbox
