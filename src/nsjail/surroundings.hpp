// What the meaning of a configuration depends on besides its text. A value, so that tests and the fuzz target
// have one that asks nothing of the host.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace cellblock::nsjail {

struct FoundPath {
  std::string true_path;  // with all links followed
  bool directory = false;
  std::uint64_t bytes = 0;  // of a file
};

struct CurrentLimit {
  std::uint64_t soft = 0;  // kInfinite: none
  std::uint64_t hard = 0;
};
inline constexpr std::uint64_t kInfinite = ~0ULL;

struct Surroundings {
  // nullopt when nothing is there, or nothing that a cell could be shown.
  std::function<std::optional<FoundPath>(const std::string& path)> find;
  std::function<base::Result<std::string>(const std::string& path)> read_file;
  // Of this process; `resource` as setrlimit takes it.
  std::function<CurrentLimit(int resource)> current_limit;
  bool show_private_files = false;
  bool bind_writable = false;
};

// This host and this process.
[[nodiscard]] Surroundings real_surroundings();

}  // namespace cellblock::nsjail
