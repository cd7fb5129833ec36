// The service's own processes in a cgroup below the one that they were started in, so that cells can have
// theirs beside it:
//
//   the unit's cgroup          controllers for its children; no processes
//   └─ cellblock-<id>          controllers for its children; no processes
//      ├─ service              server, jailer, zygote, first processes of the cells
//      ├─ slot-0               a cell
//      └─ slot-1
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "sandbox/cgroup_v2_place.hpp"

namespace cellblock::sandbox {

class ServiceLeaf {
 public:
  // Moves the inhabitants of `place` into "service" below the borrowed directory of the service.
  static base::Result<ServiceLeaf> enter(const CgroupPlace& place, int service);
  ServiceLeaf(ServiceLeaf&& other) noexcept = default;
  ServiceLeaf& operator=(ServiceLeaf&&) = delete;
  ServiceLeaf(const ServiceLeaf&) = delete;
  ServiceLeaf& operator=(const ServiceLeaf&) = delete;
  // Moves everybody back and takes back the controllers, so that the place is as it was found. Stays where
  // somebody else has come to use them.
  ~ServiceLeaf();

  // What was switched on for the place's children, to be switched off in the end.
  void remember(std::vector<std::string> enabled) { enabled_ = std::move(enabled); }

 private:
  ServiceLeaf(base::Fd place, base::Fd service) : place_(std::move(place)), service_(std::move(service)) {}

  base::Fd place_;
  base::Fd service_;
  std::vector<std::string> enabled_;
};

}  // namespace cellblock::sandbox
