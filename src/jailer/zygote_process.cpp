#include "jailer/zygote_process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

namespace cellblock::jailer {
namespace {

using sandbox::Step;
using sandbox::step_failed;

// All that a script finds in its environment unless an operator says otherwise, and why. Names and values are
// in config/cell_variables.cpp too, which knows what an operator may say.
constexpr std::array<const char*, 12> kEnvironment = {
    "PATH=/usr/bin:/bin",
    "HOME=/tmp",  // the only writable place
    "TMPDIR=/tmp", "USER=script", "LOGNAME=script", "LANG=C.UTF-8", "TZ=UTC",
    // The zygote must stay single-threaded to be forked.
    "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1",
    // No display; and its caches go to a hidden place in /tmp.
    "MPLBACKEND=Agg", "MPLCONFIGDIR=/tmp/.config/matplotlib"};

// The zygote's descriptors while a cell is forked: three standard ones, control, specification, and the
// program while exec reads it.
constexpr int kControl = 3;
constexpr int kSpec = 4;
constexpr int kProgram = 5;

[[noreturn]] void become_zygote(int program, int control, int spec, const std::vector<char*>& environment) {
  // Out of the way first, so that no dup2 overwrites a descriptor that is still needed.
  const int high_program = ::fcntl(program, F_DUPFD, 64);
  const int high_control = ::fcntl(control, F_DUPFD, 64);
  const int high_spec = ::fcntl(spec, F_DUPFD, 64);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const bool arranged =
      ::dup2(null, 0) == 0 && ::dup2(null, 1) == 1 && ::dup2(high_control, kControl) == kControl &&
      ::dup2(high_spec, kSpec) == kSpec && ::dup2(high_program, kProgram) == kProgram &&
      ::fcntl(kProgram, F_SETFD, FD_CLOEXEC) == 0 && ::syscall(SYS_close_range, kProgram + 1, ~0U, 0) == 0;
  // The zygote never outlives the jailer, whatever kills it.
  if (!arranged || ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) ::_exit(120);
  // The jailer blocks signals that its loop reads; a mask survives exec.
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // As do ignored signals: what the jailer ignores must end a script as it ends any program.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);
  // Where cells are its owner's, a script may have changed this, as /proc/self/exe. The owner's alone to
  // open.
  static_cast<void>(::fchmod(kProgram, 0500));
  std::string name = "cellblock-zygote";
  std::array<char*, 2> arguments = {name.data(), nullptr};
  ::syscall(SYS_execveat, kProgram, "", arguments.data(), environment.data(), AT_EMPTY_PATH);
  ::_exit(121);
}

}  // namespace

std::vector<std::string> cell_environment(const sandbox::JailSpec& spec) {
  std::vector<std::string> variables(kEnvironment.begin(), kEnvironment.end());
  for (const std::string& variable : spec.environment) {
    const std::string begin = variable.substr(0, variable.find('=') + 1);
    // Of two with one name a program sees either.
    std::erase_if(variables, [&begin](const std::string& other) { return other.starts_with(begin); });
    variables.push_back(variable);
  }
  return variables;
}

tl::expected<ZygoteProcess, sandbox::StepFailure> start_zygote(int program,
                                                               const sandbox::JailSpec& zygotes_spec) {
  const std::string spec_json = sandbox::to_json(zygotes_spec);
  std::vector<std::string> variables = cell_environment(zygotes_spec);
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  auto sockets = base::make_socketpair(SOCK_STREAM);
  const base::Fd spec(::memfd_create("spec", MFD_CLOEXEC));
  if (!sockets || !spec.valid() || !base::write_all(spec.get(), spec_json) ||
      ::lseek(spec.get(), 0, SEEK_SET) != 0) {
    return step_failed(Step::kStartZygote);
  }
  // A plain fork: the jailer is small and single-threaded, and the child execs at once.
  const pid_t pid = ::fork();
  if (pid < 0) return step_failed(Step::kStartZygote);
  if (pid == 0) become_zygote(program, sockets->second.get(), spec.get(), environment);
  return ZygoteProcess{pid, std::move(sockets->first)};
}

}  // namespace cellblock::jailer
