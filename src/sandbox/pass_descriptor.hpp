// A single descriptor over a stream socket, for processes that may call very little: neither side allocates.
#pragma once

#include "base/fd.hpp"

namespace cellblock::sandbox {

// Sends it with one byte; borrowed. Waits if the socket has no room. False with errno when it was not sent.
bool pass_descriptor(int line, int fd);
// Waits for it at the other end. Invalid when something else, or nothing, came.
[[nodiscard]] base::Fd receive_descriptor(int line);

}  // namespace cellblock::sandbox
