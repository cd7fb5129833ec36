// Where this host has core dumps go, and whether those of cells can go there.
#pragma once

#include <string>
#include <string_view>

namespace cellblock::cli {

// For whoever looks after the host; empty where dumps are files. `pattern` is kernel.core_pattern, `can_stop`
// whether cells get the limit that stops a dump into a pipe.
[[nodiscard]] std::string told_of_core_dumps(std::string_view pattern, bool can_stop);

// The same of this host and this process.
[[nodiscard]] std::string told_of_core_dumps();

}  // namespace cellblock::cli
