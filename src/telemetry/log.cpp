#include "telemetry/log.hpp"

#include <spdlog/logger.h>
#include <unistd.h>

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
    logger.set_pattern(format == Format::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                                               : "time=%Y-%m-%dT%H:%M:%S.%e%z level=%l %v");
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
  sink_->logger.log(level_of(level), format_event(format_, event, fields));
}

std::string format_event(Format format, std::string_view event, std::initializer_list<Field> fields) {
  std::string line;
  if (format == Format::kJson) {
    line = "\"event\":" + json_string(event);
    for (const Field& field : fields) line += "," + json_string(field.name) + ":" + json_string(field.value);
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
