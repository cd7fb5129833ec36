#include "telemetry/log.hpp"

#include <spdlog/logger.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "telemetry/patient_sink.hpp"

namespace cellblock::telemetry {
namespace {

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == '\x7f') return false;
  }
  return true;
}

}  // namespace

class Log::Sink {
 public:
  explicit Sink(Level level, Format format)
      : logger("cellblock", std::make_shared<PatientSink>(STDERR_FILENO)) {
    logger.set_level(level_of(level));
    logger.set_pattern(format == Format::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z",%v})"
                                               : "time=%Y-%m-%dT%H:%M:%S.%e%z %v");
  }
  spdlog::logger logger;
};

Log::Log(Level level, Format format) : format_(format), sink_(std::make_unique<Sink>(level, format)) {}
Log::~Log() = default;

void Log::set_level(Level level) {
  sink_->logger.set_level(level_of(level));
}

bool Log::enabled(Level level) const {
  return sink_->logger.should_log(level_of(level));
}

void Log::write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  const std::string_view name = level_name(level);
  std::string line = format_ == Format::kJson ? "\"level\":\"" : "level=";
  line.append(name)
      .append(format_ == Format::kJson ? "\"," : " ")
      .append(format_event(format_, event, fields));
  sink_->logger.log(level_of(level), line);
}

std::string_view level_name(Level level) {
  constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

std::string Field::fraction_text(double amount) {
  // Neither JSON nor those who read the log know a number of another kind.
  if (!std::isfinite(amount)) return "0";
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), "%.3f", amount);
  std::string_view digits = text.data();
  digits = digits.substr(0, digits.find_last_not_of('0') + 1);
  if (digits.ends_with('.')) digits.remove_suffix(1);
  return std::string(digits);
}

std::string format_event(Format format, std::string_view event, std::initializer_list<Field> fields) {
  std::string line;
  if (format == Format::kJson) {
    line = "\"event\":" + json_string(event);
    for (const Field& field : fields)
      line += "," + json_string(field.name) + ":" + (field.number ? field.value : json_string(field.value));
    return line;
  }
  line = "event=" + (is_plain(event) ? std::string(event) : json_string(event));
  for (const Field& field : fields) {
    line += " " + std::string(field.name) + "=" +
            (is_plain(field.value) ? field.value : json_string(field.value));
  }
  return line;
}

}  // namespace cellblock::telemetry
