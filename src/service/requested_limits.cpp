#include "service/requested_limits.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

namespace cellblock::service {
namespace {

using std::chrono::milliseconds;

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr double kKibibyte = 1024.0;

double seconds_of(milliseconds span) {
  return static_cast<double>(span.count()) / 1000.0;
}

// Rounds up, because a limit of zero means something else than a very short one.
milliseconds span_of(double seconds) {
  return milliseconds(std::llround(std::ceil(seconds * 1000.0)));
}

std::uint64_t bytes_of(double value, double unit) {
  return static_cast<std::uint64_t>(value * unit);
}

// As the client wrote it, or nearly so: 30, 0.5, 1e+30.
std::string number_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.9g", value);
  return text.data();
}

}  // namespace

const std::array<LimitField, kLimitFieldCount> kLimitFields{{
    {"wall_s", true, [](const engine::Limits& limits) { return seconds_of(limits.wall); },
     [](engine::Limits& limits, double value) { limits.wall = span_of(value); }},
    {"cpu_s", true, [](const engine::Limits& limits) { return seconds_of(limits.cpu); },
     [](engine::Limits& limits, double value) { limits.cpu = span_of(value); }},
    {"memory_mb", false,
     [](const engine::Limits& limits) { return static_cast<double>(limits.memory_bytes) / kMebibyte; },
     [](engine::Limits& limits, double value) { limits.memory_bytes = bytes_of(value, kMebibyte); },
     // What a cell has before its script comes, and some room.
     16},
    {"processes", false, [](const engine::Limits& limits) { return static_cast<double>(limits.processes); },
     [](engine::Limits& limits, double value) { limits.processes = static_cast<std::uint32_t>(value); }},
    {"file_mb", false,
     [](const engine::Limits& limits) { return static_cast<double>(limits.file_bytes) / kMebibyte; },
     [](engine::Limits& limits, double value) { limits.file_bytes = bytes_of(value, kMebibyte); }},
    {"output_kb", false,
     [](const engine::Limits& limits) { return static_cast<double>(limits.output_bytes) / kKibibyte; },
     [](engine::Limits& limits, double value) { limits.output_bytes = bytes_of(value, kKibibyte); }},
}};

Parsed<engine::Limits> resolve_limits(const RequestedLimits& requested, const engine::Limits& allowed) {
  engine::Limits limits = allowed;
  for (std::size_t i = 0; i < kLimitFields.size(); ++i) {
    if (!requested[i]) continue;
    const LimitField& field = kLimitFields[i];
    const double asked = *requested[i];
    const std::string name = "Field 'limits." + std::string(field.name) + "'";
    if (!std::isfinite(asked) || asked <= 0) return invalid_request(name + " must be a positive number");
    if (!field.fractional && asked != std::floor(asked)) {
      return invalid_request(name + " must be a whole number, not " + number_text(asked));
    }
    if (asked < field.least) {
      return invalid_request(name + " is " + number_text(asked) + ", but at least " +
                             number_text(field.least) + " is needed");
    }
    const double bound = field.allowed(allowed);
    if (asked > bound) {
      return invalid_request(name + " is " + number_text(asked) + ", but at most " + number_text(bound) +
                             " is allowed");
    }
    field.lower(limits, asked);
  }
  return limits;
}

}  // namespace cellblock::service
