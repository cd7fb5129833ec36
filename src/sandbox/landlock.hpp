// Landlock: the second file-system wall, beside the mount namespace.
#pragma once

#include <span>
#include <string>

#include "sandbox/step.hpp"

namespace cellblock::sandbox {

struct LandlockRule {
  std::string path;
  // kList: names in directories, and no file in them. kShared: files and directories, and nothing that leads
  // elsewhere or that others could be spoken to by.
  enum class Access : unsigned char { kList, kRead, kDevice, kReadWrite, kShared } access;
};

// 0 when the kernel has no Landlock, else its ABI version.
[[nodiscard]] int landlock_abi();

// Restricts the calling thread, and all it starts from here on, to the given paths; everything else is
// refused with EACCES. Handles every right that the running kernel knows. Needs no_new_privs. A path that
// doesn't exist is an error.
StepResult restrict_with_landlock(std::span<const LandlockRule> rules);

}  // namespace cellblock::sandbox
