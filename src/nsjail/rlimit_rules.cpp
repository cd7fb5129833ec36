// Resource limits: a value and how it is meant, in two fields.
#include <sys/resource.h>

#include <algorithm>
#include <array>

#include "nsjail/reading.hpp"

namespace cellblock::nsjail {
namespace {

constexpr std::uint64_t kOneMebibyte = 1ULL << 20U;

enum class Meaning : std::uint8_t {
  kSeconds,  // for the option
  kCount,
  kBytes,
  kFixed,   // cells have `fixed` of it: whoever asks for more gets that, less can't be had
  kNothing  // cells have none, and more would be a hole
};

struct LimitRow {
  std::string_view field;
  int resource;
  Meaning meaning;
  std::uint64_t unit;  // of the field
  std::string_view option;
  std::uint64_t fixed;  // in the unit of setrlimit
  std::string_view reason;
};

constexpr std::array<LimitRow, 10> kLimits = {{
    {"rlimit_as", RLIMIT_AS, Meaning::kBytes, kOneMebibyte, "memory-mb", 0, "option memory-mb bounds memory"},
    {"rlimit_core",
     RLIMIT_CORE,
     Meaning::kNothing,
     kOneMebibyte,
     {},
     0,
     "a core dump would write a cell's memory to the host's files"},
    {"rlimit_cpu", RLIMIT_CPU, Meaning::kSeconds, 1, "cpu-limit", 0, "a cell's CPU time has a limit"},
    {"rlimit_fsize", RLIMIT_FSIZE, Meaning::kBytes, kOneMebibyte, "file-mb", 0,
     "the size of a file has a limit"},
    {"rlimit_nofile", RLIMIT_NOFILE, Meaning::kCount, 1, "open-files", 0, "open files have a limit"},
    {"rlimit_nproc", RLIMIT_NPROC, Meaning::kCount, 1, "processes", 0, "processes have a limit"},
    {"rlimit_stack", RLIMIT_STACK, Meaning::kFixed, kOneMebibyte, {}, 8 * kOneMebibyte, "cells have 8 MB"},
    {"rlimit_memlock", RLIMIT_MEMLOCK, Meaning::kFixed, 1024, {}, 64ULL << 10U, "cells have 64 KB"},
    {"rlimit_rtprio",
     RLIMIT_RTPRIO,
     Meaning::kNothing,
     1,
     {},
     0,
     "a script of real-time priority would keep others from the CPU"},
    {"rlimit_msgqueue", RLIMIT_MSGQUEUE, Meaning::kFixed, 1, {}, 0, "cells have no message queues"},
}};

constexpr std::string_view kTypeSuffix = "_type";

void apply_infinite(Reading& reading, const Place& place, const LimitRow& row) {
  // The address space may be endless, since what is used of it is bounded.
  const bool bounded = row.resource == RLIMIT_AS || row.meaning == Meaning::kFixed;
  reading.add(place, bounded ? Outcome::kAlreadySo : Outcome::kRefused, std::string(row.reason));
}

// `value` is in the unit of setrlimit.
void apply_value(Reading& reading, const Place& place, const LimitRow& row, std::uint64_t value) {
  switch (row.meaning) {
    case Meaning::kSeconds:
    case Meaning::kCount:
      return reading.apply(place, row.option, value, std::to_string(value));
    case Meaning::kBytes:
      return reading.apply(place, row.option, value, size_text(value));
    case Meaning::kFixed:
      return reading.add(place, value >= row.fixed ? Outcome::kAlreadySo : Outcome::kNotSupported,
                         std::string(row.reason));
    case Meaning::kNothing:
      return reading.add(place, value == 0 ? Outcome::kAlreadySo : Outcome::kRefused,
                         value == 0 ? "cells have none" : std::string(row.reason));
  }
}

void apply_type(Reading& reading, const Place& place, const LimitRow& row) {
  const std::uint64_t type = number_of(place);
  if (type == VALUE) return reading.add(place, Outcome::kNoted, "the value counts, if there is one");
  if (type == INF) return apply_infinite(reading, place, row);
  const CurrentLimit current = reading.surroundings().current_limit(row.resource);
  const std::uint64_t value = type == SOFT ? current.soft : current.hard;
  if (value == kInfinite) return apply_infinite(reading, place, row);
  apply_value(reading, place, row, value);
}

std::string_view without_suffix(std::string_view name) {
  return name.ends_with(kTypeSuffix) ? name.substr(0, name.size() - kTypeSuffix.size()) : name;
}

}  // namespace

void read_rlimit(Reading& reading, const Place& place) {
  const std::string_view name = place.field->name();
  const std::string_view limit = without_suffix(name);
  const auto row = std::find_if(kLimits.begin(), kLimits.end(),
                                [limit](const LimitRow& candidate) { return candidate.field == limit; });
  if (name != limit) return apply_type(reading, place, *row);
  const std::string type = std::string(limit) + std::string(kTypeSuffix);
  const auto* type_field = place.message->GetDescriptor()->FindFieldByName(type);
  if (place.message->GetReflection()->GetEnumValue(*place.message, type_field) != VALUE) {
    return reading.add(place, Outcome::kNoted, "does not count: " + type + " is not VALUE");
  }
  const std::uint64_t value = number_of(place);
  // Beyond what can be counted in the smaller unit there is no limit.
  if (value > kInfinite / row->unit) return apply_infinite(reading, place, *row);
  apply_value(reading, place, *row, value * row->unit);
}

}  // namespace cellblock::nsjail
