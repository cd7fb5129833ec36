// The service's own log: one line per event on standard error, for people, or as JSON in production.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cellblock::telemetry {

enum class Level : unsigned char { kDebug, kInfo, kWarn, kError };
enum class Format : unsigned char { kLogfmt, kJson };

struct Field {
  std::string_view name;
  std::string value;
};

// Thread-safe. Values may be untrusted: they are escaped, so that one event is always one line.
class Log {
 public:
  Log(Level level, Format format);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // From now on, for all threads.
  void set_level(Level level);
  // Whether write() at this level does anything: spares the making of fields that nobody sees.
  [[nodiscard]] bool enabled(Level level) const;
  void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});
  void info(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::kInfo, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::kWarn, event, fields);
  }
  void error(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::kError, event, fields);
  }

 private:
  class Sink;
  Format format_;
  std::unique_ptr<Sink> sink_;
};

// The text of one event without time and level, as write() puts it.
[[nodiscard]] std::string format_event(Format format, std::string_view event,
                                       std::initializer_list<Field> fields);

}  // namespace cellblock::telemetry
