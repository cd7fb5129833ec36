// cellblock-jailer: started by the server, with its control socket on descriptor 3, the jail specification on
// 4, the zygote's program on 5 and the writing end of its own kill switch on 6. Builds the read-only tree,
// moves into it, and makes cells. Not meant to be started by hand.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

#include "jailer/host_setup.hpp"
#include "jailer/jailer.hpp"
#include "jailer/zygote_program.hpp"
#include "sandbox/cell_rules.hpp"
#include "sandbox/no_cgroup.hpp"

namespace cellblock::jailer {
namespace {

using sandbox::Step;
using sandbox::StepResult;

constexpr int kServer = 3;
constexpr int kSpec = 4;
constexpr int kProgram = 5;
constexpr int kKillSwitch = 6;
// First processes that have not reported yet; the engine asks for a few cells of each pool at once.
constexpr std::size_t kChildrenAtOnce = 16;
// Argument of the second start, inside the jailer's own user namespace.
constexpr const char* kInside = "inside";

int fatal(Step step, int code, std::string_view text) {
  protocol::ControlMessage message;
  message.kind = protocol::ControlKind::kFatal;
  message.step = static_cast<std::uint32_t>(step);
  message.code = code;
  message.set_text(text);
  static_cast<void>(protocol::send_control(kServer, message));
  return 3;
}

int fatal(const sandbox::StepFailure& failure) {
  return fatal(failure.step, failure.code, "");
}

// Returns only when it fails.
StepResult start_again_inside() {
  std::string name = "cellblock-jailer";
  std::string inside = kInside;
  std::array<char*, 3> arguments = {name.data(), inside.data(), nullptr};
  std::array<char*, 1> environment = {nullptr};
  // The same program, with its descriptors, as a process whose memory belongs to the new user namespace.
  ::execve("/proc/self/exe", arguments.data(), environment.data());
  return sandbox::step_failed(Step::kUserNamespace);
}

int serve(sandbox::JailSpec spec) {
  HostHandles host;
  host.server = base::Fd(kServer);
  host.zygote_program = base::Fd(kProgram);
  ::fcntl(kServer, F_SETFD, FD_CLOEXEC);
  ::fcntl(kProgram, F_SETFD, FD_CLOEXEC);
  // Never written to from here; held, so that the server's death does not close it.
  const base::Fd kill_switch(kKillSwitch);
  ::fcntl(kKillSwitch, F_SETFD, FD_CLOEXEC);
  ::close(kSpec);
  auto low = ChildDescriptors::reserve(kChildrenAtOnce);
  if (!low) return fatal(low.error());
  host.low = std::move(*low);
  auto tree = spec.walls.cgroups ? sandbox::make_cgroup_tree(spec.service_id, spec.cgroup_root)
                                 : sandbox::make_no_cgroup();
  if (!tree) return fatal(Step::kCgroupRoot, tree.error().code, tree.error().message());
  host.proc = base::Fd(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!host.proc.valid()) return fatal(Step::kHostHandles, errno, "open /proc");
  if (auto done = spec.walls.namespaces ? move_into_tree(spec) : prepare_work_root(spec); !done)
    return fatal(done.error());
  base::Fd user_ids;
  if (spec.walls.own_uid && !spec.walls.namespaces) {
    auto claim = claim_user_ids(spec);
    if (!claim) return fatal(claim.error());
    user_ids = std::move(*claim);
  }
  if (spec.walls.namespaces) {
    auto program = out_of_reach(std::move(host.zygote_program));
    if (!program) return fatal(program.error());
    host.zygote_program = std::move(*program);
  }
  auto refusals = sandbox::cell_refusals(spec);
  if (!refusals) return fatal(Step::kHostHandles, 0, refusals.error().message());
  if ((*tree)->leaves_remains()) {
    // In the read-only tree, with nothing of the host in sight.
    auto sweeper = Sweeper::start();
    if (!sweeper) return fatal(Step::kHostHandles, sweeper.error().code, sweeper.error().message());
    host.sweeper = std::move(*sweeper);
  }
  const std::string work_root = spec.work_root;
  const int code = Jailer(std::move(spec), std::move(*refusals), std::move(host), **tree).run();
  // The slots' directories are gone with their cells.
  if (!work_root.empty()) ::rmdir(work_root.c_str());
  return code;
}

int main_of_jailer(bool inside) {
  const auto text = base::read_file(AT_FDCWD, "/proc/self/fd/" + std::to_string(kSpec));
  auto spec = text ? sandbox::jail_spec_from_json(*text) : tl::make_unexpected(text.error());
  if (!spec) return fatal(Step::kHostHandles, spec.error().code, spec.error().message());
  if (!inside) {
    if (auto done = detach(); !done) return fatal(done.error());
    if (spec->walls.namespaces && !spec->walls.host_admin) {
      if (auto done = rule_own_namespace(*spec); !done) return fatal(done.error());
      return fatal(start_again_inside().error());
    }
  }
  return serve(std::move(*spec));
}

}  // namespace
}  // namespace cellblock::jailer

int main(int argc, char** argv) {
  return cellblock::jailer::main_of_jailer(argc > 1 &&
                                           std::string_view(argv[1]) == cellblock::jailer::kInside);
}
