#include <cstdio>
#include <string>

#include "cli/commands.hpp"
#include "cli/core_dumps.hpp"
#include "cli/setup.hpp"

namespace cellblock::cli {
namespace {

void print_wall(const sandbox::WallProbe& wall) {
  std::printf("%-8s %-18s %s\n", wall.stands ? "works" : "missing", wall.name.c_str(), wall.means.c_str());
  if (!wall.stands) std::printf("%-8s %-18s fix: %s\n", "", "", wall.fix.c_str());
}

// The walls stand one by one; now all of them together, with the interpreter inside.
bool try_zygotes(const config::Options& options, const Host& host) {
  const Pools pools = pools_of(options);
  sandbox::JailSpec spec = jail_spec_from(options, pools, host);
  // A running service may have the user ids, and no cell is made here that would need one.
  ++spec.uid_base;
  auto jailer = backends::native::launch_jailer(spec, kStartLimit);
  if (!jailer) {
    std::printf("%-8s %-18s %s\n", "missing", host.nsjail.empty() ? "zygotes" : "jails",
                jailer.error().message().c_str());
    return false;
  }
  const auto settings = settings_from(options, pools, host, jailer->versions_json);
  if (host.nsjail.empty()) {
    std::printf("%-8s %-18s %s\n", "works", "zygotes",
                host.plan.namespaces ? "start inside the read-only tree" : "start on the host's files");
  } else {
    std::printf("%-8s %-18s %s\n", "works", "jails", "one of each pool was made, sealed and ended");
  }
  std::printf("\npython %s\n", settings.python_version.c_str());
  for (const auto& [name, version] : settings.libraries)
    std::printf("%s %s\n", name.c_str(), version.c_str());
  backends::native::end_jailer(*jailer);
  return true;
}

}  // namespace

int doctor(const config::Options& options) {
  const Host host = examine_host(options);
  for (const sandbox::WallProbe& wall : host.walls) print_wall(wall);
  if (const std::string dumps = told_of_core_dumps(); !dumps.empty()) {
    std::printf("%-8s %-18s %s\n", "note", "core_dumps", dumps.c_str());
  }
  const auto accepted = accept(host, options);
  // Without the program there is nothing that could make one.
  const bool no_program = options.backend == config::Backend::kNsjail && host.nsjail.empty();
  const bool starts = !no_program && try_zygotes(options, host);
  std::printf("\nisolation level: %s\n", level_name(host.level).data());
  if (!accepted) std::printf("serve and run refuse to start: %s\n", accepted.error().message().c_str());
  return starts && accepted ? kExitOk : kExitScriptFault;
}

}  // namespace cellblock::cli
