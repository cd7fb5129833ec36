#include "jailer/zygote_program.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <unistd.h>

namespace cellblock::jailer {
namespace {

using sandbox::Step;
using sandbox::step_failed;

constexpr const char* kFolder = "/tmp";
constexpr const char* kFile = "/tmp/cellblock-zygote";

bool copied(int from) {
  const base::Fd copy(::open(kFile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500));
  if (!copy.valid()) return false;
  // By the kernel; the offset is kept from whoever else has the descriptor.
  off_t offset = 0;
  ssize_t some = 1;
  constexpr std::size_t kAtOnce = std::size_t{1} << 30U;
  while (some > 0) some = ::sendfile(copy.get(), from, &offset, kAtOnce);
  return some == 0;
}

base::Fd copy_on_mount(int program) {
  if (!copied(program)) return {};
  // The rights of the mount are what chmod() and chown() through /proc/self/exe ask first, whoever owns the
  // file.
  constexpr unsigned long kReadOnly = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV;
  if (::mount(nullptr, kFolder, nullptr, kReadOnly, nullptr) != 0) return {};
  return base::Fd(::open(kFile, O_RDONLY | O_CLOEXEC));
}

}  // namespace

tl::expected<base::Fd, sandbox::StepFailure> out_of_reach(base::Fd program) {
  // An empty directory of the tree; what is mounted there is gone when this returns.
  if (::mount("zygote", kFolder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") != 0)
    return step_failed(Step::kFileTree);
  base::Fd held = copy_on_mount(program.get());
  const int code = errno;
  // The mount lives on as long as something on it is open, mapped or executed.
  if (::umount2(kFolder, MNT_DETACH) != 0) return step_failed(Step::kFileTree);
  if (!held.valid()) return tl::make_unexpected(sandbox::StepFailure{Step::kFileTree, code});
  return held;
}

}  // namespace cellblock::jailer
