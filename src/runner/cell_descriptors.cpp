#include "runner/cell_descriptors.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace cellblock::runner {

base::Fd moved_up(base::Fd fd) {
  return base::Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstPrivateFd));
}

bool close_the_rest(std::vector<unsigned> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned from = 3;
  for (const unsigned fd : kept) {
    if (fd > from && ::syscall(SYS_close_range, from, fd - 1, 0) != 0) return false;
    from = fd + 1;
  }
  return ::syscall(SYS_close_range, from, ~0U, 0) == 0;
}

bool renew_standard_descriptors() {
  const base::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  return null.valid() && ::dup2(null.get(), 0) == 0 && ::dup2(null.get(), 1) == 1 &&
         ::dup2(null.get(), 2) == 2;
}

}  // namespace cellblock::runner
