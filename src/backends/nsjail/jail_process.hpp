// Starts one nsjail: in the slot's cgroup and file tree, with its configuration and with what the jail's
// first process is to find open.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/step.hpp"

namespace cellblock::backends::nsjail {

// What goes in. All descriptors are borrowed, and may be closed afterwards.
struct JailInput {
  int nsjail = -1;   // the program that makes jails
  int program = -1;  // the one that is to run in this jail
  std::string config;
  std::string spec;
  std::vector<int> cgroup_procs;
  int channel = -1;
  int out = -1;
  int err = -1;
  int supervisor = -1;  // -1 when refused calls are not explained
};

struct JailProcess {
  pid_t pid = -1;  // nsjail's
  base::Fd pidfd;
  base::Fd line;  // to the jail's first process, see protocol/in_jail.hpp
  base::Fd log;   // what nsjail says; does not block
};

// The calling process is single-threaded, and in the tree that the jail is to show.
tl::expected<JailProcess, sandbox::StepFailure> start_jail(const JailInput& input);

// A copy of the program for one jail alone, which only `uid` may open: a lock that a script takes on its
// /proc/self/exe reaches nobody else.
base::Result<base::Fd> copy_program(int program, uid_t uid);

}  // namespace cellblock::backends::nsjail
