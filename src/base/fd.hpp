// The owning descriptor type. A plain int that names a descriptor is always borrowed.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace cellblock::base {

// Owns one open descriptor, or none. Move-only; closes on destruction.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  // Borrowed; -1 when empty. Valid as long as this object lives.
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  // Gives up ownership to the caller.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset() {
    // The result of close is of no use: on Linux the descriptor is gone whatever it says.
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

struct FdPair {
  Fd first;
  Fd second;
};

// A pipe with both ends close-on-exec: `first` reads, `second` writes.
Result<FdPair> make_pipe();

// A connected pair of AF_UNIX sockets, close-on-exec. `type` is SOCK_STREAM or SOCK_SEQPACKET, with
// SOCK_NONBLOCK added where wanted.
Result<FdPair> make_socketpair(int type);

// Duplicates a borrowed descriptor, close-on-exec.
Result<Fd> duplicate(int fd);

// Reads a whole small file relative to a directory descriptor (AT_FDCWD for a plain path).
// At most `limit` bytes are returned, the rest is not read.
Result<std::string> read_file(int dir, const std::string& path, std::size_t limit = std::size_t{1} << 20U);

// Writes a kernel control file in one write(2), as cgroup and procfs want it.
Result<void> write_file(int dir, const std::string& path, std::string_view value);

// Writes all bytes to a blocking descriptor.
Result<void> write_all(int fd, std::string_view bytes);

}  // namespace cellblock::base
