#include "nsjail/finding.hpp"

#include <algorithm>
#include <tuple>

namespace cellblock::nsjail {
namespace {

void pad(std::string& text, std::size_t width) {
  // A long entry pushes the rest of its line aside, and no other line.
  text.append(text.size() < width ? width - text.size() : 0, ' ').append("  ");
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kApplied:
      return "applied";
    case Outcome::kAlreadySo:
      return "already so";
    case Outcome::kNoted:
      return "no effect";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kNotSupported:
      return "not supported";
    case Outcome::kWrong:
      return "wrong";
  }
  return "wrong";
}

bool is_error(Outcome outcome) {
  return outcome == Outcome::kRefused || outcome == Outcome::kNotSupported || outcome == Outcome::kWrong;
}

std::string describe(const Finding& finding) {
  std::string text;
  if (finding.line > 0) {
    text = "line " + std::to_string(finding.line) + ", column " + std::to_string(finding.column) + ": ";
  }
  text += finding.field;
  if (!finding.value.empty()) text += " = " + finding.value;
  if (!finding.field.empty()) text += ": ";
  return text + std::string(outcome_name(finding.outcome)) + ": " + finding.text;
}

std::string explanation(std::vector<Finding> findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  std::size_t fields = 0;
  std::size_t values = 0;
  constexpr std::size_t kWidest = 32;
  for (const Finding& finding : findings) {
    fields = std::max(fields, std::min(finding.field.size(), kWidest));
    values = std::max(values, std::min(finding.value.size(), kWidest));
  }
  std::string text;
  for (const Finding& finding : findings) {
    std::string line = std::to_string(finding.line);
    line.insert(0, line.size() < 4 ? 4 - line.size() : 0, ' ');
    std::string row = line + "  ";
    std::string cell = finding.field;
    pad(cell, fields);
    row += cell;
    cell = finding.value;
    pad(cell, values);
    row += cell;
    cell = outcome_name(finding.outcome);
    pad(cell, outcome_name(Outcome::kNotSupported).size());
    text += row + cell + finding.text + "\n";
  }
  return text;
}

}  // namespace cellblock::nsjail
