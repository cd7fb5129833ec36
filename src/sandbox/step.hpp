// The steps of making and sealing a cell. A step that fails is reported by this name with its errno;
// nothing runs in a cell of which a step has failed.
#pragma once

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace cellblock::sandbox {

enum class Step : std::uint32_t {
  kNone = 0,
  // jailer, once
  kHostHandles,
  kUserNamespace,
  kNetworkNamespace,
  kMountNamespace,
  kFileTree,
  kPivotRoot,
  kCgroupRoot,
  kUserIds,
  kStartZygote,
  // jailer, per cell
  kSlot,
  kSlotTree,
  kWorkDirectory,
  kCgroupSlot,
  kClone,
  kIdMaps,
  // first process of a cell
  kIdentity,
  kMountTmp,
  kMountShm,
  kMountProc,
  kHostname,
  kInitSeal,
  // zygote and the interpreter's process
  kPidNamespace,
  kFork,
  kDescriptors,
  kCgroupAttach,
  kJoinNamespaces,
  kCgroupNamespace,
  kChangeDirectory,
  kSession,
  kOomScore,
  kRlimits,
  kLandlock,
  kCapabilities,
  kNoNewPrivs,
  kSeccomp,
  kListener,
  kPrime,
  kLast = kPrime
};

// A short name for messages: "mount /proc", "load the seccomp filter".
[[nodiscard]] std::string_view step_name(Step step);

struct StepFailure {
  Step step = Step::kNone;
  int code = 0;  // errno
};

using StepResult = tl::expected<void, StepFailure>;

[[nodiscard]] inline tl::unexpected<StepFailure> step_failed(Step step) {
  return tl::make_unexpected(StepFailure{step, errno});
}

// "mount /proc: Operation not permitted"
[[nodiscard]] std::string describe(const StepFailure& failure);

}  // namespace cellblock::sandbox
