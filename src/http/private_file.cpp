#include "http/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace cellblock::http {
namespace {

base::Result<void> check(const base::Fd& opened, const std::string& what, std::size_t largest) {
  struct stat found {};
  if (::fstat(opened.get(), &found) != 0) return base::errno_error(what);
  if (!S_ISREG(found.st_mode)) return base::make_error(what + ": it is no regular file");
  if (found.st_uid != 0 && found.st_uid != ::geteuid()) {
    return base::make_error(what + ": it belongs to another user",
                            "chown it to root, or to the service's user");
  }
  if ((found.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    return base::make_error(what + ": others can read or change it", "chmod 600 it");
  }
  if (found.st_size > static_cast<off_t>(largest)) {
    return base::make_error(what + ": it is larger than " + std::to_string(largest >> 20U) + " MB");
  }
  return {};
}

}  // namespace

base::Result<std::string> read_private_file(const std::string& file, const std::string& what,
                                            std::size_t largest) {
  // Not to wait for a writer, should it be a FIFO.
  const base::Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened.valid()) return base::errno_error(what, "the service's user must be able to read it");
  if (auto fine = check(opened, what, largest); !fine) return tl::make_unexpected(std::move(fine.error()));
  // Of the very file that was looked at. Not through /proc/self/fd: that would ask for the right a second
  // time.
  std::string text;
  std::string part(std::size_t{64} << 10U, '\0');
  for (ssize_t count = 0; (count = ::read(opened.get(), part.data(), part.size())) != 0;) {
    if (count < 0) return base::errno_error(what);
    text.append(part, 0, static_cast<std::size_t>(count));
    if (text.size() > largest) return base::make_error(what + ": it grows while it is read");
  }
  return text;
}

}  // namespace cellblock::http
