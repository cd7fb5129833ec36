// Protobuf text format with the schema of config.proto: from text to a message, with the place of each field,
// and with everything that can't be read.
#pragma once

#include <google/protobuf/text_format.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nsjail/config.pb.h"
#include "nsjail/finding.hpp"

namespace cellblock::nsjail {

using Places = google::protobuf::TextFormat::ParseInfoTree;

struct ParsedText {
  NsJailConfig message;  // what could be read
  std::unique_ptr<Places> places;
  std::vector<Finding> faults;  // all kWrong
};

// Goes on behind a line that can't be read if that line is a field by itself, so that the faults of a file
// are told together; at most 50 of them.
[[nodiscard]] ParsedText parse_text(std::string_view text);

// The value as text format writes it; of a long one, or one of several lines, the beginning.
[[nodiscard]] std::string value_text(const google::protobuf::Message& message,
                                     const google::protobuf::FieldDescriptor& field, int index);

}  // namespace cellblock::nsjail
