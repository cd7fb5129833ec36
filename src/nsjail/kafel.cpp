#include "nsjail/kafel.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <utility>

namespace cellblock::nsjail {
namespace {

// What USE pastes is bounded, since policies may use each other twice over.
constexpr std::size_t kMostRules = 20'000;

struct Token {
  std::string text;  // a word, a number, or one sign; empty at the end
  int line = 0;
};

bool is_word(unsigned char letter) {
  return std::isalnum(letter) != 0 || letter == '_';
}

// Comments and `#define` lines are gone afterwards: of constants only the names matter here.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {
    while (skip_to_token()) take_token();
    tokens_.push_back({"", line_});
  }

  [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
  Token next() {
    Token token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool skip(std::string_view text) {
    if (peek().text != text) return false;
    next();
    return true;
  }

  std::vector<KafelProblem> problems;

 private:
  [[nodiscard]] bool at(std::string_view sign) const { return text_.substr(place_).starts_with(sign); }

  void skip_until(std::string_view sign) {
    const std::size_t end = std::min(text_.find(sign, place_), text_.size());
    line_ += static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(place_),
                                         text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    place_ = end;
  }

  bool skip_to_token() {
    while (place_ < text_.size()) {
      if (at("//")) {
        skip_until("\n");
      } else if (at("/*")) {
        skip_until("*/");
        place_ = std::min(place_ + 2, text_.size());
      } else if (at("#")) {
        take_directive();
      } else if (std::isspace(static_cast<unsigned char>(text_[place_])) != 0) {
        line_ += text_[place_++] == '\n' ? 1 : 0;
      } else {
        return true;
      }
    }
    return false;
  }

  void take_directive() {
    if (!at("#define")) problems.push_back({line_, "only #define is supported of what begins with '#'"});
    skip_until("\n");
  }

  void take_token() {
    std::size_t end = place_;
    while (end < text_.size() && is_word(static_cast<unsigned char>(text_[end]))) ++end;
    if (end == place_) ++end;
    tokens_.push_back({std::string(text_.substr(place_, end - place_)), line_});
    place_ = end;
  }

  std::string_view text_;
  std::size_t place_ = 0;
  int line_ = 1;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

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
    const Token name = tokens_.next();
    if (name.text.empty() || !is_word(static_cast<unsigned char>(name.text.front()))) {
      return fail("the name of a system call expected instead of '" + name.text + "'");
    }
    KafelRule rule{name.text, action, false, name.line};
    if (name.text == "SYSCALL" || std::isdigit(static_cast<unsigned char>(name.text.front())) != 0) {
      return fail("system calls by number are not supported");
    }
    // The names of the arguments.
    if (tokens_.peek().text == "(") skip_balanced("(", ")");
    const bool ours = guard();
    if (good_ && tokens_.peek().text == "{") {
      rule.conditional = true;
      skip_balanced("{", "}");
    }
    if (rules.size() >= kMostRules) return fail("too many rules");
    if (ours) rules.push_back(std::move(rule));
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

  Tokens tokens_;
  KafelPolicy policy_;
  std::map<std::string, std::vector<KafelRule>, std::less<>> policies_;
  bool good_ = true;
};

}  // namespace

KafelPolicy parse_kafel(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace cellblock::nsjail
