// Files of a request, placed before the script runs, and what it has left in output/, collected afterwards.
// Everything below the working directory is the script's by the second: links are not followed, nothing is
// waited for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "protocol/files_frame.hpp"

namespace cellblock::runner {

inline constexpr const char* kOutputFolder = "output";

// Writes `files` below the open directory `home`. The error names the file and the system's
// reason; what was written before stays.
base::Result<void> place_files(int home, const std::vector<protocol::CellFile>& files);

// What is in output/, sorted by path within each folder, with contents of `bytes` in all at most. What is
// left out is named, with the reason.
[[nodiscard]] std::vector<protocol::CellFile> collect_files(int home, std::uint64_t bytes);

}  // namespace cellblock::runner
