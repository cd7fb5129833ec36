#include "nsjail/sandbox_config.hpp"

#include <algorithm>

#include "nsjail/field_table.hpp"

namespace cellblock::nsjail {
namespace {

const FieldRow* field_row(std::string_view field) {
  const auto rows = field_table();
  const auto found =
      std::find_if(rows.begin(), rows.end(), [field](const FieldRow& row) { return row.field == field; });
  return found == rows.end() ? nullptr : &*found;
}

void read_message(Reading& reading, const google::protobuf::Message& message, const Places* places,
                  const std::string& prefix) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* field : fields) {
    const int count = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int index = 0; index < count; ++index) {
      const Place place{&message, field, field->is_repeated() ? index : -1, places, prefix + field->name()};
      const FieldRow* row = field_row(place.path);
      if (row == nullptr) {
        // A field without a row must not slip through.
        reading.add(place, Outcome::kNotSupported, "not known");
      } else if (row->rule == Rule::kFields) {
        read_message(reading, message.GetReflection()->GetMessage(message, field),
                     places->GetTreeForNested(field, place.index), place.path + ".");
      } else {
        apply_row(reading, *row, place);
      }
    }
  }
}

}  // namespace

bool SandboxConfig::usable() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) { return is_error(finding.outcome); });
}

SandboxConfig read_sandbox_config(std::string_view text, const Surroundings& surroundings) {
  ParsedText parsed = parse_text(text);
  Reading reading(surroundings);
  reading.add_faults(std::move(parsed.faults));
  read_message(reading, parsed.message, parsed.places.get(), "");
  read_start(reading, parsed);
  read_seccomp(reading, parsed);
  return reading.take();
}

}  // namespace cellblock::nsjail
