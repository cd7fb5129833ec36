#include "cli/writable_bind.hpp"

#include <filesystem>
#include <system_error>
#include <vector>

namespace cellblock::cli {
namespace {

namespace fs = std::filesystem;

bool overlap(const std::string& one, const std::string& other) {
  return config::is_within(one, other) || config::is_within(other, one);
}

// What the zygote imports from, and what other binds show as if nobody could change it.
std::vector<std::string> read_only_sources(const config::Options& options) {
  std::vector<std::string> sources = options.library_path;
  for (const std::string& text : options.binds) {
    const auto other = config::read_bind(text);
    if (other && !other->writable) sources.push_back(other->path);
  }
  return sources;
}

}  // namespace

base::Result<void> check_writable(const config::Bind& bind, const std::string& real,
                                  const config::Options& options) {
  const std::string what = "let scripts write to " + bind.path;
  if (!options.bind_writable) {
    return base::make_error(what + ": what one leaves there reaches the next",
                            "dangerously-bind-writable allows it");
  }
  if (options.backend == config::Backend::kNsjail) {
    return base::make_error(what + ": under backend nsjail all that is bound is read-only");
  }
  std::error_code error;
  if (!fs::is_directory(real, error)) return base::make_error(what + ": no directory; files are copied");
  if (const std::string reason = config::why_not_writable(real); !reason.empty())
    return base::make_error(what + ": " + reason);
  for (const std::string& source : read_only_sources(options)) {
    const fs::path other = fs::canonical(source, error);
    if (!error && overlap(real, other.string()))
      return base::make_error(std::string(what).append(": ").append(source).append(
          " is shown read-only, by bind or library-path"));
  }
  // A link could lead the zygote to what scripts write.
  if (!options.cell_links.empty())
    return base::make_error(what + ": together with cell-links that can't be had");
  return {};
}

sandbox::WallProbe wall_around_files_of_the_host(const config::Options& options) {
  sandbox::WallProbe wall{"host_files", true, "scripts can write to none", {}, sandbox::NeededAt::kNoLevel};
  std::string places;
  for (const std::string& text : options.binds) {
    const auto bind = config::read_bind(text);
    if (!bind || !bind->writable) continue;
    places += (places.empty() ? "" : ", ") + bind->place + " (" + bind->path + " of the host)";
  }
  if (places.empty()) return wall;
  wall.stands = false;
  wall.means =
      "all scripts write to " + places + ": what one leaves there reaches the next, and nothing bounds it";
  wall.fix = "take ':rw' from option bind; for empty directories there is tmpfs";
  return wall;
}

}  // namespace cellblock::cli
