#include "nsjail/config_text.hpp"

#include <google/protobuf/io/tokenizer.h>

#include "nsjail/parser_faults.hpp"

namespace cellblock::nsjail {
namespace {

using google::protobuf::TextFormat;

constexpr int kMostFaults = 50;
constexpr int kDeepest = 16;
constexpr std::size_t kLongestValue = 60;

// The parser tells what it does not know as a warning and goes on, and stops at the first real error.
class Collector final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    errors.push_back({line + 1, column + 1, {}, {}, Outcome::kWrong, message});
  }
  void AddWarning(int line, int column, const std::string& message) override {
    warnings.push_back({line + 1, column + 1, {}, {}, Outcome::kWrong, message});
  }

  std::vector<Finding> errors;
  std::vector<Finding> warnings;
};

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines(1);
  for (const char letter : text) {
    if (letter == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += letter;
    }
  }
  return lines;
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

// "name: value" alone on its line. Anything that opens or closes something must stay.
bool stands_alone(const std::string& line) {
  const auto colon = line.find(':');
  return colon != std::string::npos && line.find_first_of("{}<>[]") == std::string::npos &&
         line.find_first_not_of(" \t") < colon;
}

}  // namespace

ParsedText parse_text(std::string_view text) {
  std::vector<std::string> lines = lines_of(text);
  ParsedText parsed;
  for (;;) {
    Collector collector;
    parsed.message.Clear();
    parsed.places = std::make_unique<Places>();
    TextFormat::Parser parser;
    parser.RecordErrorsTo(&collector);
    parser.AllowUnknownField(true);
    parser.AllowPartialMessage(true);
    parser.SetRecursionLimit(kDeepest);
    parser.WriteLocationsTo(parsed.places.get());
    const bool whole = parser.ParseFromString(joined_lines(lines), &parsed.message);
    for (Finding& error : collector.errors) reword(error, lines);
    for (Finding& warning : collector.warnings) reword(warning, lines);
    const auto failed =
        collector.errors.empty() ? lines.size() : static_cast<std::size_t>(collector.errors.front().line - 1);
    if (whole || failed >= lines.size() || !stands_alone(lines[failed]) ||
        parsed.faults.size() >= kMostFaults) {
      parsed.faults.insert(parsed.faults.end(), collector.errors.begin(), collector.errors.end());
      parsed.faults.insert(parsed.faults.end(), collector.warnings.begin(), collector.warnings.end());
      // Not read, and nothing said: no silence about that.
      if (!whole && parsed.faults.empty()) {
        parsed.faults.push_back({0, 0, {}, {}, Outcome::kWrong, "the file can't be read as text format"});
      }
      return parsed;
    }
    // What else it may have said comes again without this line.
    parsed.faults.push_back(collector.errors.front());
    lines[failed].clear();
  }
}

std::string value_text(const google::protobuf::Message& message,
                       const google::protobuf::FieldDescriptor& field, int index) {
  std::string text;
  TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.PrintFieldValueToString(message, &field, index, &text);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  if (field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) text = "{ " + text + " }";
  if (text.size() > kLongestValue) text = text.substr(0, kLongestValue) + "…";
  return text;
}

}  // namespace cellblock::nsjail
