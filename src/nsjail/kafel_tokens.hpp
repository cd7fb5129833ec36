// A Kafel policy as words, numbers and signs, with the constants that it defines.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nsjail/kafel.hpp"

namespace cellblock::nsjail {

struct KafelToken {
  std::string text;  // a word, a number, or one sign; empty at the end
  int line = 0;

  [[nodiscard]] bool is_word() const;
  [[nodiscard]] bool is_number() const;
};

// Comments and `#define` lines are gone from it.
class KafelTokens {
 public:
  explicit KafelTokens(std::string_view text);

  [[nodiscard]] const KafelToken& peek(std::size_t further = 0) const;
  KafelToken next();
  bool skip(std::string_view text);
  // Two signs in a row: "==".
  bool skip_pair(std::string_view pair);

  // What `#define` says of a name, as it was written.
  [[nodiscard]] std::optional<std::string> defined(std::string_view name) const;
  // Of a number, a defined name, a constant of the kernel's, or several of them joined by '|'.
  [[nodiscard]] std::optional<std::uint64_t> value_of(std::string_view text) const;

  std::vector<KafelProblem> problems;

 private:
  [[nodiscard]] bool at(std::string_view sign) const { return text_.substr(place_).starts_with(sign); }
  void skip_until(std::string_view sign);
  bool skip_to_token();
  void take_directive();
  void take_token();
  [[nodiscard]] std::optional<std::uint64_t> value_of(std::string_view text, int depth) const;

  std::string_view text_;
  std::size_t place_ = 0;
  int line_ = 1;
  std::vector<KafelToken> tokens_;
  std::size_t at_ = 0;
  std::map<std::string, std::string, std::less<>> defined_;
};

}  // namespace cellblock::nsjail
