// What protobuf's parser says of a faulty text, in words that name the field and not the parser's types.
#pragma once

#include <string>
#include <vector>

#include "nsjail/finding.hpp"

namespace cellblock::nsjail {

// Fills in the field of a fault, and its text and place where the parser's are of little use. `lines`: the
// text that was read.
void reword(Finding& fault, const std::vector<std::string>& lines);

}  // namespace cellblock::nsjail
