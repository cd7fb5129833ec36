// What comes from a cell is taken in pieces, and never waited for.
#pragma once

#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

namespace cellblock::backends::native {

using Chunk = std::array<char, std::size_t{64} << 10U>;

// One read of a descriptor that does not block: the bytes, which are in `buffer`; empty at end of file;
// nullopt when nothing is there.
inline std::optional<std::string_view> read_some(int fd, Chunk& buffer) {
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count >= 0) return std::string_view(buffer.data(), static_cast<std::size_t>(count));
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) return std::string_view();
  }
}

}  // namespace cellblock::backends::native
