#include "nsjail/kafel_condition.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "nsjail/kafel_tokens.hpp"

namespace cellblock::nsjail {
namespace {

constexpr std::size_t kMostCases = 64;
constexpr int kDeepestCondition = 32;
// Kafel looks at as many bits as an argument's type has. What is told of the others is taken for unknown.
constexpr std::uint64_t kSureBits = 0xffffffff;

using Cases = std::vector<KafelCase>;

// What is not understood may hold or not.
Cases unknown() {
  return {{KafelTerm{}}};
}

Cases either(Cases one, const Cases& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one.size() > kMostCases ? unknown() : one;
}

Cases both(const Cases& one, const Cases& other) {
  if (one.size() * other.size() > kMostCases) return unknown();
  Cases all;
  for (const KafelCase& left : one) {
    for (const KafelCase& right : other) {
      all.push_back(left);
      all.back().insert(all.back().end(), right.begin(), right.end());
    }
  }
  return all;
}

// One side of a comparison: an argument, masked or not, or a number.
struct Operand {
  bool number = false;
  std::uint64_t value = 0;           // of a number
  std::optional<unsigned> argument;  // of the rest, when it is known
  std::uint64_t mask = ~std::uint64_t{0};
};

// By descent, with the sense turned round behind a '!'. && binds more tightly than ||, and & and | than a
// comparison.
class Conditions {
 public:
  Conditions(KafelTokens& tokens, const std::function<std::optional<unsigned>(std::string_view)>& argument)
      : tokens_(&tokens), argument_(&argument) {}

  Cases any(bool turned) {
    Cases cases = all(turned);
    while (good() && tokens_->skip_pair("||")) {
      const Cases more = all(turned);
      cases = turned ? both(cases, more) : either(std::move(cases), more);
    }
    return cases;
  }

  void fail(std::string text) {
    if (good()) error_ = std::move(text);
  }
  [[nodiscard]] bool good() const { return !error_; }
  [[nodiscard]] std::optional<std::string> error() const { return error_; }

 private:
  Cases all(bool turned) {
    Cases cases = one(turned);
    while (good() && tokens_->skip_pair("&&")) {
      const Cases more = one(turned);
      cases = turned ? either(std::move(cases), more) : both(cases, more);
    }
    return cases;
  }

  Cases one(bool turned) {
    if (++depth_ > kDeepestCondition) fail("too many parentheses");
    Cases cases;
    if (!good()) {
      cases = unknown();
    } else if (tokens_->peek().text == "!" && tokens_->peek(1).text != "=") {
      tokens_->next();
      cases = one(!turned);
    } else if (tokens_->peek().text == "(" && !operand_in_parentheses()) {
      tokens_->next();
      cases = any(turned);
      if (good() && !tokens_->skip(")")) fail("')' expected instead of '" + tokens_->peek().text + "'");
    } else {
      cases = comparison(turned);
    }
    --depth_;
    return cases;
  }

  // "(flags & 4) == 4" against "(fd == 1 || fd == 2)": whether a comparison follows the parenthesis, or none
  // is in it.
  [[nodiscard]] bool operand_in_parentheses() const {
    int depth = 0;
    bool compares = false;
    for (std::size_t further = 0; !tokens_->peek(further).text.empty(); ++further) {
      const std::string& text = tokens_->peek(further).text;
      depth += text == "(" ? 1 : text == ")" ? -1 : 0;
      const std::string& after = tokens_->peek(further + 1).text;
      compares = compares || text == "=" || text == "!" || text == "<" || text == ">" ||
                 (text == "&" && after == "&") || (text == "|" && after == "|");
      if (depth == 0) return !compares;
    }
    return false;
  }

  Cases comparison(bool turned) {
    const Operand left = operand();
    bool equal = true;
    if (tokens_->skip_pair("==")) {
    } else if (tokens_->skip_pair("!=")) {
      equal = false;
    } else if (tokens_->skip("<") || tokens_->skip(">")) {
      tokens_->skip("=");
      operand();
      return unknown();
    } else {
      // Alone it is compared with zero.
      return {{term(left, Operand{true, 0, {}, 0}, turned)}};
    }
    const Operand right = operand();
    return {{left.number ? term(right, left, equal != turned) : term(left, right, equal != turned)}};
  }

  static KafelTerm term(const Operand& argument, const Operand& number, bool equal) {
    const bool sure = argument.mask == ~std::uint64_t{0} || argument.mask <= kSureBits;
    if (argument.number || !number.number || !sure || number.value > kSureBits) return {};
    return {argument.argument, argument.mask, number.value, equal};
  }

  Operand operand() {
    Operand read = factor();
    while (good()) {
      const std::string& sign = tokens_->peek().text;
      if ((sign != "&" && sign != "|") || tokens_->peek(1).text == sign) break;
      const bool mask = tokens_->next().text == "&";
      const Operand more = factor();
      if (read.number && more.number) {
        read.value = mask ? read.value & more.value : read.value | more.value;
      } else if (mask && more.number) {
        read.mask &= more.value;
      } else if (mask && read.number) {
        read = {false, 0, more.argument, more.mask & read.value};
      } else {
        read = {};
      }
    }
    return read;
  }

  Operand factor() {
    if (++depth_ > kDeepestCondition) fail("too many parentheses");
    Operand read;
    if (good() && tokens_->skip("(")) {
      read = operand();
      if (good() && !tokens_->skip(")")) fail("')' expected instead of '" + tokens_->peek().text + "'");
    } else if (good()) {
      read = name_or_number();
    }
    --depth_;
    return read;
  }

  Operand name_or_number() {
    const bool negative = tokens_->peek().text == "-";
    const KafelToken& token = tokens_->peek(negative ? 1 : 0);
    if (!token.is_word()) {
      fail("an argument or a number expected instead of '" + token.text + "'");
      return {};
    }
    const auto argument = (*argument_)(token.text);
    const auto value = argument ? std::nullopt : tokens_->value_of((negative ? "-" : "") + token.text);
    const bool looks_like_constant =
        token.is_number() || std::isupper(static_cast<unsigned char>(token.text.front())) != 0;
    if (!argument && !value && looks_like_constant) {
      fail("'" + token.text + "' is not known: #define it");
      return {};
    }
    if (negative) tokens_->next();
    tokens_->next();
    if (value) return {true, *value, {}, 0};
    return {false, 0, argument};
  }

  KafelTokens* tokens_;
  const std::function<std::optional<unsigned>(std::string_view)>* argument_;
  std::optional<std::string> error_;
  int depth_ = 0;
};

}  // namespace

std::optional<std::string> read_condition(
    KafelTokens& tokens, const std::function<std::optional<unsigned>(std::string_view)>& argument,
    KafelCondition& condition) {
  Conditions conditions(tokens, argument);
  // It would hold never, and a refusal come to nothing.
  if (tokens.peek().text == "}") conditions.fail("a condition expected instead of '}'");
  while (conditions.good() && !tokens.skip("}")) {
    condition.cases = either(std::move(condition.cases), conditions.any(false));
    if (conditions.good() && !tokens.skip(",") && tokens.peek().text != "}")
      conditions.fail("'}' expected instead of '" + tokens.peek().text + "'");
  }
  return conditions.error();
}

}  // namespace cellblock::nsjail
