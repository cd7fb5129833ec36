#include "sandbox/seccomp_listener.hpp"

#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "sandbox/privileges.hpp"

namespace cellblock::sandbox {
namespace {

union OneDescriptor {
  std::array<char, CMSG_SPACE(sizeof(int))> bytes;
  cmsghdr align;
};

// The kernel's structs may grow; the supervisor's are those of this build.
bool sizes_are_known() {
  seccomp_notif_sizes sizes{};
  return ::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0 &&
         sizes.seccomp_notif == sizeof(seccomp_notif) &&
         sizes.seccomp_notif_resp == sizeof(seccomp_notif_resp) && sizes.seccomp_data == sizeof(seccomp_data);
}

}  // namespace

tl::expected<base::Fd, StepFailure> load_listening(std::span<const sock_filter> program,
                                                   Listening listening) {
  unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  if (listening == Listening::kKillable) flags |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  // The kernel's struct has no const, but only reads.
  const sock_fprog filter{
      static_cast<unsigned short>(program.size()),
      const_cast<sock_filter*>(program.data())};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  base::Fd listener(static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter)));
  if (!listener.valid()) return step_failed(Step::kSeccomp);
  return listener;
}

StepResult hand_over_listener(int line, int listener) {
  char byte = 'l';
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
  std::memcpy(CMSG_DATA(rights), &listener, sizeof(int));
  // One byte into an empty socket: sent, or the other side is dead.
  if (::sendmsg(line, &header, MSG_NOSIGNAL) != 1) return step_failed(Step::kListener);
  return {};
}

base::Fd receive_listener(int line) {
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

Listening try_listening() {
  static constexpr std::array<sock_filter, 1> kAllow = {{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  if (!sizes_are_known() || !set_no_new_privs()) return Listening::kNone;
  // The better one first: a second listener for one process is refused.
  for (const Listening listening : {Listening::kKillable, Listening::kPlain}) {
    if (load_listening(kAllow, listening)) return listening;
  }
  return Listening::kNone;
}

}  // namespace cellblock::sandbox
