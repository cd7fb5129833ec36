// How much stands below a directory that a script writes to while this looks. Used where a cell's working
// directory is no file system of its own.
#pragma once

#include <cstdint>
#include <string>

namespace cellblock::sandbox {

struct DirectoryFigures {
  std::uint64_t bytes = 0;    // on disk, so that holes count nothing
  std::uint64_t entries = 0;  // files, directories, links
};

// Follows no link and leaves the directory by no name. Stops when `most_entries` are counted or directories
// are nested deeper than 64; it then tells more entries than that.
[[nodiscard]] DirectoryFigures measure_directory(const std::string& path, std::uint64_t most_entries);

}  // namespace cellblock::sandbox
