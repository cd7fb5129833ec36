#include "jailer/kill_by_uid.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <functional>
#include <memory>
#include <string>

#include "base/fd.hpp"

namespace cellblock::jailer {
namespace {

// A kill of "everything that this process may signal" with any right left would reach the whole host.
bool is_nothing_but(uid_t uid) {
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  if (uid == 0 || ::getresuid(&real, &effective, &saved) != 0) return false;
  if (real != uid || effective != uid || saved != uid) return false;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  return sets[0].effective == 0 && sets[1].effective == 0;
}

[[noreturn]] void become_and_kill(uid_t uid) {
  const bool changed =
      ::setgroups(0, nullptr) == 0 && ::setresgid(uid, uid, uid) == 0 && ::setresuid(uid, uid, uid) == 0;
  if (changed && is_nothing_but(uid)) ::kill(-1, SIGKILL);
  ::_exit(0);
}

pid_t number(const char* text) {
  const std::string_view name(text);
  pid_t pid = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  return error == std::errc() && end == name.data() + name.size() ? pid : -1;
}

// Whether `matches` holds for the stat or status text of any process that is not yet dead.
bool any_process(const std::function<bool(pid_t)>& matches) {
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), ::closedir);
  // Unknown counts as left: the caller tries again.
  if (!processes) return true;
  bool found = false;
  while (const dirent* entry = ::readdir(processes.get())) {
    if (const pid_t pid = number(entry->d_name); pid > 0 && matches(pid)) found = true;
  }
  return found;
}

bool runs_as(pid_t pid, uid_t uid) {
  const auto status = base::read_file(AT_FDCWD, "/proc/" + std::to_string(pid) + "/status");
  if (!status || status->find("\nState:\tZ") != std::string::npos) return false;
  const auto line = status->find("\nUid:\t");
  return line != std::string::npos &&
         status->compare(line + 6, std::to_string(uid).size() + 1, std::to_string(uid) + "\t") == 0;
}

}  // namespace

bool kill_uid(uid_t uid) {
  const pid_t killer = ::fork();
  if (killer == 0) become_and_kill(uid);
  // The killer may itself be killed, by a process of the cell: the next sweep goes on.
  if (killer > 0) ::waitpid(killer, nullptr, 0);
  return any_process([uid](pid_t pid) { return runs_as(pid, uid); });
}

bool kill_session(pid_t leader) {
  if (leader <= 0) return false;
  return any_process([leader](pid_t pid) {
    if (::getsid(pid) != leader || ::kill(pid, 0) != 0) return false;
    const auto stat = base::read_file(AT_FDCWD, "/proc/" + std::to_string(pid) + "/stat");
    if (!stat || stat->find(") Z ") != std::string::npos) return false;
    ::kill(pid, SIGKILL);
    return true;
  });
}

}  // namespace cellblock::jailer
