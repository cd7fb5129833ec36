#include "jailer/slot_trees.hpp"

#include <fcntl.h>
#include <sched.h>

namespace cellblock::jailer {
namespace {

using sandbox::Step;
using sandbox::step_failed;
using sandbox::StepResult;

base::Fd own_mount_namespace(int proc) {
  return base::Fd(::openat(proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC));
}

}  // namespace

SlotTrees::SlotTrees(const sandbox::JailSpec& spec, int proc, sandbox::TreeStyle style)
    : additions_(sandbox::additions_of(spec)),
      proc_(proc),
      style_(style),
      zygotes_(own_mount_namespace(proc)),
      slots_(spec.slots) {
  // In the zygote's tree, which the slots' are built from, they are at their places already.
  for (sandbox::ShownPath& shown : additions_.shown) shown.path = shown.place;
}

StepResult SlotTrees::enter(std::uint32_t slot) {
  if (style_.inodes == sandbox::Inodes::kShared) return {};
  if (!slots_[slot].valid()) return build(slot);
  if (::setns(slots_[slot].get(), CLONE_NEWNS) != 0) return step_failed(Step::kSlotTree);
  return {};
}

StepResult SlotTrees::leave() const {
  if (style_.inodes == sandbox::Inodes::kShared) return {};
  if (::setns(zygotes_.get(), CLONE_NEWNS) != 0) return step_failed(Step::kSlotTree);
  return {};
}

StepResult SlotTrees::build(std::uint32_t slot) {
  // A copy of the zygote's tree to build in.
  if (::unshare(CLONE_NEWNS) != 0) return step_failed(Step::kSlotTree);
  // The zygote's own mount points are as good as any to build on.
  if (auto done = sandbox::build_file_tree("/tmp", additions_, style_); !done) return done;
  if (auto done = sandbox::pivot_into("/tmp"); !done) return done;
  base::Fd made = own_mount_namespace(proc_);
  if (!made.valid()) return step_failed(Step::kSlotTree);
  slots_[slot] = std::move(made);
  return {};
}

}  // namespace cellblock::jailer
