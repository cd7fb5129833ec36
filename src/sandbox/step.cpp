#include "sandbox/step.hpp"

#include <array>
#include <system_error>

namespace cellblock::sandbox {

std::string_view step_name(Step step) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Step::kLast) + 1> kNames = {
      "no step",
      "open what the jailer needs of the host",
      "create a user namespace for the jailer",
      "create the jailer's network namespace",
      "create the jailer's mount namespace",
      "build the read-only file tree",
      "pivot_root onto the file tree",
      "create the service's cgroup",
      "take the user ids from uid-base on",
      "start the zygote",
      "find a free slot",
      "build the slot's file tree",
      "make the slot's working directory",
      "set up the slot's cgroup",
      "clone into new namespaces",
      "write the uid and gid maps",
      "take on the cell's uid and gid",
      "mount /tmp",
      "mount /dev/shm",
      "mount /proc",
      "set the host name",
      "seal the cell's first process",
      "enter the cell's pid namespace",
      "fork the zygote",
      "close and arrange descriptors",
      "enter the slot's cgroup",
      "join the cell's namespaces",
      "create a cgroup namespace",
      "change to the working directory",
      "start a new session",
      "set the OOM score",
      "set resource limits",
      "restrict with Landlock",
      "drop all capabilities",
      "set no_new_privs",
      "load the seccomp filter",
      "hand over the seccomp listener",
      "prime the interpreter",
  };
  const auto index = static_cast<std::size_t>(step);
  return index < kNames.size() ? kNames[index] : "unknown step";
}

std::string describe(const StepFailure& failure) {
  return std::string(step_name(failure.step)) + ": " + std::generic_category().message(failure.code);
}

}  // namespace cellblock::sandbox
