// What nsjail's log says of a jail that could not be made.
#pragma once

#include <string>
#include <string_view>

namespace cellblock::backends::nsjail {

// Its first error, else its first warning, without level, time and place in nsjail's source, and not longer
// than a line should be.
[[nodiscard]] std::string log_reason(std::string_view log);

}  // namespace cellblock::backends::nsjail
