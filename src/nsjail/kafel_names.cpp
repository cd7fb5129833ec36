#include "nsjail/kafel_names.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace cellblock::nsjail {
namespace {

struct Constant {
  std::string_view name;
  std::uint64_t value;
};
constexpr std::array<Constant, 44> kConstants = {{
    {"AF_UNSPEC", AF_UNSPEC},
    {"AF_UNIX", AF_UNIX},
    {"AF_LOCAL", AF_UNIX},
    {"AF_INET", AF_INET},
    {"AF_INET6", AF_INET6},
    {"AF_NETLINK", AF_NETLINK},
    {"AF_PACKET", AF_PACKET},
    {"AF_ALG", AF_ALG},
    {"AF_VSOCK", AF_VSOCK},
    {"SOCK_STREAM", SOCK_STREAM},
    {"SOCK_DGRAM", SOCK_DGRAM},
    {"SOCK_RAW", SOCK_RAW},
    {"SOCK_CLOEXEC", SOCK_CLOEXEC},
    {"SOCK_NONBLOCK", SOCK_NONBLOCK},
    {"CLONE_VM", CLONE_VM},
    {"CLONE_FS", CLONE_FS},
    {"CLONE_FILES", CLONE_FILES},
    {"CLONE_THREAD", CLONE_THREAD},
    {"CLONE_VFORK", CLONE_VFORK},
    {"CLONE_PARENT", CLONE_PARENT},
    {"CLONE_NEWNS", CLONE_NEWNS},
    {"CLONE_NEWCGROUP", CLONE_NEWCGROUP},
    {"CLONE_NEWUTS", CLONE_NEWUTS},
    {"CLONE_NEWIPC", CLONE_NEWIPC},
    {"CLONE_NEWUSER", CLONE_NEWUSER},
    {"CLONE_NEWPID", CLONE_NEWPID},
    {"CLONE_NEWNET", CLONE_NEWNET},
    {"O_RDONLY", O_RDONLY},
    {"O_WRONLY", O_WRONLY},
    {"O_RDWR", O_RDWR},
    {"O_CREAT", O_CREAT},
    {"O_ACCMODE", O_ACCMODE},
    {"PROT_READ", PROT_READ},
    {"PROT_WRITE", PROT_WRITE},
    {"PROT_EXEC", PROT_EXEC},
    {"PROT_NONE", PROT_NONE},
    {"MAP_SHARED", MAP_SHARED},
    {"MAP_PRIVATE", MAP_PRIVATE},
    {"MAP_ANONYMOUS", MAP_ANONYMOUS},
    {"MAP_FIXED", MAP_FIXED},
    {"MAP_HUGETLB", MAP_HUGETLB},
    {"PR_SET_NAME", PR_SET_NAME},
    {"PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS},
    {"PR_SET_SECCOMP", PR_SET_SECCOMP},
}};

// The calls whose arguments policies look at, by the names that the kernel and the manual give them.
struct Argument {
  std::string_view call;
  std::string_view name;
  unsigned index;
};
constexpr std::array<Argument, 36> kArguments = {{
    {"socket", "domain", 0},      {"socket", "family", 0},
    {"socket", "type", 1},        {"socket", "protocol", 2},
    {"socketpair", "domain", 0},  {"socketpair", "family", 0},
    {"socketpair", "type", 1},    {"clone", "clone_flags", 0},
    {"clone", "flags", 0},        {"ioctl", "fd", 0},
    {"ioctl", "cmd", 1},          {"ioctl", "request", 1},
    {"fcntl", "fd", 0},           {"fcntl", "cmd", 1},
    {"prctl", "option", 0},       {"mmap", "prot", 2},
    {"mmap", "flags", 3},         {"mmap", "fd", 4},
    {"mprotect", "prot", 2},      {"kill", "pid", 0},
    {"kill", "sig", 1},           {"open", "flags", 1},
    {"openat", "dfd", 0},         {"openat", "dirfd", 0},
    {"openat", "flags", 2},       {"read", "fd", 0},
    {"write", "fd", 0},           {"setsockopt", "level", 1},
    {"setsockopt", "optname", 2}, {"getsockopt", "level", 1},
    {"getsockopt", "optname", 2}, {"mknod", "mode", 1},
    {"mknodat", "mode", 2},       {"memfd_create", "flags", 1},
    {"prlimit64", "resource", 1}, {"prlimit64", "pid", 0},
}};

}  // namespace

std::optional<std::uint64_t> kernel_constant(std::string_view name) {
  const auto* found = std::find_if(kConstants.begin(), kConstants.end(),
                                   [name](const Constant& constant) { return constant.name == name; });
  if (found == kConstants.end()) return std::nullopt;
  return found->value;
}

std::optional<unsigned> argument_of(std::string_view call, std::string_view name) {
  const auto* found = std::find_if(kArguments.begin(), kArguments.end(), [&](const Argument& argument) {
    return argument.call == call && argument.name == name;
  });
  if (found == kArguments.end()) return std::nullopt;
  return found->index;
}

}  // namespace cellblock::nsjail
