// The slots of the service: a number, an outside uid, and a cgroup that serves one cell after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "jailer/sweeper.hpp"
#include "sandbox/cgroup.hpp"
#include "sandbox/jail_spec.hpp"

namespace cellblock::jailer {

class Slots {
 public:
  // `tree` and `sweeper` are borrowed and outlive this object. Without a sweeper remains are removed at once.
  Slots(const sandbox::JailSpec& spec, sandbox::CgroupTree& tree, Sweeper* sweeper);

  // A free slot with the default limits set; nullopt when all are taken. A cgroup that can't be set up is an
  // error, and the slot stays free.
  base::Result<std::optional<std::uint32_t>> take();
  // Gives an empty slot back, its counters and limits as new.
  void give_back(std::uint32_t slot);
  [[nodiscard]] sandbox::CgroupSlot& cgroup(std::uint32_t slot) { return *cgroups_[slot]; }

 private:
  sandbox::CgroupLimits defaults_;
  sandbox::CgroupTree* tree_;
  Sweeper* sweeper_;
  std::vector<std::unique_ptr<sandbox::CgroupSlot>> cgroups_;
  std::vector<std::uint32_t> free_;
};

}  // namespace cellblock::jailer
