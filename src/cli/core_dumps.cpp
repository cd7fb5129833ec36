#include "cli/core_dumps.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "sandbox/rlimits.hpp"

namespace cellblock::cli {

std::string told_of_core_dumps(std::string_view pattern, bool can_stop) {
  // A pipe to a program; or, since Linux 6.16, a socket.
  if (!pattern.starts_with('|') && !pattern.starts_with('@')) return {};
  std::string text = "this host hands core dumps to a program (kernel.core_pattern); ";
  if (pattern.starts_with('@')) {
    text += "a dump of a cell, with all its memory, may go there too: use a file or a pipe";
  } else if (can_stop) {
    text += "cells have RLIMIT_CORE 1, with which the kernel makes none";
  } else {
    text +=
        "a dump of a cell, with all its memory, goes there too: start the service with a hard RLIMIT_CORE of "
        "1 "
        "or more (systemd: LimitCORE=1), or as root";
  }
  return text;
}

std::string told_of_core_dumps() {
  const auto pattern = base::read_file(AT_FDCWD, "/proc/sys/kernel/core_pattern");
  rlimit core{};
  const bool enough = ::getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max >= sandbox::kCoreBytes;
  return told_of_core_dumps(pattern ? *pattern : "", enough || ::geteuid() == 0);
}

}  // namespace cellblock::cli
