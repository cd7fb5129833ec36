// The descriptors of a process that is to become a cell: its own out of the script's way, the zygote's
// closed.
#pragma once

#include <vector>

#include "base/fd.hpp"

namespace cellblock::runner {

// Above RLIMIT_NOFILE: a script that closes "every descriptor" up to its limit does not cut its own answer
// off.
inline constexpr int kFirstPrivateFd = 1000;

// Out of the way of the numbers that scripts use; invalid, with errno, when there is none left.
[[nodiscard]] base::Fd moved_up(base::Fd fd);

// Leaves 0 to 2 and the cell's own descriptors, in any order; everything else belongs to the zygote. False
// with errno.
[[nodiscard]] bool close_the_rest(std::vector<unsigned> kept);

// Fresh ones for 0 to 2: flags of an open file (O_NONBLOCK, O_APPEND, its owner) are shared by all who
// inherited it, so one cell could change them for every later one. Also takes the service's log away. False
// with errno.
[[nodiscard]] bool renew_standard_descriptors();

}  // namespace cellblock::runner
