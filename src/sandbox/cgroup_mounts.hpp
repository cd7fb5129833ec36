// Where the host's cgroup hierarchies are mounted and where in them this process is.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/fd.hpp"

namespace cellblock::sandbox {

struct CgroupMounts {
  // Version 1: controller name to the directory of the own cgroup in its hierarchy.
  std::map<std::string, std::string, std::less<>> v1;
  // Version 2: the own cgroup's directory, and the mount point that bounds the way upwards.
  std::optional<std::string> v2;
  std::string v2_mount;
};

// From the texts of /proc/self/mountinfo and /proc/self/cgroup.
[[nodiscard]] CgroupMounts parse_cgroup_mounts(std::string_view mountinfo, std::string_view own);

// The server's pid, with which a service id begins; -1 when it doesn't.
[[nodiscard]] pid_t service_pid(std::string_view service_id);

// The service's own directory in one hierarchy: "cellblock-<service_id>" below a parent. Removed on
// destruction, with the slots in it, which must be empty of processes by then.
class ServiceDirectory {
 public:
  // Before creating it, removes directories of that form in `parent` whose service (the number before the
  // second dash is its pid) is dead.
  static base::Result<ServiceDirectory> create(const std::string& parent, const std::string& service_id);
  ServiceDirectory(ServiceDirectory&&) = default;
  ServiceDirectory& operator=(ServiceDirectory&&) = default;
  ServiceDirectory(const ServiceDirectory&) = delete;
  ServiceDirectory& operator=(const ServiceDirectory&) = delete;
  ~ServiceDirectory();

  // Borrowed directory descriptor; goes on working when the path is out of reach after pivot_root.
  [[nodiscard]] int get() const { return self_.get(); }

 private:
  ServiceDirectory(base::Fd parent, std::string name, base::Fd self)
      : parent_(std::move(parent)), name_(std::move(name)), self_(std::move(self)) {}

  base::Fd parent_;
  std::string name_;
  base::Fd self_;
};

}  // namespace cellblock::sandbox
