#include "sandbox/cgroup_mounts.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <memory>
#include <sstream>
#include <vector>

namespace cellblock::sandbox {
namespace {

constexpr std::string_view kPrefix = "cellblock-";

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// The directory of cgroup `path` under a mount whose root is cgroup `mount_root`.
std::string directory_of(const std::string& mount_point, const std::string& mount_root, std::string path) {
  if (mount_root != "/" && path.starts_with(mount_root)) path.erase(0, mount_root.size());
  if (path == "/" || path.starts_with("/..")) path.clear();
  return mount_point + path;
}

bool service_is_dead(std::string_view name) {
  const pid_t pid = service_pid(name.substr(kPrefix.size()));
  return pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::vector<std::string> subdirectories(int directory) {
  std::vector<std::string> names;
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return names;
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(copy));
  if (!stream) {
    ::close(copy);
    return names;
  }
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.push_back(name);
  }
  return names;
}

void remove_with_slots(int parent, const std::string& name) {
  const base::Fd service(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!service.valid()) return;
  for (const std::string& slot : subdirectories(service.get()))
    ::unlinkat(service.get(), slot.c_str(), AT_REMOVEDIR);
  ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
}

}  // namespace

pid_t service_pid(std::string_view service_id) {
  pid_t pid = 0;
  const char* const last = service_id.data() + service_id.size();
  const auto [end, error] = std::from_chars(service_id.data(), last, pid);
  return error != std::errc() || pid <= 0 || end == last || *end != '-' ? -1 : pid;
}

CgroupMounts parse_cgroup_mounts(std::string_view mountinfo, std::string_view own) {
  std::map<std::string, std::string, std::less<>> own_v1;
  std::string own_v2 = "/";
  std::istringstream own_lines{std::string(own)};
  for (std::string line; std::getline(own_lines, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) own_v2 = path;
    std::istringstream names(controllers);
    for (std::string name; std::getline(names, name, ',');) own_v1[name] = path;
  }
  CgroupMounts mounts;
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    const auto dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    const auto fields = words_of(line.substr(0, dash));
    const auto rest = words_of(line.substr(dash + 3));
    if (fields.size() < 6 || rest.size() < 3) continue;
    if (rest[0] == "cgroup2") {
      mounts.v2_mount = fields[4];
      mounts.v2 = directory_of(fields[4], fields[3], own_v2);
    } else if (rest[0] == "cgroup") {
      std::istringstream options(rest[2]);
      for (std::string option; std::getline(options, option, ',');) {
        const auto found = own_v1.find(option);
        if (found != own_v1.end()) mounts.v1[option] = directory_of(fields[4], fields[3], found->second);
      }
    }
  }
  return mounts;
}

base::Result<ServiceDirectory> ServiceDirectory::create(const std::string& parent,
                                                        const std::string& service_id) {
  base::Fd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return base::errno_error("open the cgroup directory " + parent);
  for (const std::string& name : subdirectories(directory.get())) {
    if (name.starts_with(kPrefix) && service_is_dead(name)) remove_with_slots(directory.get(), name);
  }
  std::string name = std::string(kPrefix) + service_id;
  if (::mkdirat(directory.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
    return base::errno_error("create the cgroup " + parent + "/" + name,
                             "run as root, or give the service a delegated cgroup (systemd: Delegate=yes)");
  }
  base::Fd self(::openat(directory.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!self.valid()) return base::errno_error("open the cgroup " + parent + "/" + name);
  return ServiceDirectory(std::move(directory), std::move(name), std::move(self));
}

ServiceDirectory::~ServiceDirectory() {
  if (self_.valid()) remove_with_slots(parent_.get(), name_);
}

}  // namespace cellblock::sandbox
