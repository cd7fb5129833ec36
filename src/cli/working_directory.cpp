#include "cli/working_directory.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <system_error>

#include "config/cell_view.hpp"

namespace cellblock::cli {
namespace {

bool is_directory(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

bool is_in_cells(const config::Options& options) {
  constexpr std::array<std::string_view, 3> kOwn = {"/", "/tmp", "/dev/shm"};
  constexpr std::array<std::string_view, 4> kSystem = {"/usr/bin", "/usr/lib", "/usr/lib64", "/usr/share"};
  const std::string& wanted = options.working_directory;
  const auto below = [&wanted](std::string_view place) { return config::is_within(wanted, place); };
  if (std::find(kOwn.begin(), kOwn.end(), wanted) != kOwn.end()) return true;
  for (const std::string& text : options.scratch) {
    // Empty at first: nothing is below it.
    if (const auto scratch = config::read_scratch(text); scratch && scratch->place == wanted) return true;
  }
  for (const std::string& text : options.binds) {
    const auto bind = config::read_bind(text);
    if (bind && below(bind->place)) return is_directory(bind->path + wanted.substr(bind->place.size()));
  }
  const bool as_on_host = std::any_of(kSystem.begin(), kSystem.end(), below) ||
                          std::any_of(options.library_path.begin(), options.library_path.end(), below);
  return as_on_host && is_directory(wanted);
}

}  // namespace

base::Result<void> check_working_directory(const config::Options& options) {
  if (is_in_cells(options)) return {};
  return base::make_error(
      "let scripts start in " + options.working_directory + ": cells have no such directory",
      "option tmpfs makes an empty one, bind shows one of the host");
}

}  // namespace cellblock::cli
