#include "sandbox/seccomp_load.hpp"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cellblock::sandbox {

StepResult load_seccomp(std::span<const sock_filter> program, Step step) {
  // The kernel's struct has no const, but only reads.
  const sock_fprog filter{
      static_cast<unsigned short>(program.size()),
      const_cast<sock_filter*>(program.data())};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) return step_failed(step);
  return {};
}

}  // namespace cellblock::sandbox
