// A file tree for each slot, in a mount namespace of its own, from which the slot's cells copy theirs. It
// shows what the zygote's tree shows, but its inodes and device nodes belong to the slot: a lock or a lease
// that a script takes on any of them is invisible to other cells and to the host.
#pragma once

#include <vector>

#include "base/fd.hpp"
#include "sandbox/file_tree.hpp"
#include "sandbox/jail_spec.hpp"
#include "sandbox/step.hpp"

namespace cellblock::jailer {

class SlotTrees {
 public:
  // `proc` is a descriptor of the jailer's own /proc, borrowed. The calling process must be in the zygote's
  // tree and single-threaded.
  SlotTrees(const sandbox::JailSpec& spec, int proc, sandbox::TreeStyle style);

  // Moves the jailer into the slot's tree, which is built at the first time, so that a process cloned now
  // gets a copy of it. Follow with leave(). After an error the jailer may be in neither tree, too.
  sandbox::StepResult enter(std::uint32_t slot);
  // Back to the zygote's tree. The jailer must not go on when this fails.
  [[nodiscard]] sandbox::StepResult leave() const;

 private:
  [[nodiscard]] sandbox::StepResult build(std::uint32_t slot);

  sandbox::TreeAdditions additions_;
  int proc_;
  sandbox::TreeStyle style_;
  base::Fd zygotes_;
  std::vector<base::Fd> slots_;
};

}  // namespace cellblock::jailer
