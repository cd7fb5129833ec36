#include "sandbox/cgroup_v2_place.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

namespace cellblock::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> kNeededControllers = {"cpu", "memory", "pids"};

constexpr auto kOccupiedHint =
    "other processes live in that cgroup: start the service in one of its own (systemd: Delegate=yes, or "
    "systemd-run --scope -p Delegate=yes), or first move them into a child of it, made with mkdir, by "
    "writing "
    "their pids to its cgroup.procs";
constexpr auto kDelegateHint =
    "run as root, or give the service a cgroup of its own that has them (systemd: Delegate=cpu memory pids)";
constexpr auto kKernelHint =
    "the kernel offers no such controller here: boot without cgroup_disable=, with cgroup_enable=memory, or "
    "without a version 1 hierarchy that has taken it";

std::string joined(const std::vector<std::string>& words, const std::string& before) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(before).append(word);
  return text;
}

// Only the hierarchy's real root has no type; a container's or a namespace's root has one.
bool is_real_root(const std::string& directory) {
  return ::access((directory + "/cgroup.procs").c_str(), F_OK) == 0 &&
         ::access((directory + "/cgroup.type").c_str(), F_OK) != 0;
}

base::Result<std::vector<pid_t>> processes_in(const std::string& directory) {
  const auto text = base::read_file(AT_FDCWD, directory + "/cgroup.procs");
  if (!text) return tl::make_unexpected(text.error());
  std::istringstream in(*text);
  std::vector<pid_t> processes;
  for (pid_t pid = 0; in >> pid;) processes.push_back(pid);
  return processes;
}

bool all_of_service(const std::vector<pid_t>& processes, std::span<const pid_t> service) {
  return std::all_of(processes.begin(), processes.end(), [&](pid_t pid) {
    return std::find(service.begin(), service.end(), pid) != service.end();
  });
}

// The cgroups from `top` down to `directory`, both included.
std::vector<std::string> way_down(const std::string& top, const std::string& directory) {
  std::vector<std::string> way = {directory};
  if (!directory.starts_with(top + "/")) return way;
  while (way.back() != top) way.push_back(fs::path(way.back()).parent_path());
  std::reverse(way.begin(), way.end());
  return way;
}

}  // namespace

std::vector<std::string> missing_controllers(int directory, const char* file) {
  const auto text = base::read_file(directory, file);
  std::istringstream in(text ? *text : "");
  std::vector<std::string> listed;
  for (std::string name; in >> name;) listed.push_back(name);
  std::vector<std::string> missing;
  for (const char* name : kNeededControllers) {
    if (std::find(listed.begin(), listed.end(), name) == listed.end()) missing.emplace_back(name);
  }
  return missing;
}

base::Result<CgroupPlace> find_cgroup_place(const CgroupMounts& mounts, const std::string& root,
                                            std::span<const pid_t> service) {
  CgroupPlace place{root.empty() ? *mounts.v2 : root, {}};
  for (;;) {
    if (is_real_root(place.directory)) return place;
    auto processes = processes_in(place.directory);
    if (!processes) return tl::make_unexpected(processes.error());
    if (all_of_service(*processes, service)) {
      place.inhabitants = std::move(*processes);
      return place;
    }
    if (!root.empty() || place.directory == mounts.v2_mount) {
      return tl::make_unexpected(base::Error{"make cgroups below " + place.directory, EBUSY, kOccupiedHint});
    }
    place.directory = fs::path(place.directory).parent_path();
  }
}

base::Result<std::vector<std::string>> enable_controllers(const std::string& top,
                                                          const std::string& directory) {
  std::vector<std::string> enabled;
  for (const std::string& path : way_down(top, directory)) {
    const base::Fd cgroup(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!cgroup.valid()) return base::errno_error("open the cgroup directory " + path);
    enabled = missing_controllers(cgroup.get(), "cgroup.subtree_control");
    if (enabled.empty()) continue;
    const auto written = base::write_file(cgroup.get(), "cgroup.subtree_control", joined(enabled, "+"));
    if (written) continue;
    const int code = written.error().code;
    return tl::make_unexpected(
        base::Error{"give the controllers " + joined(enabled, "") + " to cgroups below " + path, code,
                    code == EBUSY    ? kOccupiedHint
                    : code == ENOENT ? kKernelHint
                                     : kDelegateHint});
  }
  return enabled;
}

}  // namespace cellblock::sandbox
