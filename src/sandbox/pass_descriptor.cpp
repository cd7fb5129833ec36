#include "sandbox/pass_descriptor.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace cellblock::sandbox {
namespace {

union OneDescriptor {
  std::array<char, CMSG_SPACE(sizeof(int))> bytes;
  cmsghdr align;
};

}  // namespace

bool pass_descriptor(int line, int fd) {
  char byte = 'd';
  iovec part{&byte, 1};
  OneDescriptor ancillary{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = ancillary.bytes.data();
  header.msg_controllen = ancillary.bytes.size();
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(rights), &fd, sizeof(int));
  return ::sendmsg(line, &header, MSG_NOSIGNAL) == 1;
}

base::Fd receive_descriptor(int line) {
  char byte = 0;
  iovec part{&byte, 1};
  OneDescriptor ancillary{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = ancillary.bytes.data();
  header.msg_controllen = ancillary.bytes.size();
  ssize_t count = -1;
  do {
    count = ::recvmsg(line, &header, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  const cmsghdr* rights = count == 1 ? CMSG_FIRSTHDR(&header) : nullptr;
  if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(sizeof(int))) {
    return {};
  }
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(rights), sizeof(int));
  return base::Fd(fd);
}

}  // namespace cellblock::sandbox
