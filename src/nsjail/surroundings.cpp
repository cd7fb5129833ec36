#include "nsjail/surroundings.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <filesystem>
#include <system_error>

#include "base/fd.hpp"

namespace cellblock::nsjail {
namespace {

namespace fs = std::filesystem;

std::optional<FoundPath> find_path(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return std::nullopt;
  const fs::file_status status = fs::status(real, error);
  if (error || (!fs::is_directory(status) && !fs::is_regular_file(status))) return std::nullopt;
  FoundPath found{real.string(), fs::is_directory(status), 0};
  if (!found.directory) found.bytes = fs::file_size(real, error);
  return found;
}

CurrentLimit limit_of_this_process(int resource) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return {kInfinite, kInfinite};
  const auto number = [](rlim_t value) { return value == RLIM_INFINITY ? kInfinite : std::uint64_t{value}; };
  return {number(limit.rlim_cur), number(limit.rlim_max)};
}

}  // namespace

Surroundings real_surroundings() {
  return {find_path, [](const std::string& path) { return base::read_file(AT_FDCWD, path); },
          limit_of_this_process, false, false};
}

}  // namespace cellblock::nsjail
