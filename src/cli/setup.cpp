#include "cli/setup.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "cli/cell_view.hpp"
#include "cli/reload.hpp"
#include "sandbox/cgroup_mounts.hpp"
#include "version.hpp"

namespace cellblock::cli {
namespace {

// The pid lets a later service see that this one is dead; the rest tells two services of one pid apart.
std::string new_service_id() {
  std::uint32_t random = 0;
  if (::getrandom(&random, sizeof(random), 0) != sizeof(random)) random = 0;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%d-%08x", ::getpid(), random);
  return text.data();
}

}  // namespace

engine::Limits limits_from(const config::Options& options) {
  engine::Limits limits;
  limits.wall = options.time_limit;
  limits.cpu = options.cpu_limit;
  limits.memory_bytes = options.memory_bytes;
  limits.processes = options.processes;
  limits.open_files = options.open_files;
  limits.file_bytes = options.file_bytes;
  limits.output_bytes = options.output_bytes;
  limits.result_bytes = options.result_bytes;
  limits.files_bytes = options.files_bytes;
  limits.display_items = options.display_items;
  limits.display_item_bytes = options.display_item_bytes;
  limits.display_bytes = options.display_bytes;
  limits.script_bytes = options.max_script_bytes;
  return limits;
}

sandbox::JailSpec jail_spec_from(const config::Options& options, const Pools& pools, const Host& host) {
  sandbox::JailSpec spec;
  spec.service_id = new_service_id();
  // As many as the engine may have at once, and some for cells that are just being taken down.
  spec.slots = options.max_executions + ready_cells(pools) + 16;
  spec.uid_base = options.uid_base;
  spec.memory_bytes = options.memory_bytes;
  spec.processes = options.processes;
  spec.cpu_percent = static_cast<std::uint32_t>(std::lround(options.cpus * 100));
  spec.tmp_bytes = options.workdir_bytes;
  spec.tmp_inodes = options.workdir_inodes;
  spec.cgroup_root = options.cgroup_root;
  spec.library_paths = options.library_path;
  add_cell_view(spec, options);
  spec.preload = pools.modules;
  spec.nsjail = host.nsjail;
  spec.walls = host.plan;
  // Without namespaces there is no first process inside to answer.
  if (host.plan.namespaces) spec.listening = sandbox::probe_listening();
  return spec;
}

backends::native::CellDefaults cell_defaults_from(const config::Options& options,
                                                  std::shared_ptr<base::ByteBudget> budget) {
  // For Python and its libraries to start, several at once, on a machine that has other things to do.
  constexpr std::chrono::seconds kJailMakingLimit{60};
  backends::native::CellDefaults defaults{limits_from(options), options.cpus, std::move(budget)};
  if (options.backend == config::Backend::kNsjail) {
    defaults.own_interpreter = true;
    defaults.making_limit = kJailMakingLimit;
  }
  return defaults;
}

std::chrono::milliseconds lifetime_of_zygotes(const config::Options& options) {
  // Under nsjail each cell starts an interpreter of its own.
  return options.backend == config::Backend::kNsjail ? std::chrono::milliseconds{0} : options.zygote_lifetime;
}

service::ServiceSettings settings_from(const config::Options& options, const Pools& pools, const Host& host,
                                       const std::string& versions_json) {
  service::ServiceSettings settings;
  settings.limits = limits_from(options);
  settings.policy = policy_of(options.policy);
  settings.version = kVersion;
  settings.pools = pools.modules;
  settings.isolation.level = sandbox::level_name(host.level);
  for (const sandbox::WallProbe& wall : host.walls)
    settings.isolation.walls.push_back({wall.name, wall.stands, wall.means});
  const auto versions = nlohmann::json::parse(versions_json, nullptr, false);
  if (versions.is_object()) {
    for (const auto& [name, value] : versions.items()) {
      if (!value.is_string()) continue;
      if (name == "python") {
        settings.python_version = value.get<std::string>();
      } else {
        settings.libraries.emplace_back(name, value.get<std::string>());
      }
    }
  }
  return settings;
}

std::uint32_t most_cells_of_this_user() {
  // What the user's other sessions and a cell that is on its way out may have.
  constexpr std::uint32_t kOtherKeyrings = 16;
  if (::geteuid() == 0) return 0;
  // Each cell takes a session keyring.
  const auto text = base::read_file(AT_FDCWD, "/proc/sys/kernel/keys/maxkeys");
  std::uint32_t keys = 0;
  std::istringstream(text ? *text : "") >> keys;
  return keys > kOtherKeyrings ? keys - kOtherKeyrings : 0;
}

std::uint64_t memory_of_this_machine() {
  const auto pages = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L));
  std::uint64_t bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const auto mountinfo = base::read_file(AT_FDCWD, "/proc/self/mountinfo");
  const auto own = base::read_file(AT_FDCWD, "/proc/self/cgroup");
  if (!mountinfo || !own) return bytes;
  const sandbox::CgroupMounts mounts = sandbox::parse_cgroup_mounts(*mountinfo, *own);
  std::vector<std::string> files;
  // Every cgroup on the way up may have a limit.
  for (std::string path = mounts.v2.value_or(""); path.size() >= mounts.v2_mount.size() && !path.empty();) {
    files.push_back(path + "/memory.max");
    path.erase(path.rfind('/'));
  }
  if (const auto v1 = mounts.v1.find("memory"); v1 != mounts.v1.end()) {
    files.push_back(v1->second + "/memory.limit_in_bytes");
  }
  for (const std::string& file : files) {
    const auto text = base::read_file(AT_FDCWD, file);
    std::uint64_t limit = 0;
    // "max", or a number beyond the machine's memory, is no limit.
    if (text && std::from_chars(text->data(), text->data() + text->size(), limit).ec == std::errc()) {
      bytes = std::min(bytes, limit);
    }
  }
  return bytes;
}

