#include "protocol/json_check.hpp"

#include <simdjson.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

namespace cellblock::protocol {
namespace {

namespace ondemand = simdjson::ondemand;

using Checked = tl::expected<void, std::string>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Removes at least one digit from the front, or says no.
bool take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  text.remove_prefix(count);
  return count > 0;
}

// RFC 8259 section 6. simdjson's own number parsing refuses what does not fit 64 bits.
bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.starts_with('0')) {
    text.remove_prefix(1);
  } else if (!take_digits(text)) {
    return false;
  }
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!take_digits(text)) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (!take_digits(text)) return false;
  }
  return text.empty();
}

// Python's own limit on the digits of an integer in text, and the shortest number that can be too large.
constexpr std::size_t kMostDigits = 4300;
constexpr std::size_t kShortestLarge = 5;
// A float without an exponent is finite if it is shorter.
constexpr std::size_t kFloatDigits = 300;
constexpr std::size_t kShown = 40;

// Why Python would make something else of this number than its author meant; empty when it takes it.
std::string beyond_python(std::string_view number) {
  if (number.size() < kShortestLarge) return {};
  if (number.find_first_of(".eE") == std::string_view::npos) {
    const std::size_t digits = number.size() - (number.starts_with('-') ? 1 : 0);
    if (digits <= kMostDigits) return {};
    return "an integer has " + std::to_string(digits) + " digits, of which Python takes at most " +
           std::to_string(kMostDigits);
  }
  if (number.find_first_of("eE") == std::string_view::npos && number.size() < kFloatDigits) return {};
  if (std::isfinite(std::strtod(std::string(number).c_str(), nullptr))) return {};
  return "the number " + std::string(number.substr(0, kShown)) + " is too large for a float";
}

// What other languages write where JSON has no word, or an empty text.
std::string_view foreign_word(std::string_view text) {
  for (const std::string_view word :
       {"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "None", "undefined"}) {
    if (text == word) return word;
  }
  return {};
}

std::string_view without_trailing_space(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::optional<std::uint32_t> read_hex4(const char* at) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    std::uint32_t digit = 0;
    if (is_digit(c)) {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint32_t>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<std::uint32_t>(c - 'A') + 10;
    } else {
      return std::nullopt;
    }
    value = value * 16 + digit;
  }
  return value;
}

