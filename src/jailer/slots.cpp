#include "jailer/slots.hpp"

#include <utility>

namespace cellblock::jailer {

Slots::Slots(const sandbox::JailSpec& spec, sandbox::CgroupTree& tree, Sweeper* sweeper)
    : defaults_{spec.memory_bytes, spec.processes, spec.cpu_percent},
      tree_(&tree),
      sweeper_(sweeper),
      cgroups_(spec.slots) {
  // The lowest number on top, so that few slots are used while few are needed.
  for (std::uint32_t slot = spec.slots; slot > 0; --slot) free_.push_back(slot - 1);
}

base::Result<std::optional<std::uint32_t>> Slots::take() {
  if (free_.empty()) return std::optional<std::uint32_t>{};
  const std::uint32_t slot = free_.back();
  auto& cgroup = cgroups_[slot];
  if (!cgroup) {
    auto made = tree_->make_slot(slot);
    if (!made) return tl::make_unexpected(made.error());
    cgroup = std::move(*made);
  }
  if (auto done = cgroup->set_limits(defaults_); !done) {
    // Made anew next time: the directory may have been removed under the service.
    cgroup.reset();
    return tl::make_unexpected(done.error());
  }
  free_.pop_back();
  return std::optional<std::uint32_t>(slot);
}

void Slots::give_back(std::uint32_t slot) {
  auto recycled = cgroups_[slot]->recycle();
  // A cgroup that can't be recycled is dropped; take() makes it anew or says why it can't.
  if (!recycled) cgroups_[slot].reset();
  if (recycled && *recycled && sweeper_ != nullptr) sweeper_->sweep(std::move(*recycled));
  free_.push_back(slot);
}

}  // namespace cellblock::jailer
