// cellblock-zygote: started by the jailer inside the read-only tree, with its control socket on descriptor 3
// and the jail specification on 4; or by nsjail, as protocol/in_jail.hpp says. Not meant to be started by
// hand.
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "heap/python_heap.hpp"
#include "protocol/in_jail.hpp"
#include "runner/interpreter.hpp"
#include "sandbox/cell_rules.hpp"
#include "sandbox/jail_spec.hpp"
#include "zygote/huge_code.hpp"
#include "zygote/in_jail.hpp"
#include "zygote/layouts.hpp"
#include "zygote/zygote.hpp"

namespace cellblock::zygote {
namespace {

constexpr int kJailer = 3;
constexpr int kSpec = 4;

int give_up(int jailer, const base::Error& error) {
  protocol::ControlMessage message;
  message.kind = protocol::ControlKind::kZygoteDown;
  message.set_text(error.message());
  static_cast<void>(protocol::send_control(jailer, message));
  return 1;
}

int main_of_zygote() {
  // Else the kernel names it after the descriptor that it was started from.
  ::prctl(PR_SET_NAME, "cellblock-zygote", 0, 0, 0);
  // When memory runs out, before the server and the jailer, since it can be started again, and after every
  // script. Where that is not to be had, the kernel chooses by size.
  static_cast<void>(base::write_file(AT_FDCWD, "/proc/self/oom_score_adj", "500"));
  base::Fd jailer(kJailer);
  ::fcntl(kJailer, F_SETFD, FD_CLOEXEC);
  const auto text = base::read_file(AT_FDCWD, "/proc/self/fd/" + std::to_string(kSpec));
  ::close(kSpec);
  auto spec = text ? sandbox::jail_spec_from_json(*text) : tl::make_unexpected(text.error());
  if (!spec) return give_up(jailer.get(), spec.error());
  auto program = sandbox::cell_program(*spec, spec->listening == sandbox::Listening::kNone
                                                  ? sandbox::Refusing::kByErrno
                                                  : sandbox::Refusing::kByNotice);
  if (!program) return give_up(jailer.get(), program.error());
  const std::vector<std::string> modules =
      spec->preload.empty() ? std::vector<std::string>{} : spec->preload.front();
  use_huge_pages_for_code();
  const auto heap = heap::PythonHeap::placing(layout_for(modules));
  const auto interpreter = runner::Interpreter::start(modules, *heap);
  if (!interpreter) return give_up(jailer.get(), interpreter.error());
  protocol::ControlMessage up;
  up.kind = protocol::ControlKind::kZygoteUp;
  up.set_text((*interpreter)->versions_json());
  if (!protocol::send_control(jailer.get(), up)) return 1;
  sandbox::CellFilter filter{std::move(*program), spec->listening};
  return Zygote(std::move(jailer), **interpreter, std::move(filter), std::move(*spec)).run();
}

}  // namespace
}  // namespace cellblock::zygote

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == cellblock::protocol::kInJail)
    return cellblock::zygote::live_in_jail();
  return cellblock::zygote::main_of_zygote();
}