std::string lower_hex(const char* digits) {
  std::string text(digits, 4);
  for (char& c : text) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// The walk over one text. Every structural byte is visited, because on-demand parsing checks only what is
// visited.
class Walk {
 public:
  Walk(const simdjson::padded_string& text, std::size_t max_depth, Numbers numbers)
      : begin_(text.data()), max_(max_depth), numbers_(numbers) {}

  Checked value(ondemand::value item, std::size_t depth);
  // Checks the escapes of the string whose first byte after the opening quote is `at`, and moves `at`
  // to its closing quote. simdjson has seen before that every string is closed and the padding keeps
  // look-ahead inside the buffer.
  Checked string(const char*& at) const;
  Checked scalar(std::string_view token) const;

  [[nodiscard]] tl::unexpected<std::string> fault(std::string_view what, const char* at) const {
    return tl::make_unexpected(std::string(what) + " at byte " + std::to_string(at - begin_));
  }

 private:
  Checked array(ondemand::array items, const char* at, std::size_t depth);
  Checked object(ondemand::object fields, const char* at, std::size_t depth);
  Checked too_deep(const char* at) const {
    return fault("nesting is deeper than " + std::to_string(max_) + " levels", at);
  }

  const char* begin_;
  std::size_t max_;
  Numbers numbers_;
};

Checked Walk::string(const char*& at) const {
  for (;; ++at) {
    if (*at == '"') return {};
    if (*at != '\\') continue;
    const char* const escape = at++;
    if (std::string_view("\"\\/bfnrt").find(*at) != std::string_view::npos) continue;
    if (*at != 'u') return fault("a string has an unknown escape", escape);
    const auto unit = read_hex4(at + 1);
    if (!unit) return fault("a string has a malformed \\u escape", escape);
    at += 4;
    if (*unit < 0xD800 || *unit > 0xDFFF) continue;
    const bool paired = *unit < 0xDC00 && at[1] == '\\' && at[2] == 'u';
    const auto low = paired ? read_hex4(at + 3) : std::nullopt;
    if (!low || *low < 0xDC00 || *low > 0xDFFF) {
      return fault("a string has a lone surrogate \\u" + lower_hex(escape + 2), escape);
    }
    at += 6;
  }
}

Checked Walk::scalar(std::string_view token) const {
  const std::string_view text = without_trailing_space(token);
  if (text.starts_with('"')) {
    const char* at = text.data() + 1;
    if (auto checked = string(at); !checked) return checked;
    if (at + 1 != text.data() + text.size()) return fault("a string is followed by garbage", at + 1);
    return {};
  }
  if (text == "null" || text == "true" || text == "false") return {};
  if (is_number(text)) {
    const auto beyond = numbers_ == Numbers::kAny ? std::string() : beyond_python(text);
    return beyond.empty() ? Checked() : fault(beyond, token.data());
  }
  if (const auto word = foreign_word(text); !word.empty()) {
    return fault("'" + std::string(word) + "' is no JSON value but null may do,", token.data());
  }
  return fault("a value is malformed", token.data());
}

Checked Walk::array(ondemand::array items, const char* at, std::size_t depth) {
  if (depth > max_) return too_deep(at);
  for (auto item : items) {
    ondemand::value element;
    if (item.get(element) != simdjson::SUCCESS) return fault("an array is malformed after", at);
    if (auto checked = value(element, depth); !checked) return checked;
    at = element.raw_json_token().data();
  }
  return {};
}

Checked Walk::object(ondemand::object fields, const char* at, std::size_t depth) {
  if (depth > max_) return too_deep(at);
  for (auto item : fields) {
    ondemand::field field;
    if (std::move(item).get(field) != simdjson::SUCCESS) return fault("an object is malformed after", at);
    const char* key = field.key().raw();
    at = key - 1;
    if (auto checked = string(key); !checked) return checked;
    if (auto checked = value(field.value(), depth); !checked) return checked;
  }
  return {};
}

Checked Walk::value(ondemand::value item, std::size_t depth) {
  const std::string_view token = item.raw_json_token();
  if (token.starts_with('[')) {
    ondemand::array items;
    if (item.get_array().get(items) != simdjson::SUCCESS) {
      return fault("an array is not closed", token.data());
    }
    return array(items, token.data(), depth + 1);
  }
  if (token.starts_with('{')) {
    ondemand::object fields;
    if (item.get_object().get(fields) != simdjson::SUCCESS) {
      return fault("an object is not closed", token.data());
    }
    return object(fields, token.data(), depth + 1);
  }
  if (auto checked = scalar(token); !checked) return checked;
  if (token.starts_with('"')) {
    // Left unconsumed, a string before a colon would be skipped as if it were a key: ["a":1].
    if (item.get_raw_json_string().error() != simdjson::SUCCESS) {
      return fault("a string is malformed", token.data());
    }
  }
  return {};
}

std::string stage_one_fault(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return "the text is not valid UTF-8";
    case simdjson::UNESCAPED_CHARS:
      return "a string contains an unescaped control character";
    case simdjson::UNCLOSED_STRING:
      return "a string is not closed";
    case simdjson::EMPTY:
      return "the text is empty";
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
      return "the text is too large to be checked";
    default:
      return "the text is malformed";
  }
}

}  // namespace

Checked check_json(std::string_view text, std::size_t max_depth, Numbers numbers) {
  const simdjson::padded_string padded(text);
  if (padded.size() != text.size()) return tl::make_unexpected("the text is too large to be checked");
  ondemand::parser parser;
  if (parser.allocate(padded.size(), max_depth + 2) != simdjson::SUCCESS) {
    return tl::make_unexpected("the text is too large to be checked");
  }
  ondemand::document document;
  if (const auto code = parser.iterate(padded).get(document); code != simdjson::SUCCESS) {
    return tl::make_unexpected(stage_one_fault(code));
  }
  Walk walk(padded, max_depth, numbers);
  std::string_view token;
  if (document.raw_json_token().get(token) != simdjson::SUCCESS) {
    return tl::make_unexpected("the text is malformed");
  }
  if (!token.starts_with('[') && !token.starts_with('{')) {
    // A lone scalar is the whole text; its token ends where another one would begin.
    if (auto checked = walk.scalar(token); !checked) return checked;
    if (token.data() + token.size() != padded.data() + padded.size()) {
      return walk.fault("something follows the value", token.data() + token.size());
    }
    return {};
  }
  ondemand::value root;
  if (document.get_value().get(root) != simdjson::SUCCESS) {
    return tl::make_unexpected("the text is malformed");
  }
  if (auto checked = walk.value(root, 0); !checked) return checked;
  // The location is out of bounds exactly when every token has been visited.
  const char* rest = nullptr;
  if (document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS) return {};
  return walk.fault("something follows the value", rest == nullptr ? padded.data() : rest);
}

}  // namespace cellblock::protocol
