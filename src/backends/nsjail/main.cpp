// cellblock-nsjailer: started by the server in the jailer's place, with the same descriptors: its control
// socket on 3, the jail specification on 4, the program of the jails on 5 and the writing end of its own kill
// switch on
// 6. Not meant to be started by hand.
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "backends/nsjail/keeper.hpp"
#include "jailer/host_setup.hpp"
#include "sandbox/cell_rules.hpp"

namespace cellblock::backends::nsjail {
namespace {

constexpr int kServer = 3;
constexpr int kSpec = 4;
constexpr int kProgramFile = 5;
constexpr int kKillSwitch = 6;

int fatal(std::string_view text) {
  protocol::ControlMessage message;
  message.kind = protocol::ControlKind::kZygoteDown;
  message.set_text(text);
  static_cast<void>(protocol::send_control(kServer, message));
  return 3;
}

int main_of_nsjailer() {
  const auto text = base::read_file(AT_FDCWD, "/proc/self/fd/" + std::to_string(kSpec));
  ::close(kSpec);
  auto spec = text ? sandbox::jail_spec_from_json(*text) : tl::make_unexpected(text.error());
  if (!spec) return fatal(spec.error().message());
  KeeperHandles host;
  host.server = base::Fd(kServer);
  host.program = base::Fd(kProgramFile);
  // Never written to from here; held, so that the server's death does not close it.
  const base::Fd kill_switch(kKillSwitch);
  for (const int fd : {kServer, kProgramFile, kKillSwitch}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  // Before the host's tree goes out of sight.
  host.nsjail = base::Fd(::open(spec->nsjail.c_str(), O_RDONLY | O_CLOEXEC));
  if (!host.nsjail.valid()) return fatal(base::errno_error("open " + spec->nsjail).value().message());
  host.proc = base::Fd(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!host.proc.valid()) return fatal(base::errno_error("open /proc").value().message());
  if (auto done = jailer::detach(); !done) return fatal(sandbox::describe(done.error()));
  auto tree = sandbox::make_cgroup_tree(spec->service_id, spec->cgroup_root);
  if (!tree) return fatal(tree.error().message());
  if (auto done = jailer::move_into_tree(*spec); !done) return fatal(sandbox::describe(done.error()));
  auto refusals = sandbox::cell_refusals(*spec);
  if (!refusals) return fatal(refusals.error().message());
  if ((*tree)->leaves_remains()) {
    auto sweeper = jailer::Sweeper::start();
    if (!sweeper) return fatal(sweeper.error().message());
    host.sweeper = std::move(*sweeper);
  }
  return Keeper(std::move(*spec), std::move(*refusals), std::move(host), **tree).run();
}

}  // namespace
}  // namespace cellblock::backends::nsjail

int main() {
  return cellblock::backends::nsjail::main_of_nsjailer();
}
