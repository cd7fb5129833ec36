#include "sandbox/seccomp_policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <sstream>
#include <utility>

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

bool begins_end(std::string_view word) {
  return word == "quiet" || word == "because" || word == "needs" || word == "counted";
}

// "needs namespaces" or "needs cgroup"; only what is allowed needs a wall.
bool take_needs(SyscallRule& rule, std::span<const std::string> words) {
  if (words.size() != 2 || rule.error != 0) return false;
  if (words[1] == "namespaces") rule.needs = Needs::kNamespaces;
  if (words[1] == "cgroup") rule.needs = Needs::kCgroup;
  return rule.needs != Needs::kNothing;
}

// "quiet" or "because RULE [as WHAT]", or nothing; only a refusal has something to report.
bool take_report(SyscallRule& rule, std::span<const std::string> words) {
  if (words.empty()) return true;
  if (words[0] == "needs") return take_needs(rule, words);
  if (words[0] == "counted") {
    rule.counted = rule.error == 0;
    return rule.counted && words.size() == 1;
  }
  if (rule.error == 0) return false;
  if (words[0] == "quiet") {
    rule.quiet = true;
    return words.size() == 1;
  }
  if (words.size() != 2 && (words.size() != 4 || words[2] != "as")) return false;
  rule.because = words[1];
  if (words.size() == 4) rule.what = words[3];
  return true;
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
  while (at < words.size() && !begins_end(words[at])) {
    if (!rule.tests.empty() && words[at++] != "and") return std::nullopt;
    const auto test = argument_test(words, at);
    if (!test) return std::nullopt;
    rule.tests.push_back(*test);
  }
  if (!take_report(rule, std::span(words).subspan(at))) return std::nullopt;
  return rule;
}

// The sentence behind "rule RULE", with single blanks.
std::string sentence_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t index = 2; index < words.size(); ++index) text += (index == 2 ? "" : " ") + words[index];
  return text;
}

tl::unexpected<base::Error> faulty(int line, const std::string& text) {
  return base::make_error(
      "read line " + std::to_string(line) + " of the seccomp policy: '" + text + "'",
      "allow NAME [argN [& MASK] == V [and …]] [needs WALL | counted], errno NAME CODE [condition] [quiet | "
      "because RULE [as WHAT]] or rule RULE SENTENCE");
}

}  // namespace

std::string_view builtin_seccomp_policy() {
  return embedded::kSeccompPolicy;
}

base::Result<SeccompPolicy> read_seccomp_policy(std::string_view text) {
  SeccompPolicy policy;
  policy.sentences["default"] = "not allowed";
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number_of_line = 1; std::getline(lines, line); ++number_of_line) {
    std::istringstream rest(line.substr(0, line.find('#')));
    std::vector<std::string> words;
    for (std::string word; rest >> word;) words.push_back(word);
    if (words.empty()) continue;
    if (words[0] == "rule") {
      if (words.size() < 3) return faulty(number_of_line, line);
      policy.sentences[words[1]] = sentence_of(words);
      continue;
    }
    auto rule = parse_rule(words);
    // A rule is named before it is used, or an author would be told nothing.
    if (!rule || (!rule->because.empty() && !policy.sentences.contains(rule->because))) {
      return faulty(number_of_line, line);
    }
    rule->line = number_of_line;
    policy.rules.push_back(std::move(*rule));
  }
  return policy;
}

std::vector<SyscallRule> without_calls(std::vector<SyscallRule> rules,
                                       const std::vector<std::string>& refused) {
  std::erase_if(rules, [&refused](const SyscallRule& rule) {
    return rule.error == 0 && std::find(refused.begin(), refused.end(), rule.name) != refused.end();
  });
  return rules;
}

std::vector<SyscallRule> rules_with(const Walls& walls, std::vector<SyscallRule> rules) {
  std::erase_if(rules, [&walls](const SyscallRule& rule) {
    return (rule.needs == Needs::kNamespaces && !walls.namespaces) ||
           (rule.needs == Needs::kCgroup && !walls.cgroups);
  });
  return rules;
}

base::Result<std::vector<SyscallRule>> parse_seccomp_policy(std::string_view text) {
  auto policy = read_seccomp_policy(text);
  if (!policy) return tl::make_unexpected(policy.error());
  return std::move(policy->rules);
}

}  // namespace cellblock::sandbox
