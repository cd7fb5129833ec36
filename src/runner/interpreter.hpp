// The embedded CPython of the zygote and its cells. Beside `heap` the only part that includes Python.h,
// and only in its source.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "heap/python_heap.hpp"
#include "protocol/display_frame.hpp"
#include "protocol/outcome_frame.hpp"
#include "protocol/run_frame.hpp"

namespace cellblock::runner {

class Interpreter {
 public:
  // Starts the interpreter of this process and imports `preload`, with its objects where `heap` has them;
  // `heap` must stay. Once per process; the process must have a single thread and stays so. An import that
  // fails is an error that names the module.
  static base::Result<std::unique_ptr<Interpreter>> start(const std::vector<std::string>& preload,
                                                          heap::PythonHeap& heap);
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  // Leaves the interpreter to the end of the process: finalising it costs time and serves nobody.
  ~Interpreter();

  // Versions of Python and of the libraries that are there, as a JSON object {"python": "3.11.2", …}; empty
  // when they can't be found out. Asked in a child, so that cells don't carry the modules which that takes.
  [[nodiscard]] std::string versions_json();

  // Through libc, whose hooks (OpenBLAS has some) a bare clone would leave out. As fork(): 0 in the child, -1
  // with errno on failure. The child must call after_fork() before anything else here.
  pid_t fork();

  // In the child: renews the random state that the fork copied and runs the hooks of preloaded libraries.
  // False when that fails: such a cell must not run a script.
  bool after_fork();

  // In a cell that has another working directory than the zygote's environment says: HOME and where temporary
  // files and caches go.
  bool use_directory(const std::string& path);

  // In a cell, before it takes a script: runs a throw-away script, so that the pages that it writes are
  // copied beforehand. kAlways is what every script needs and takes well under a millisecond; kIdle is what
  // scripts with numpy and pandas need and takes a few. Output goes to descriptors 1 and 2 as they are
  // then. False when even that fails.
  enum class Priming : unsigned char { kAlways, kIdle };
  bool prime(Priming priming);

  // In a cell: runs the script. Whatever the script does, this returns a claim or the process ends. `show`
  // takes each value that the script shows, if the request wishes that; it returns whether another may
  // follow, and throws nothing but std::bad_alloc.
  using Show = std::function<bool(std::vector<protocol::DisplayPart>)>;
  protocol::OutcomeClaim execute(const protocol::RunRequest& request, Show show);

 private:
  class State;
  explicit Interpreter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cellblock::runner
