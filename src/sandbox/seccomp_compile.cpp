// From rules to the kernel's BPF, by libseccomp.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <memory>

#include "base/fd.hpp"
#include "sandbox/seccomp_policy.hpp"

namespace cellblock::sandbox {
namespace {

struct ReleaseContext {
  void operator()(void* context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, ReleaseContext>;

base::Result<void> add_rule(const Context& context, const SyscallRule& rule, Refusing refusing) {
  const auto syscall = syscall_number(rule);
  if (!syscall) return tl::make_unexpected(syscall.error());
  if (*syscall < 0) return {};
  // What is refused as everything else is needs no line in the filter, and libseccomp takes none.
  if (rule.error != 0 && (refusing == Refusing::kByNotice ? !rule.quiet : rule.error == EPERM)) return {};
  // What is counted comes to the listener like what is refused.
  if (rule.counted && refusing == Refusing::kByNotice) return {};
  std::vector<scmp_arg_cmp> tests;
  for (const ArgumentTest& test : rule.tests) {
    tests.push_back({test.index, SCMP_CMP_MASKED_EQ, test.mask, test.value});
  }
  const std::uint32_t action =
      rule.error == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(static_cast<std::uint16_t>(rule.error));
  const int result = seccomp_rule_add_array(context.get(), action, *syscall,
                                            static_cast<unsigned>(tests.size()), tests.data());
  if (result == 0) return {};
  errno = -result;
  return base::errno_error("add line " + std::to_string(rule.line) + " of the seccomp policy");
}

constexpr std::array<sock_filter, 3> kNoNewerCalls = {{
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    // Also -1, and every number with the x32 bit.
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, kNewestCall, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
}};

base::Result<BpfProgram> export_program(const Context& context) {
  // libseccomp writes a program only to a descriptor.
  const base::Fd file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file.valid()) return base::errno_error("create a memory file for the seccomp filter");
  if (const int result = seccomp_export_bpf(context.get(), file.get()); result != 0) {
    errno = -result;
    return base::errno_error("compile the seccomp filter");
  }
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  BpfProgram program(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (::pread(file.get(), program.data(), static_cast<std::size_t>(size), 0) != size) {
    return base::errno_error("read the compiled seccomp filter");
  }
  return program;
}

}  // namespace

base::Result<int> syscall_number(const SyscallRule& rule) {
  const int number = seccomp_syscall_resolve_name(rule.name.c_str());
  if (number == __NR_SCMP_ERROR) {
    return base::make_error("line " + std::to_string(rule.line) + " of the seccomp policy: no system call '" +
                            rule.name + "'");
  }
  return number;
}

base::Result<BpfProgram> compile_seccomp(const std::vector<SyscallRule>& rules, Refusing refusing) {
  const Context context(
      seccomp_init(refusing == Refusing::kByNotice ? SCMP_ACT_NOTIFY : SCMP_ACT_ERRNO(EPERM)));
  if (!context) return base::make_error("create a seccomp filter");
  // The filter looks calls up in a tree instead of a list: a fifth of the instructions for a late entry.
  seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  // The default would be to kill; a refused call is an error like any other.
  if (seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) != 0) {
    return base::make_error("set the seccomp filter's action for other architectures");
  }
  for (const SyscallRule& rule : rules) {
    if (auto added = add_rule(context, rule, refusing); !added) return tl::make_unexpected(added.error());
  }
  auto program = export_program(context);
  if (!program) return program;
  // Before libseccomp's own instructions, which have one answer for all that no rule names. Jumps are
  // relative.
  program->insert(program->begin(), kNoNewerCalls.begin(), kNoNewerCalls.end());
  return program;
}

}  // namespace cellblock::sandbox
