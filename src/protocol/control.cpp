#include "protocol/control.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace cellblock::protocol {
namespace {

// Room for kMaxFds descriptors, aligned as the kernel wants it.
union Ancillary {
  std::array<char, CMSG_SPACE(sizeof(int) * kMaxFds)> bytes;
  cmsghdr align;
};

}  // namespace

void ControlMessage::set_text(std::string_view value) {
  const std::size_t length = std::min(value.size(), text.size() - 1);
  std::copy_n(value.data(), length, text.begin());
  text[length] = '\0';
}

std::string_view ControlMessage::text_view() const {
  return {text.data(), ::strnlen(text.data(), text.size())};
}

base::Result<void> send_control(int socket, const ControlMessage& message, std::span<const int> fds) {
  if (fds.size() > kMaxFds) return base::make_error("send a control message with too many descriptors");
  ControlMessage copy = message;
  iovec part{&copy, sizeof(copy)};
  Ancillary ancillary{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = ancillary.bytes.data();
    header.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
  }
  while (::sendmsg(socket, &header, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return base::errno_error("send a control message");
  }
  return {};
}

base::Result<std::optional<Received>> receive_control(int socket) {
  Received received;
  iovec part{&received.message, sizeof(received.message)};
  Ancillary ancillary{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = ancillary.bytes.data();
  header.msg_controllen = ancillary.bytes.size();
  ssize_t count = -1;
  do {
    count = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_WAITALL);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return base::errno_error("receive a control message");
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t number = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t index = 0; index < number; ++index) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(item) + index * sizeof(int), sizeof(int));
      received.fds.emplace_back(fd);
    }
  }
  if (count == 0) return std::optional<Received>{};
  if (count != static_cast<ssize_t>(sizeof(received.message))) {
    return base::make_error("receive a control message of " + std::to_string(count) + " bytes",
                            "the cellblock programs are not of the same build");
  }
  received.message.text.back() = '\0';
  return std::optional<Received>(std::move(received));
}

}  // namespace cellblock::protocol
