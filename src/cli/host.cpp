#include "cli/host.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "cli/cell_view.hpp"
#include "cli/nsjail_program.hpp"
#include "cli/writable_bind.hpp"

namespace cellblock::cli {
namespace {

sandbox::Level lowest_accepted(const config::Options& options) {
  if (options.without_isolation) return sandbox::Level::kNone;
  return options.isolation == config::Isolation::kFull ? sandbox::Level::kFull : sandbox::Level::kRestricted;
}

std::string missing_at(const Host& host, sandbox::Level level) {
  std::string text;
  std::string fix;
  for (const sandbox::WallProbe& wall : host.walls) {
    if (wall.stands || !sandbox::needed_at(wall, level)) continue;
    // Several walls in a row often need the same.
    if (!fix.empty() && wall.fix != fix) text += "    fix: " + fix + "\n";
    fix = wall.fix;
    text += "  " + wall.name + ": " + wall.means + "\n";
  }
  return text + "    fix: " + fix + "\n";
}

}  // namespace

Host examine_host(const config::Options& options) {
  Host host;
  host.walls = sandbox::probe_walls(options.cgroup_root, options.uid_base);
  if (options.backend == config::Backend::kNsjail) {
    const char* path = std::getenv("PATH");
    add_nsjail(host, path != nullptr ? path : "");
  }
  host.level = sandbox::level_of(host.walls);
  host.plan = sandbox::plan_of(host.walls, host.level);
  sandbox::tell_what_is_left_out(host.walls, host.plan);
  const auto cgroup = std::find_if(host.walls.begin(), host.walls.end(),
                                   [](const auto& wall) { return wall.name == "cgroup"; });
  auto limits = sandbox::limits_of(host.plan, cgroup == host.walls.end() ? std::string() : cgroup->means);
  std::move(limits.begin(), limits.end(), std::back_inserter(host.walls));
  // Without namespaces there is no bind.
  if (host.plan.namespaces) host.walls.push_back(wall_around_files_of_the_host(options));
  return host;
}

base::Result<void> accept(const Host& host, const config::Options& options) {
  for (const sandbox::WallProbe& wall : host.walls) {
    // Whoever names one counts on it.
    if (wall.name == "cgroup" && !wall.stands && !options.cgroup_root.empty()) {
      return base::make_error("use the cgroup that cgroup-root names: " + wall.means, wall.fix);
    }
  }
  if (options.backend == config::Backend::kNsjail) {
    if (auto accepted = accept_nsjail(host); !accepted) return accepted;
  }
  if (auto shown = check_cell_view(options, host.plan.namespaces); !shown) return shown;
  const sandbox::Level wanted = lowest_accepted(options);
  if (host.level >= wanted) return {};
  std::string text = "reach isolation level '" + std::string(level_name(wanted)) + "': this host gives '" +
                     std::string(level_name(host.level)) + "'. Missing:\n" + missing_at(host, wanted);
  if (host.level == sandbox::Level::kRestricted) {
    return base::make_error(std::move(text), "--isolation restricted accepts the weaker level");
  }
  return base::make_error(std::move(text), "'cellblock doctor' lists every wall");
}

config::Options at_level(config::Options options, sandbox::Level level) {
  const bool chosen = options.source("policy") != config::Source::kDefault;
  if (level != sandbox::Level::kFull && !chosen) options.policy = config::Policy::kStrict;
  if (options.backend == config::Backend::kNsjail) return with_few_ready_cells(std::move(options));
  return options;
}

}  // namespace cellblock::cli
