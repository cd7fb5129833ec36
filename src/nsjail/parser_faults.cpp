#include "nsjail/parser_faults.hpp"

#include <algorithm>
#include <string_view>

#include "config/nearest.hpp"
#include "nsjail/config.pb.h"

namespace cellblock::nsjail {
namespace {

using google::protobuf::Descriptor;

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

// What stands between the quotes of a message, in their order.
std::vector<std::string> quoted(const std::string& message) {
  std::vector<std::string> words;
  for (std::size_t begin = message.find('"'); begin != std::string::npos; begin = message.find('"', begin)) {
    const std::size_t end = message.find('"', begin + 1);
    if (end == std::string::npos) break;
    words.push_back(message.substr(begin + 1, end - begin - 1));
    begin = end + 1;
  }
  return words;
}

// Where a name stands as a word of its own before a column, and not as a part of another.
std::size_t last_word(const std::string& line, const std::string& name, std::size_t before) {
  for (std::size_t at = line.rfind(name, before); at != std::string::npos; at = line.rfind(name, at - 1)) {
    const std::size_t after = line.find_first_not_of(kLetters, at);
    const bool begins = at == 0 || kLetters.find(line[at - 1]) == std::string_view::npos;
    if (begins && std::min(after, line.size()) == at + name.size()) return at;
    if (at == 0) break;
  }
  return std::string::npos;
}

// The parser tells the place of what follows; the name is there or before it.
void go_back_to(const std::string& name, Finding& fault, const std::vector<std::string>& lines) {
  fault.field = name;
  auto line = std::min(static_cast<std::size_t>(fault.line), lines.size());
  auto before = static_cast<std::size_t>(std::max(fault.column, 1)) - 1;
  for (; line > 0; --line, before = std::string::npos) {
    const std::size_t column = last_word(lines[line - 1], name, before);
    if (column == std::string::npos) continue;
    fault.line = static_cast<int>(line);
    fault.column = static_cast<int>(column) + 1;
    return;
  }
}

// "mount" for MountPt: the parser's types are nobody's business.
std::string field_of_type(const Descriptor& type) {
  const Descriptor& whole = *NsJailConfig::descriptor();
  for (int index = 0; index < whole.field_count(); ++index) {
    if (whole.field(index)->message_type() == &type) return whole.field(index)->name();
  }
  return type.name();
}

std::string no_such_field(const std::string& type_name, const std::string& name) {
  const Descriptor* type = NsJailConfig::descriptor()->file()->pool()->FindMessageTypeByName(type_name);
  if (type == nullptr) return "no such field";
  std::vector<std::string_view> names;
  for (int index = 0; index < type->field_count(); ++index) names.push_back(type->field(index)->name());
  const std::string within = type == NsJailConfig::descriptor()
                                 ? "nsjail has no such field"
                                 : "'" + field_of_type(*type) + "' has no such field";
  return within + ", did you mean '" + std::string(config::nearest_of(name, names)) + "'?";
}

std::string not_of_enum(const std::string& value, const std::string& field) {
  // Enums are fields of the whole only.
  const auto* known = NsJailConfig::descriptor()->FindFieldByName(field);
  if (known == nullptr || known->enum_type() == nullptr) return "'" + value + "' is not a value of it";
  std::string names;
  for (int index = 0; index < known->enum_type()->value_count(); ++index) {
    names += (index == 0 ? "" : ", ") + known->enum_type()->value(index)->name();
  }
  return "'" + value + "' is not one of " + names;
}

// The name before the last colon before a fault: of the field whose value it is.
void name_field(Finding& fault, const std::vector<std::string>& lines) {
  const auto line = static_cast<std::size_t>(fault.line - 1);
  if (line >= lines.size()) return;
  const std::string before = lines[line].substr(0, static_cast<std::size_t>(std::max(fault.column - 1, 0)));
  const std::size_t colon = before.rfind(':');
  if (colon == std::string::npos) return;
  std::string name = before.substr(0, colon);
  name.erase(name.find_last_not_of(" \t") + 1);
  fault.field = name.substr(name.find_last_not_of(kLetters) + 1);
}

}  // namespace

void reword(Finding& fault, const std::vector<std::string>& lines) {
  const auto words = quoted(fault.text);
  if (fault.text.starts_with("Message type") && words.size() == 2) {
    fault.text = no_such_field(words[0], words[1]);
    go_back_to(words[1], fault, lines);
  } else if (fault.text.starts_with("Non-repeated field") && words.size() == 1) {
    fault.text = "is given twice";
    go_back_to(words[0], fault, lines);
  } else if (fault.text.starts_with("Unknown enumeration value") && words.size() == 2) {
    fault.text = not_of_enum(words[0], words[1]);
    go_back_to(words[1], fault, lines);
  } else {
    name_field(fault, lines);
  }
}

}  // namespace cellblock::nsjail
