#include "sandbox/privileges.hpp"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace cellblock::sandbox {
namespace {

constexpr unsigned long kSecurebits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                      SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                      SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

}  // namespace

StepResult keep_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return step_failed(Step::kCapabilities);
  for (__user_cap_data_struct& half : sets) half.inheritable = half.permitted;
  // Only what is inheritable can be ambient, and only what is ambient outlasts an exec without root.
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return step_failed(Step::kCapabilities);
  for (unsigned long capability = 0; capability < 64; ++capability) {
    if ((sets[capability / 32].permitted >> capability % 32 & 1U) == 0) continue;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0)
      return step_failed(Step::kCapabilities);
  }
  return {};
}

StepResult drop_capabilities() {
  if (auto done = forbid_capabilities(); !done) return done;
  return clear_capabilities();
}

StepResult forbid_capabilities() {
  // First what itself needs CAP_SETPCAP: securebits and the bounding set.
  if (::prctl(PR_SET_SECUREBITS, kSecurebits, 0, 0, 0) != 0) return step_failed(Step::kCapabilities);
  for (unsigned long capability = 0; capability < 64; ++capability) {
    // EINVAL says that this kernel knows no capability of this number, nor any above.
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      if (errno == EINVAL) break;
      return step_failed(Step::kCapabilities);
    }
  }
  // Ambient capabilities would survive an exec.
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return step_failed(Step::kCapabilities);
  return {};
}

StepResult clear_capabilities() {
  // Effective, permitted and inheritable, both halves of the 64-bit sets.
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) return step_failed(Step::kCapabilities);
  return {};
}

StepResult set_no_new_privs() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return step_failed(Step::kNoNewPrivs);
  return {};
}

}  // namespace cellblock::sandbox
