#include "sandbox/cgroup_v2_leaf.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>
#include <utility>

namespace cellblock::sandbox {
namespace {

constexpr auto kName = "service";
constexpr auto kProcesses = "service/cgroup.procs";

}  // namespace

base::Result<ServiceLeaf> ServiceLeaf::enter(const CgroupPlace& place, int service) {
  base::Fd outer(::open(place.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!outer.valid()) return base::errno_error("open the cgroup directory " + place.directory);
  auto inner = base::duplicate(service);
  if (!inner) return tl::make_unexpected(inner.error());
  if (::mkdirat(service, kName, 0755) != 0 && errno != EEXIST) {
    return base::errno_error("create a cgroup for the service's own processes below " + place.directory);
  }
  // From here on its end moves back whom it has moved.
  ServiceLeaf leaf(std::move(outer), std::move(*inner));
  for (const pid_t pid : place.inhabitants) {
    auto moved = base::write_file(service, kProcesses, std::to_string(pid));
    if (!moved) return tl::make_unexpected(moved.error());
  }
  return leaf;
}

ServiceLeaf::~ServiceLeaf() {
  if (!service_.valid()) return;
  const auto switch_off = [](const base::Fd& cgroup, const std::vector<std::string>& controllers) {
    for (const std::string& name : controllers) {
      static_cast<void>(base::write_file(cgroup.get(), "cgroup.subtree_control", "-" + name));
    }
  };
  // A cgroup can't give up what a child of it passes on, so from the inside outwards.
  switch_off(service_, enabled_);
  switch_off(place_, enabled_);
  const auto text = base::read_file(service_.get(), kProcesses);
  std::istringstream in(text ? *text : "");
  for (std::string pid; in >> pid;) {
    static_cast<void>(base::write_file(place_.get(), "cgroup.procs", pid));
  }
  ::unlinkat(service_.get(), kName, AT_REMOVEDIR);
}

}  // namespace cellblock::sandbox
