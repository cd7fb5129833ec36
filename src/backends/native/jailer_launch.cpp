#include "backends/native/jailer_launch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <thread>
#include <utility>

#include "protocol/control.hpp"
#include "sandbox/step.hpp"

namespace cellblock::backends::native {
namespace {

namespace fs = std::filesystem;

// For all cells to be killed and reaped, and their cgroups removed.
constexpr auto kEndLimit = std::chrono::seconds(5);
// For a killed process to be gone. One that hangs in the kernel is left to init.
constexpr auto kKillLimit = std::chrono::seconds(1);

base::Result<std::string> find_helper(const std::string& name) {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return base::make_error("find this program's own path: " + error.message());
  for (const fs::path& directory :
       {self.parent_path(), self.parent_path() / ".." / "libexec" / "cellblock"}) {
    const fs::path candidate = directory / name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate.string();
  }
  return base::make_error("find the program " + name, "it belongs beside " + self.string());
}

// In the child: descriptors 0 to 6 and nothing else, an empty environment, then the jailer.
[[noreturn]] void become_jailer(const std::string& program, int control, int spec, int zygote,
                                int kill_switch) {
  const int high_control = ::fcntl(control, F_DUPFD, 64);
  const int high_spec = ::fcntl(spec, F_DUPFD, 64);
  const int high_zygote = ::fcntl(zygote, F_DUPFD, 64);
  const int high_switch = ::fcntl(kill_switch, F_DUPFD, 64);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const bool arranged = ::dup2(null, 0) == 0 && ::dup2(null, 1) == 1 && ::dup2(high_control, 3) == 3 &&
                        ::dup2(high_spec, 4) == 4 && ::dup2(high_zygote, 5) == 5 &&
                        ::dup2(high_switch, 6) == 6 && ::syscall(SYS_close_range, 7U, ~0U, 0) == 0;
  if (!arranged) ::_exit(120);
  std::string name = "cellblock-jailer";
  std::array<char*, 2> arguments = {name.data(), nullptr};
  // Nothing of the server's environment goes along: secrets of the operator's live there.
  std::array<char*, 1> environment = {nullptr};
  ::execve(program.c_str(), arguments.data(), environment.data());
  ::_exit(121);
}

// A copy in memory: /proc/self/exe and the maps of every script would else tell where the service is
// installed.
base::Result<base::Fd> open_program(const std::string& path) {
  const base::Fd source(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source.valid()) return base::errno_error("open " + path);
  constexpr unsigned kMayBeExecuted = 0x10;  // MFD_EXEC, which kernels before 6.3 don't know
  base::Fd copy(::memfd_create("cellblock-zygote", MFD_CLOEXEC | MFD_ALLOW_SEALING | kMayBeExecuted));
  if (!copy.valid()) copy = base::Fd(::memfd_create("cellblock-zygote", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy.valid()) return base::errno_error("create a memory file for " + path);
  // By the kernel: a second copy in this process is memory that a small cgroup may not have.
  constexpr std::size_t kAtOnce = std::size_t{1} << 30U;
  ssize_t copied = 1;
  while (copied > 0) copied = ::sendfile(copy.get(), source.get(), nullptr, kAtOnce);
  if (copied < 0) return base::errno_error("copy " + path + " into memory");
  // Every script can name it, as /proc/self/exe, but only the owner may open it: locks on it would be seen by
  // all.
  if (::fchmod(copy.get(), 0500) != 0) return base::errno_error("protect the copy of " + path);
  // Nobody changes it any more. And no program can be executed that is open for writing.
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  // Nor whether it can be executed: where cells are its owner's, a script could else see to it that no other
  // zygote ever starts. Kernels before 6.3 don't know this seal.
  constexpr int kSealExec = 0x20;
  if (::fcntl(copy.get(), F_ADD_SEALS, kSeals | kSealExec) != 0 &&
      ::fcntl(copy.get(), F_ADD_SEALS, kSeals) != 0) {
    return base::errno_error("seal the copy of " + path);
  }
  base::Fd program(::open(("/proc/self/fd/" + std::to_string(copy.get())).c_str(), O_RDONLY | O_CLOEXEC));
  if (!program.valid()) return base::errno_error("open the copy of " + path);
  return program;
}

std::string hint_for(sandbox::Step step) {
  switch (step) {
    case sandbox::Step::kUserNamespace:
    case sandbox::Step::kMountNamespace:
    case sandbox::Step::kFileTree:
      return "this host forbids namespaces to this user: run as root, or allow unprivileged user namespaces "
             "(sysctl kernel.unprivileged_userns_clone=1); 'cellblock doctor' tells more";
    case sandbox::Step::kUserIds:
      return "a service without namespaces, or 'cellblock run', has them already, and each would kill the "
             "other's "
             "cells: give this one another uid-base, 65536 away";
    default:
      return "'cellblock doctor' tells what this host lacks";
  }
}

// Waits for the word that one more zygote is up, or why it isn't.
base::Result<protocol::ControlMessage> wait_until_up(int control, std::chrono::milliseconds limit) {
  pollfd watched{control, POLLIN, 0};
  const int ready = ::poll(&watched, 1, static_cast<int>(limit.count()));
  if (ready == 0) return base::make_error("wait for a zygote for " + std::to_string(limit.count()) + " ms");
  const auto received = protocol::receive_control(control);
  if (!received) return tl::make_unexpected(received.error());
  if (!*received) return base::make_error("start the jailer: it ended without a word");
  const protocol::ControlMessage& message = (*received)->message;
  const auto step = static_cast<sandbox::Step>(message.step);
  switch (message.kind) {
    case protocol::ControlKind::kZygoteUp:
      return message;
    case protocol::ControlKind::kZygoteDown:
      return base::make_error(std::string(message.text_view()));
    default: {
      std::string what = "seal a cell: " + std::string(sandbox::step_name(step));
      if (!message.text_view().empty())
        return base::make_error(what + ": " + std::string(message.text_view()));
      return tl::make_unexpected(base::Error{what, message.code, hint_for(step)});
    }
  }
}

// A pipe whose reading end sends SIGKILL to the jailer when a byte comes. The kernel checks the right to do
// so against the user id of this moment: it works when the server has given up root and could not kill any
// more. Being bound to the process and not to its number, it can't hit another one. The jailer holds the
// writing end as well: else the server's death would close it, which counts as a byte, and a jailer that is
// killed then can't clean up.
base::Result<void> arm_kill_switch(JailerProcess& jailer) {
  const base::FdPair& pipe = jailer.kill_switch;
  const f_owner_ex owner{F_OWNER_PID, jailer.pid};
  // Whom, with what, and from now on.
  if (::fcntl(pipe.first.get(), F_SETOWN_EX, &owner) != 0 ||
      ::fcntl(pipe.first.get(), F_SETSIG, SIGKILL) != 0 ||
      ::fcntl(pipe.first.get(), F_SETFL, O_ASYNC | O_NONBLOCK) != 0) {
    return base::errno_error("arm the jailer's kill switch");
  }
  return {};
}

bool ended_within(pid_t pid, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const pid_t reaped = ::waitpid(pid, nullptr, WNOHANG);
    if (reaped == pid || (reaped < 0 && errno == ECHILD)) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

base::Result<JailerProcess> launch_jailer(const sandbox::JailSpec& spec, std::chrono::milliseconds limit) {
  const auto program = find_helper(spec.nsjail.empty() ? "cellblock-jailer" : "cellblock-nsjailer");
  if (!program) return tl::make_unexpected(program.error());
  const auto zygote_path = find_helper("cellblock-zygote");
  if (!zygote_path) return tl::make_unexpected(zygote_path.error());
  const auto zygote = open_program(*zygote_path);
  if (!zygote) return tl::make_unexpected(zygote.error());
  // Root without the rights of root, as in a container: the jailer takes another uid before its own
  // namespace, and only its owner may execute the copy.
  const bool gives_root_up = ::geteuid() == 0 && spec.walls.namespaces && !spec.walls.host_admin;
  if (gives_root_up && ::fchown(zygote->get(), spec.uid_of_all(), spec.uid_of_all()) != 0) {
    return base::errno_error("give the copy of " + *zygote_path + " to uid " +
                             std::to_string(spec.uid_of_all()));
  }
  auto sockets = base::make_socketpair(SOCK_STREAM);
  if (!sockets) return tl::make_unexpected(sockets.error());
  const base::Fd spec_file(::memfd_create("spec", MFD_CLOEXEC));
  if (!spec_file.valid()) return base::errno_error("create a memory file");
  if (auto written = base::write_all(spec_file.get(), sandbox::to_json(spec)); !written) {
    return tl::make_unexpected(written.error());
  }
  ::lseek(spec_file.get(), 0, SEEK_SET);
  auto kill_switch = base::make_pipe();
  if (!kill_switch) return tl::make_unexpected(kill_switch.error());
  const pid_t pid = ::fork();
  if (pid < 0) return base::errno_error("fork the jailer");
  if (pid == 0) {
    become_jailer(*program, sockets->second.get(), spec_file.get(), zygote->get(), kill_switch->second.get());
  }
  sockets->second.reset();
  JailerProcess jailer;
  jailer.pid = pid;
  jailer.control = std::move(sockets->first);
  jailer.kill_switch = std::move(*kill_switch);
  if (auto armed = arm_kill_switch(jailer); !armed) {
    end_jailer(jailer);
    return tl::make_unexpected(armed.error());
  }
  for (std::size_t pool = 0; pool < spec.preload.size(); ++pool) {
    const auto up = wait_until_up(jailer.control.get(), limit);
    if (!up) {
      end_jailer(jailer);
      return tl::make_unexpected(up.error());
    }
    // The last pool's zygote has most of the libraries.
    if (up->pool + 1 == spec.preload.size()) jailer.versions_json = std::string(up->text_view());
  }
  return jailer;
}

void end_jailer(JailerProcess& jailer) {
  jailer.control.reset();
  if (jailer.pid < 0) return;
  if (!ended_within(jailer.pid, kEndLimit)) {
    // It has had its time. Its own death kills the zygote and every cell (PDEATHSIG).
    static_cast<void>(base::write_all(jailer.kill_switch.second.get(), "x"));
    static_cast<void>(ended_within(jailer.pid, kKillLimit));
  }
  jailer.pid = -1;
}

}  // namespace cellblock::backends::native
