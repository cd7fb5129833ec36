#include "nsjail/kafel_tokens.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "nsjail/kafel_names.hpp"

namespace cellblock::nsjail {
namespace {

constexpr int kDeepestDefinition = 8;

bool is_of_word(unsigned char letter) {
  return std::isalnum(letter) != 0 || letter == '_';
}

std::string_view without_around(std::string_view text, std::string_view letters) {
  const auto begin = text.find_first_not_of(letters);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(letters) - begin + 1);
}

// "16", "0x10", "020"; negative ones as the kernel sees them.
std::optional<std::uint64_t> number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.starts_with('0')) {
    base = 8;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return negative ? ~value + 1 : value;
}

}  // namespace

bool KafelToken::is_word() const {
  return !text.empty() && is_of_word(static_cast<unsigned char>(text.front()));
}

bool KafelToken::is_number() const {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0;
}

KafelTokens::KafelTokens(std::string_view text) : text_(text) {
  while (skip_to_token()) take_token();
  tokens_.push_back({"", line_});
}

const KafelToken& KafelTokens::peek(std::size_t further) const {
  return tokens_[std::min(at_ + further, tokens_.size() - 1)];
}

KafelToken KafelTokens::next() {
  KafelToken token = tokens_[at_];
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool KafelTokens::skip(std::string_view text) {
  if (peek().text != text) return false;
  next();
  return true;
}

bool KafelTokens::skip_pair(std::string_view pair) {
  if (peek().text != pair.substr(0, 1) || peek(1).text != pair.substr(1)) return false;
  next();
  next();
  return true;
}

void KafelTokens::skip_until(std::string_view sign) {
  const std::size_t end = std::min(text_.find(sign, place_), text_.size());
  line_ += static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(place_),
                                       text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
  place_ = end;
}

bool KafelTokens::skip_to_token() {
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

void KafelTokens::take_directive() {
  constexpr std::string_view kDefine = "#define";
  const std::size_t end = std::min(text_.find('\n', place_), text_.size());
  std::string_view line = text_.substr(place_, end - place_);
  if (!line.starts_with(kDefine)) {
    problems.push_back({line_, "only #define is supported of what begins with '#'"});
  } else {
    line = without_around(line.substr(0, line.find("//")).substr(kDefine.size()), " \t\r");
    const auto blank = std::min(line.find_first_of(" \t"), line.size());
    defined_[std::string(line.substr(0, blank))] = without_around(line.substr(blank), " \t");
  }
  place_ = end;
}

void KafelTokens::take_token() {
  std::size_t end = place_;
  while (end < text_.size() && is_of_word(static_cast<unsigned char>(text_[end]))) ++end;
  if (end == place_) ++end;
  tokens_.push_back({std::string(text_.substr(place_, end - place_)), line_});
  place_ = end;
}

std::optional<std::string> KafelTokens::defined(std::string_view name) const {
  const auto found = defined_.find(name);
  if (found == defined_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint64_t> KafelTokens::value_of(std::string_view text) const {
  return value_of(text, 0);
}

std::optional<std::uint64_t> KafelTokens::value_of(std::string_view text, int depth) const {
  // A definition may name itself.
  if (depth > kDeepestDefinition) return std::nullopt;
  text = without_around(text, " \t()");
  if (const auto bar = text.find('|'); bar != std::string_view::npos) {
    const auto one = value_of(text.substr(0, bar), depth + 1);
    const auto other = value_of(text.substr(bar + 1), depth + 1);
    if (!one || !other) return std::nullopt;
    return *one | *other;
  }
  if (const auto known = number(text)) return known;
  if (const auto defined = this->defined(text)) return value_of(*defined, depth + 1);
  return kernel_constant(text);
}

}  // namespace cellblock::nsjail