base::Result<void> drop_root(std::uint32_t uid) {
  if (::geteuid() == 0) {
    // Groups first: without root they could not be dropped any more.
    if (::setgroups(0, nullptr) != 0) return base::errno_error("drop the supplementary groups");
    if (::setresgid(uid, uid, uid) != 0) return base::errno_error("change to gid " + std::to_string(uid));
    if (::setresuid(uid, uid, uid) != 0) return base::errno_error("change to uid " + std::to_string(uid));
  }
  // The memory holds clients' scripts and the operator's environment: nobody else's to read.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return base::errno_error("make the process undumpable");
  return {};
}

base::Result<void> forbid_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return base::errno_error("set no_new_privs");
  return {};
}

base::Result<void> raise_descriptor_limit() {
  // The cells' own descriptors lie above 1000, out of the way of the scripts' numbers.
  constexpr rlim_t kLeast = 2048;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return base::errno_error("read the limit of open files");
  if (files.rlim_max < kLeast) {
    return base::make_error("use " + std::to_string(files.rlim_max) + " descriptors at most",
                            "raise the hard limit of open files to " + std::to_string(kLeast) +
                                " or more: ulimit -Hn, LimitNOFILE=, docker --ulimit nofile=");
  }
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return base::errno_error("raise the limit of open files");
  return {};
}

std::uint32_t connections_that_fit(const config::Options& options, const Pools& pools) {
  // Socket, pipes and cgroup files of a cell; and what the process has open besides.
  constexpr std::uint64_t kPerCell = 6;
  constexpr std::uint64_t kOthers = 64;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return options.max_connections;
  const std::uint64_t spoken_for = kOthers + kPerCell * (options.max_executions + ready_cells(pools));
  const std::uint64_t left = files.rlim_cur > spoken_for ? files.rlim_cur - spoken_for : 1;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(left, options.max_connections));
}

}  // namespace cellblock::cli
