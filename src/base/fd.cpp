#include "base/fd.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cellblock::base {

Result<FdPair> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("create a pipe");
  return FdPair{Fd(ends[0]), Fd(ends[1])};
}

Result<FdPair> make_socketpair(int type) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return errno_error("create a socket pair");
  }
  return FdPair{Fd(ends[0]), Fd(ends[1])};
}

Result<Fd> duplicate(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return errno_error("duplicate descriptor " + std::to_string(fd));
  return Fd(copy);
}

Result<std::string> read_file(int dir, const std::string& path, std::size_t limit) {
  const Fd file(::openat(dir, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return errno_error("open " + path);
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() < limit) {
    const ssize_t count = ::read(file.get(), buffer.data(), std::min(buffer.size(), limit - text.size()));
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno_error("read " + path);
    }
    if (count == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

Result<void> write_file(int dir, const std::string& path, std::string_view value) {
  const Fd file(::openat(dir, path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return errno_error("open " + path + " for writing");
  if (::write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) {
    return errno_error("write '" + std::string(value) + "' to " + path);
  }
  return {};
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno_error("write to descriptor " + std::to_string(fd));
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace cellblock::base
