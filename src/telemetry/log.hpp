// The service's own log: one line per event on standard error, for people, or as JSON in production.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cellblock::telemetry {

enum class Level : unsigned char { kDebug, kInfo, kWarn, kError };
enum class Format : unsigned char { kLogfmt, kJson };

// How a level is called in a line, and by who sets one: "debug", "info", "warn", "error".
[[nodiscard]] std::string_view level_name(Level level);

struct Field {
  Field(std::string_view called, std::string text) : name(called), value(std::move(text)) {}
  // A number is one in JSON too. Fractions are kept to a thousandth.
  template <typename Number, typename = std::enable_if_t<std::is_arithmetic_v<Number>>>
  Field(std::string_view called, Number amount) : name(called), value(number_text(amount)), number(true) {}

  std::string_view name;
  std::string value;
  bool number = false;

 private:
  template <typename Number>
  static std::string number_text(Number amount) {
    if constexpr (std::is_integral_v<Number>) {
      return std::to_string(amount);
    } else {
      return fraction_text(amount);
    }
  }
  static std::string fraction_text(double amount);
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
