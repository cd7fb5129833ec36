// The fork server: a single-threaded process with the interpreter and its libraries loaded. It reads
// messages of the jailer only, never a byte from a cell, and has nothing secret in its memory.
#pragma once

#include <vector>

#include "base/fd.hpp"
#include "protocol/control.hpp"
#include "runner/interpreter.hpp"
#include "sandbox/cell_setup.hpp"
#include "sandbox/jail_spec.hpp"

namespace cellblock::zygote {

class Zygote {
 public:
  Zygote(base::Fd jailer, runner::Interpreter& interpreter, sandbox::CellFilter filter,
         sandbox::JailSpec spec);
  // Serves until the jailer is gone. Returns the process's exit code.
  int run();

 private:
  void on_jailer();
  void on_children();
  void fork_cell(protocol::Received request);
  void tell(const protocol::ControlMessage& message);

  base::Fd jailer_;
  base::Fd children_;  // signalfd for SIGCHLD
  runner::Interpreter* interpreter_;
  sandbox::CellFilter filter_;
  sandbox::JailSpec spec_;
  std::vector<std::pair<pid_t, std::uint64_t>> cells_;  // of running interpreters, few enough to search
  bool jailer_gone_ = false;
};

}  // namespace cellblock::zygote
