#include "nsjail/reading.hpp"

#include <algorithm>

#include "config/value.hpp"

namespace cellblock::nsjail {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::uint64_t kMegabyte = 1ULL << 20U;

const config::OptionSpec& row_of(std::string_view option) {
  const auto rows = config::option_table();
  // A test reads every field: a name that is in no row is found there.
  return *std::find_if(rows.begin(), rows.end(),
                       [option](const config::OptionSpec& row) { return row.name == option; });
}

const FieldDescriptor* field_of(const Message& message, std::string_view name) {
  return message.GetDescriptor()->FindFieldByName(std::string(name));
}

std::string with_remark(std::string text, std::string_view remark) {
  if (!remark.empty()) text.append("; ").append(remark);
  return text;
}

std::string must_be(std::string_view option) {
  return "option " + std::string(option) + " must be " + config::allowed_text(row_of(option));
}

}  // namespace

Reading::Reading(const Surroundings& surroundings)
    : surroundings_(&surroundings), scratch_(config::default_options()) {}

void Reading::add(const Place& place, Outcome outcome, std::string text) {
  Finding finding;
  if (place.places != nullptr) {
    const auto where = place.places->GetLocation(place.field, place.index);
    finding.line = where.line + 1;
    finding.column = where.column + 1;
  }
  finding.field = place.path;
  finding.value = value_text(*place.message, *place.field, place.index);
  finding.outcome = outcome;
  finding.text = std::move(text);
  result_.findings.push_back(std::move(finding));
}

void Reading::apply(const Place& place, std::string_view option, std::uint64_t weight,
                    const std::string& value, std::string_view remark) {
  if (!config::set_value(row_of(option), value, scratch_)) {
    add(place, Outcome::kWrong, must_be(option));
    return;
  }
  const auto known = lowest_.find(option);
  if (known != lowest_.end() && known->second.weight <= weight) {
    add(place, Outcome::kNoted,
        "the lower value of " + result_.findings[known->second.finding].field + " holds");
    return;
  }
  add(place, Outcome::kApplied, with_remark(std::string(option) + " = " + value, remark));
  const std::size_t here = result_.findings.size() - 1;
  if (known != lowest_.end()) {
    Finding& higher = result_.findings[known->second.finding];
    higher.outcome = Outcome::kNoted;
    higher.text = "the lower value of " + place.path + " holds";
  }
  lowest_[std::string(option)] = {weight, here};
  result_.values[std::string(option)] = {value};
}

void Reading::append(const Place& place, std::string_view option, const std::vector<std::string>& elements,
                     std::string_view remark, std::string_view shown) {
  if (!config::set_elements(row_of(option), elements, scratch_)) {
    add(place, Outcome::kWrong, must_be(option));
    return;
  }
  std::string text;
  auto& all = result_.values[std::string(option)];
  for (const std::string& element : elements) {
    text += (text.empty() ? "" : ",") + element;
    all.push_back(element);
  }
  add(place, Outcome::kApplied,
      with_remark(std::string(option) + " = " + (shown.empty() ? text : std::string(shown)), remark));
}

std::vector<std::string> Reading::elements_of(std::string_view option) const {
  const auto found = result_.values.find(option);
  return found == result_.values.end() ? std::vector<std::string>{} : found->second;
}

void Reading::add_faults(std::vector<Finding> faults) {
  for (Finding& fault : faults) result_.findings.push_back(std::move(fault));
}

Place within(const Place& place, std::string_view field, int index) {
  Place inner;
  inner.message =
      place.field->is_repeated()
          ? &place.message->GetReflection()->GetRepeatedMessage(*place.message, place.field, place.index)
          : &place.message->GetReflection()->GetMessage(*place.message, place.field);
  inner.field = field_of(*inner.message, field);
  inner.index = index;
  if (place.places != nullptr) inner.places = place.places->GetTreeForNested(place.field, place.index);
  inner.path = place.path + "." + std::string(field);
  return inner;
}

bool has(const Message& message, std::string_view field) {
  return message.GetReflection()->HasField(message, field_of(message, field));
}

std::string text_of(const Message& message, std::string_view field) {
  return message.GetReflection()->GetString(message, field_of(message, field));
}

bool flag_of(const Message& message, std::string_view field) {
  return message.GetReflection()->GetBool(message, field_of(message, field));
}

std::uint64_t number_of(const Place& place) {
  const auto& reflection = *place.message->GetReflection();
  const Message& message = *place.message;
  const bool repeated = place.field->is_repeated();
  switch (place.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return static_cast<std::uint64_t>(
          std::int64_t{repeated ? reflection.GetRepeatedInt32(message, place.field, place.index)
                                : reflection.GetInt32(message, place.field)});
    case FieldDescriptor::CPPTYPE_INT64:
      return static_cast<std::uint64_t>(reflection.GetInt64(message, place.field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, place.field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetUInt64(message, place.field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, place.field) ? 1 : 0;
    case FieldDescriptor::CPPTYPE_ENUM:
      return static_cast<std::uint64_t>(std::int64_t{reflection.GetEnumValue(message, place.field)});
    default:
      return 0;
  }
}

std::string size_text(std::uint64_t bytes) {
  const bool whole = bytes >= kMegabyte && bytes % kMegabyte == 0;
  return whole ? std::to_string(bytes / kMegabyte) + "MB" : std::to_string(bytes >> 10U) + "KB";
}

}  // namespace cellblock::nsjail
