#include "nsjail/kafel.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "nsjail/kafel_names.hpp"
#include "nsjail/kafel_tokens.hpp"

namespace cellblock::nsjail {
namespace {

// What USE pastes is bounded, since policies may use each other twice over.
constexpr std::size_t kMostRules = 20'000;

std::optional<KafelAction> action_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, KafelAction>, 10> kActions = {{
      {"ALLOW", KafelAction::kAllow},
      {"KILL", KafelAction::kRefuse},
      {"KILL_THREAD", KafelAction::kRefuse},
      {"KILL_PROCESS", KafelAction::kRefuse},
      {"DENY", KafelAction::kRefuse},
      {"ERRNO", KafelAction::kRefuse},
      {"TRAP", KafelAction::kRefuse},
      {"LOG", KafelAction::kOther},
      {"TRACE", KafelAction::kOther},
      {"USER_NOTIF", KafelAction::kOther},
  }};
  for (const auto& [name, action] : kActions) {
    if (name == word) return action;
  }
  return std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(text) {}

  KafelPolicy parse() {
    while (good_ && !tokens_.peek().text.empty()) statement();
    policy_.problems.insert(policy_.problems.begin(), tokens_.problems.begin(), tokens_.problems.end());
    return std::move(policy_);
  }

 private:
  void fail(std::string text) {
    if (good_) policy_.problems.push_back({tokens_.peek().line, std::move(text)});
    good_ = false;
  }

  void expect(std::string_view sign) {
    if (good_ && !tokens_.skip(sign)) {
      fail("'" + std::string(sign) + "' expected instead of '" + tokens_.peek().text + "'");
    }
  }

  void statement() {
    if (tokens_.skip("POLICY")) {
      named_policy();
    } else if (tokens_.peek().text == "DEFAULT") {
      default_action();
    } else if (!tokens_.skip(",") && !tokens_.skip(";")) {
      part(policy_.rules);
    }
  }

  void named_policy() {
    const std::string name = tokens_.next().text;
    std::vector<KafelRule> rules;
    expect("{");
    while (good_ && !tokens_.skip("}")) {
      if (!tokens_.skip(",")) part(rules);
    }
    policies_[name] = std::move(rules);
  }

  void default_action() {
    const int line = tokens_.next().line;
    const auto action = this->action();
    if (!action) return;
    if (policy_.default_line != 0) return fail("a second DEFAULT");
    policy_.default_line = line;
    policy_.otherwise = *action;
  }

  // "ALLOW", "ERRNO(1)".
  std::optional<KafelAction> action() {
    const auto action = action_of(tokens_.peek().text);
    if (!action) {
      fail("an action such as ALLOW expected instead of '" + tokens_.peek().text + "'");
      return std::nullopt;
    }
    tokens_.next();
    if (tokens_.peek().text == "(") skip_balanced("(", ")");
    return action;
  }

  // USE of a policy, or a block of calls.
  void part(std::vector<KafelRule>& rules) {
    if (tokens_.skip("USE")) return use(rules);
    const auto action = this->action();
    expect("{");
    while (good_ && !tokens_.skip("}")) {
      if (!tokens_.skip(",")) call(rules, *action);
    }
  }

  void use(std::vector<KafelRule>& rules) {
    const auto found = policies_.find(tokens_.peek().text);
    if (found == policies_.end()) return fail("no policy '" + tokens_.peek().text + "' stands above");
    tokens_.next();
    if (rules.size() + found->second.size() > kMostRules) return fail("too many rules");
    // A copy, since a policy can't be `rules` itself only as long as it is not finished.
    const std::vector<KafelRule> pasted = found->second;
    rules.insert(rules.end(), pasted.begin(), pasted.end());
  }

  void call(std::vector<KafelRule>& rules, KafelAction action) {
    const KafelToken name = tokens_.peek();
    if (!name.is_word()) return fail("the name of a system call expected instead of '" + name.text + "'");
    tokens_.next();
    KafelRule rule{name.text, -1, action, {}, name.line};
    if (name.text == "SYSCALL") {
      by_number(rule);
    } else if (const auto defined = tokens_.defined(name.text)) {
      // Another name for a call, or for its number.
      const auto number = tokens_.value_of(*defined);
      rule.call = number ? "" : *defined;
      if (number) rule.number = static_cast<std::int64_t>(*number);
    }
    const std::vector<std::string> arguments = names_of_arguments();
    const bool ours = guard();
    if (good_ && tokens_.skip("{")) rule.condition = condition(rule.call, arguments);
    if (rules.size() >= kMostRules) return fail("too many rules");
    if (ours) rules.push_back(std::move(rule));
  }

  // "SYSCALL[319]", with a number or a defined name.
  void by_number(KafelRule& rule) {
    expect("[");
    const auto number = tokens_.value_of(tokens_.peek().text);
    if (!number) return fail("the number of a system call expected instead of '" + tokens_.peek().text + "'");
    tokens_.next();
    expect("]");
    rule.call.clear();
    rule.number = static_cast<std::int64_t>(*number);
  }

  // "(fd, buf, count)".
  std::vector<std::string> names_of_arguments() {
    std::vector<std::string> names;
    if (!good_ || !tokens_.skip("(")) return names;
    while (good_ && !tokens_.skip(")")) {
      if (!tokens_.peek().is_word()) fail("')' expected instead of '" + tokens_.peek().text + "'");
      names.push_back(tokens_.next().text);
      tokens_.skip(",");
    }
    return names;
  }

  KafelCondition condition(const std::string& call, const std::vector<std::string>& names) {
    const auto argument = [&](std::string_view name) -> std::optional<unsigned> {
      const auto found = std::find(names.begin(), names.end(), name);
      if (found != names.end()) return static_cast<unsigned>(found - names.begin());
      return argument_of(call, name);
    };
    KafelCondition condition;
    if (const auto error = read_condition(tokens_, argument, condition)) fail(*error);
    return condition;
  }

  // "ON x86_64" or "ON { x86_64, arm }": whether this architecture is among them.
  bool guard() {
    if (!tokens_.skip("ON")) return true;
    if (!tokens_.skip("{")) return tokens_.next().text == "x86_64";
    bool ours = false;
    while (good_ && !tokens_.skip("}")) {
      if (tokens_.peek().text.empty()) fail("'}' expected");
      ours = tokens_.next().text == "x86_64" || ours;
    }
    return ours;
  }

  void skip_balanced(std::string_view open, std::string_view close) {
    int depth = 0;
    do {
      if (tokens_.peek().text.empty()) return fail("'" + std::string(close) + "' expected");
      const std::string text = tokens_.next().text;
      depth += text == open ? 1 : text == close ? -1 : 0;
    } while (depth > 0);
  }

  KafelTokens tokens_;
  KafelPolicy policy_;
  std::map<std::string, std::vector<KafelRule>, std::less<>> policies_;
  bool good_ = true;
};

}  // namespace

KafelPolicy parse_kafel(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace cellblock::nsjail
