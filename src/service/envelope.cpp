#include "service/envelope.hpp"

#include <cmath>
#include <cstdint>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "service/display_json.hpp"
#include "service/json_text.hpp"

namespace cellblock::service {
namespace {

using nlohmann::json;

std::string json_string(std::string_view text) {
  return dumped(json(text));
}

// Microseconds are as fine as the measurement.
std::string rounded(double value) {
  return std::isfinite(value) ? dumped(json(std::round(value * 1000) / 1000)) : "0.0";
}

std::string_view boolean(bool value) {
  return value ? "true" : "false";
}

std::string exception_json(const engine::ExceptionInfo& exception) {
  std::string text = "{\"type\":" + json_string(exception.type) +
                     ",\"message\":" + json_string(exception.message) +
                     ",\"traceback\":" + json_string(exception.traceback) +
                     ",\"line\":" + (exception.line ? std::to_string(*exception.line) : "null");
  if (exception.column) text += ",\"column\":" + std::to_string(*exception.column);
  if (exception.end_line) text += ",\"end_line\":" + std::to_string(*exception.end_line);
  if (exception.end_column) text += ",\"end_column\":" + std::to_string(*exception.end_column);
  if (exception.text) text += ",\"text\":" + json_string(*exception.text);
  if (exception.file) text += ",\"file\":" + json_string(*exception.file);
  if (exception.hint) text += ",\"hint\":" + json_string(*exception.hint);
  return text + "}";
}

std::string denied_json(const std::vector<engine::Denial>& denied) {
  std::string text = "[";
  for (const engine::Denial& denial : denied) {
    if (text.size() > 1) text += ",";
    text.append("{\"what\":").append(json_string(denial.what));
    text.append(",\"rule\":").append(json_string(denial.rule));
    text.append(",\"reason\":").append(json_string(denial.reason));
    text.append(",\"count\":").append(std::to_string(denial.count)).append("}");
  }
  return text + "]";
}

// In place, since the contents may be large.
void append_files(std::string& text, const std::vector<engine::File>& files) {
  text += "[";
  for (const engine::File& file : files) {
    if (text.back() != '[') text += ",";
    text.append("{\"path\":").append(json_string(file.path));
    text.append(",\"size\":").append(std::to_string(file.content.size()));
    text.append(",\"content_base64\":\"").append(base::to_base64(file.content)).append("\"}");
  }
  text += "]";
}

std::string skipped_json(const std::vector<engine::SkippedFile>& skipped) {
  json entries = json::array();
  for (const engine::SkippedFile& file : skipped) {
    entries.push_back({{"path", file.path.empty() ? json() : json(file.path)}, {"reason", file.reason}});
  }
  return dumped(entries);
}

// Everything after `stderr`.
std::string tail_json(const engine::Outcome& outcome, std::string_view id) {
  std::string text = ",\"error\":";
  text += outcome.status == engine::Status::kOk ? "null" : json_string(outcome.error);
  text.append(",\"status\":").append(json_string(engine::status_name(outcome.status)));
  text.append(",\"id\":").append(json_string(id));
  text.append(",\"usage\":{\"wall_ms\":").append(rounded(outcome.usage.wall_ms));
  text.append(",\"cpu_ms\":").append(rounded(outcome.usage.cpu_ms));
  text.append(",\"memory_peak_kb\":").append(std::to_string(outcome.usage.memory_peak_kb));
  text.append("},\"truncated\":{\"stdout\":").append(boolean(outcome.stdout_truncated));
  text.append(",\"stderr\":").append(boolean(outcome.stderr_truncated));
  if (outcome.display) text.append(",\"display\":").append(boolean(did_not_fit(*outcome.display)));
  text.append("},\"files\":");
  append_files(text, outcome.files);
  if (!outcome.skipped_files.empty()) {
    text.append(",\"files_skipped\":").append(skipped_json(outcome.skipped_files));
  }
  if (outcome.display) append_display(text, *outcome.display);
  text.append(",\"denied\":").append(denied_json(outcome.denied));
  if (outcome.exception) text.append(",\"exception\":").append(exception_json(*outcome.exception));
  return text + "}";
}

}  // namespace

std::string envelope_json(const engine::Outcome& outcome, std::string_view id) {
  if (outcome.status == engine::Status::kInternalError) {
    return "{\"error\":\"Internal error\",\"id\":" + json_string(id) + "}";
  }
  if (outcome.status == engine::Status::kOverloaded) {
    const std::string reason = outcome.error.empty() ? "The service is overloaded" : outcome.error;
    return "{\"error\":" + json_string(reason) + ",\"status\":\"overloaded\"}";
  }
  std::string_view result = "null";
  if (outcome.status == engine::Status::kOk) result = outcome.result_json;
  const std::string out = json_string(outcome.stdout_text);
  const std::string err = json_string(outcome.stderr_text);
  const std::string tail = tail_json(outcome, id);
  std::string text;
  text.reserve(result.size() + out.size() + err.size() + tail.size() + 64);
  text.append("{\"result\":").append(result);
  text.append(",\"stdout\":").append(out);
  text.append(",\"stderr\":").append(err);
  text.append(tail);
  return text;
}

}  // namespace cellblock::service
