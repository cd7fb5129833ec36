// The rules that look at one field alone.
#include <array>
#include <charconv>

#include "nsjail/field_table.hpp"

namespace cellblock::nsjail {
namespace {

constexpr std::string_view kNoLimitAsked = "asks for no limit; cellblock's own holds";
constexpr std::string_view kLikeThat = "cells are like that";
constexpr std::string_view kUsualCgroup2 = "/sys/fs/cgroup";
constexpr std::uint64_t kStandardDescriptors = 3;
constexpr std::int64_t kHighestOomScore = 1000;

std::string plain_text(const Place& place) {
  const auto& reflection = *place.message->GetReflection();
  return place.field->is_repeated() ? reflection.GetRepeatedString(*place.message, place.field, place.index)
                                    : reflection.GetString(*place.message, place.field);
}

// The shortest decimal fraction: "0.5".
std::string thousandths(std::uint64_t number) {
  std::array<char, 32> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<double>(number) / 1000).ptr;
  return {digits.data(), end};
}

void apply_log_level(Reading& reading, const FieldRow& row, const Place& place) {
  constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warn", "error"};
  const std::uint64_t level = number_of(place);
  if (level >= kNames.size()) {
    reading.add(place, row.otherwise, std::string(row.reason));
  } else {
    reading.apply(place, row.option, 0, std::string(kNames[level]));
  }
}

void apply_cgroup_mount(Reading& reading, const FieldRow& row, const Place& place) {
  const std::string path = plain_text(place);
  if (path == kUsualCgroup2) {
    reading.add(place, Outcome::kAlreadySo, "found automatically");
  } else {
    reading.apply(place, row.option, 0, path);
  }
}

void apply_interpreter(Reading& reading, const FieldRow& row, const Place& place) {
  const std::string path = plain_text(place);
  const std::string name = path.substr(path.rfind('/') + 1);
  reading.add(place, name.starts_with("python3") ? Outcome::kAlreadySo : row.otherwise,
              std::string(row.reason));
}

void apply_oom_score(Reading& reading, const FieldRow& row, const Place& place) {
  const auto score = static_cast<std::int64_t>(number_of(place));
  if (score < -kHighestOomScore || score > kHighestOomScore) {
    reading.add(place, Outcome::kWrong, "must be a whole number from -1000 to 1000");
  } else {
    reading.add(place, Outcome::kAlreadySo, std::string(row.reason));
  }
}

// Numbers of which 0 may mean none.
void apply_number(Reading& reading, const FieldRow& row, const Place& place) {
  const std::uint64_t number = number_of(place);
  if (number == 0 && row.rule != Rule::kSeconds && row.rule != Rule::kCount) {
    reading.add(place, Outcome::kNoted, std::string(kNoLimitAsked));
    return;
  }
  switch (row.rule) {
    case Rule::kBytesOrNone:
      return reading.apply(place, row.option, number, size_text(number));
    case Rule::kCpusOrNone:
      return reading.apply(place, row.option, number * 1000, std::to_string(number));
    case Rule::kCpuShare:
      return reading.apply(place, row.option, number, thousandths(number));
    default:
      return reading.apply(place, row.option, number, std::to_string(number));
  }
}

}  // namespace

void apply_row(Reading& reading, const FieldRow& row, const Place& place) {
  const std::string reason(row.reason);
  switch (row.rule) {
    case Rule::kNote:
      return reading.add(place, Outcome::kNoted, reason);
    case Rule::kCells:
      return reading.add(place, Outcome::kAlreadySo, reason);
    case Rule::kOnly: {
      const bool like_that = number_of(place) == row.wanted;
      return reading.add(place, like_that ? Outcome::kAlreadySo : row.otherwise,
                         like_that ? std::string(kLikeThat) : reason);
    }
    case Rule::kOnlyText: {
      const bool like_that = plain_text(place) == row.wanted_text;
      return reading.add(place, like_that ? Outcome::kAlreadySo : row.otherwise,
                         like_that ? std::string(kLikeThat) : reason);
    }
    case Rule::kNever:
      return reading.add(place, row.otherwise, reason);
    case Rule::kSeconds:
    case Rule::kCount:
    case Rule::kCountOrNone:
    case Rule::kBytesOrNone:
    case Rule::kCpusOrNone:
    case Rule::kCpuShare:
      return apply_number(reading, row, place);
    case Rule::kText:
      return reading.apply(place, row.option, 0, plain_text(place));
    case Rule::kLogLevel:
      return apply_log_level(reading, row, place);
    case Rule::kDescriptor: {
      const bool standard = number_of(place) < kStandardDescriptors;
      return reading.add(place, standard ? Outcome::kAlreadySo : row.otherwise,
                         standard ? std::string(kLikeThat) : reason);
    }
    case Rule::kOomScore:
      return apply_oom_score(reading, row, place);
    case Rule::kInterpreter:
      return apply_interpreter(reading, row, place);
    case Rule::kCgroupMount:
      return apply_cgroup_mount(reading, row, place);
    case Rule::kVariable:
      return read_variable(reading, place);
    case Rule::kRlimit:
      return read_rlimit(reading, place);
    case Rule::kMount:
      return read_mount(reading, place);
    case Rule::kIdMap:
      return read_id_map(reading, place);
    case Rule::kStart:
    case Rule::kSeccomp:
    case Rule::kFields:
      // By the one who walks through the message.
      return;
  }
}

}  // namespace cellblock::nsjail
