#include "cli/nsjail_program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace cellblock::cli {
namespace {

constexpr std::string_view kWall = "nsjail";
constexpr std::uint32_t kFewCells = 2;

bool is_program(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

// The first wall that a jail can't do without.
const sandbox::WallProbe* first_missing(const Host& host) {
  const auto missing = [](const sandbox::WallProbe& wall) {
    const bool needed = sandbox::needed_at(wall, sandbox::Level::kFull) || wall.name == "host_admin" ||
                        wall.name == "own_uid" || wall.name == "private_proc" || wall.name == "landlock" ||
                        wall.name == "cgroup";
    return needed && !wall.stands;
  };
  const auto found = std::find_if(host.walls.begin(), host.walls.end(), missing);
  return found == host.walls.end() ? nullptr : &*found;
}

}  // namespace

std::string find_program(std::string_view name, std::string_view path) {
  while (!path.empty()) {
    const auto end = std::min(path.find(':'), path.size());
    const std::string_view directory = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    // A relative one would be anybody's who chooses the working directory.
    if (!directory.starts_with('/')) continue;
    std::string candidate = std::string(directory) + "/" + std::string(name);
    if (is_program(candidate)) return candidate;
  }
  return {};
}

void add_nsjail(Host& host, std::string_view path) {
  host.nsjail = find_program("nsjail", path);
  const bool found = !host.nsjail.empty();
  host.walls.push_back(
      {std::string(kWall), found,
       found ? host.nsjail + " makes the namespaces and mounts of each cell, which the cell checks"
             : "no program of this name on PATH",
       found ? ""
             : "install nsjail (https://github.com/google/nsjail) and put it on the service's "
               "PATH, or leave the option backend at native",
       sandbox::NeededAt::kFull});
  for (sandbox::WallProbe& wall : host.walls) {
    if (wall.name == "capabilities" && wall.stands) wall.means = "all five sets empty; securebits not locked";
  }
}

base::Result<void> accept_nsjail(const Host& host) {
  const sandbox::WallProbe* missing = first_missing(host);
  if (missing == nullptr) return {};
  return base::make_error("use the backend nsjail: " + missing->name + ": " + missing->means, missing->fix);
}

config::Options with_few_ready_cells(config::Options options) {
  if (options.source("pool-size") == config::Source::kDefault)
    options.pool_size = std::min(options.pool_size, kFewCells);
  return options;
}

}  // namespace cellblock::cli
