#include "backends/nsjail/jail_process.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <utility>

#include "backends/nsjail/jail_config.hpp"
#include "protocol/in_jail.hpp"

namespace cellblock::backends::nsjail {
namespace {

using sandbox::Step;
using sandbox::step_failed;

constexpr int kNsjail = kLog + 1;

base::Fd memory_file(const char* name, std::string_view text) {
  base::Fd file(::memfd_create(name, MFD_CLOEXEC));
  if (!file.valid() || !base::write_all(file.get(), text) || ::lseek(file.get(), 0, SEEK_SET) != 0) return {};
  return file;
}

// Each to its number, out of the way first, so that none overwrites another.
bool arrange(const std::vector<std::pair<int, int>>& wanted) {
  std::vector<std::pair<int, int>> high;
  for (const auto& [fd, number] : wanted) {
    if (fd < 0) {
      ::close(number);
      continue;
    }
    high.emplace_back(::fcntl(fd, F_DUPFD, 64), number);
  }
  for (const auto& [fd, number] : high) {
    if (fd < 0 || ::dup2(fd, number) != number) return false;
  }
  return ::fcntl(kNsjail, F_SETFD, FD_CLOEXEC) == 0 && ::syscall(SYS_close_range, kNsjail + 1, ~0U, 0) == 0;
}

// nsjail needs an empty directory to build on, which only it and its child see.
bool make_room_for_a_root() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount("room", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,nr_inodes=16,mode=1777") == 0;
}

[[noreturn]] void become_nsjail(const JailInput& input, int line, int spec, int config, int log) {
  // No jail outlives the keeper: nsjail's child dies with nsjail.
  bool ready = ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0;
  // First of all, so that everything in the jail is counted.
  for (const int procs : input.cgroup_procs) ready = ready && ::write(procs, "0", 1) == 1;
  ready = ready && make_room_for_a_root();
  // What the keeper ignores must end a script as it ends any program.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
  const base::Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ready = ready && arrange({{null.get(), 0},
                            {null.get(), 1},
                            {null.get(), 2},
                            {line, protocol::kJailLine},
                            {spec, protocol::kJailSpec},
                            {input.channel, protocol::kJailChannel},
                            {input.out, protocol::kJailOut},
                            {input.err, protocol::kJailErr},
                            {input.supervisor, protocol::kJailSupervisor},
                            {config, kConfig},
                            {input.program, kProgram},
                            {log, kLog},
                            {input.nsjail, kNsjail}});
  if (!ready) ::_exit(120);
  std::string name = "nsjail";
  std::string option = "--config";
  std::string file = "/proc/self/fd/" + std::to_string(kConfig);
  std::array<char*, 4> arguments = {name.data(), option.data(), file.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  ::syscall(SYS_execveat, kNsjail, "", arguments.data(), environment.data(), AT_EMPTY_PATH);
  ::_exit(121);
}

}  // namespace

tl::expected<JailProcess, sandbox::StepFailure> start_jail(const JailInput& input) {
  auto line = base::make_socketpair(SOCK_STREAM);
  auto log = base::make_pipe();
  const base::Fd spec = memory_file("spec", input.spec);
  const base::Fd config = memory_file("config", input.config);
  if (!line || !log || !spec.valid() || !config.valid()) return step_failed(Step::kDescriptors);
  JailProcess process;
  process.pid = ::fork();
  if (process.pid < 0) return step_failed(Step::kClone);
  if (process.pid == 0) become_nsjail(input, line->second.get(), spec.get(), config.get(), log->second.get());
  // Sound after the fork: the keeper reaps its children itself, so the pid is still this one's.
  process.pidfd = base::Fd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!process.pidfd.valid()) {
    const auto failed = step_failed(Step::kClone);
    // Nobody could end it later.
    ::kill(process.pid, SIGKILL);
    ::waitpid(process.pid, nullptr, 0);
    return failed;
  }
  process.line = std::move(line->first);
  process.log = std::move(log->first);
  // A script must not be able to make the keeper wait.
  ::fcntl(process.log.get(), F_SETFL, O_NONBLOCK);
  return process;
}

base::Result<base::Fd> copy_program(int program, uid_t uid) {
  constexpr unsigned kMayBeExecuted = 0x10;  // MFD_EXEC, which kernels before 6.3 don't know
  base::Fd copy(::memfd_create("cellblock-zygote", MFD_CLOEXEC | kMayBeExecuted));
  if (!copy.valid()) copy = base::Fd(::memfd_create("cellblock-zygote", MFD_CLOEXEC));
  struct stat about {};
  off_t from = 0;
  bool done = copy.valid() && ::fstat(program, &about) == 0;
  while (done && from < about.st_size) {
    done = ::sendfile(copy.get(), program, &from, static_cast<std::size_t>(about.st_size - from)) > 0;
  }
  if (!done || ::fchmod(copy.get(), 0500) != 0 || ::fchown(copy.get(), uid, uid) != 0)
    return base::errno_error("copy the program of a jail");
  // No program can be executed that is open for writing.
  base::Fd readable(::open(("/proc/self/fd/" + std::to_string(copy.get())).c_str(), O_RDONLY | O_CLOEXEC));
  if (!readable.valid()) return base::errno_error("open the copy of a jail's program");
  return readable;
}

}  // namespace cellblock::backends::nsjail
