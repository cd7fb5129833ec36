// Has the kernel give back what ended cells have left charged to their cgroups. That takes seconds where a
// script has made it remember many names or pages, and the jailer's loop must not wait for it: a process
// beside the jailer does. The slots have other tenants meanwhile.
#pragma once

#include <sys/types.h>

#include <deque>
#include <memory>

#include "base/error.hpp"
#include "base/fd.hpp"
#include "sandbox/cgroup.hpp"

namespace cellblock::jailer {

class Sweeper {
 public:
  // Starts the process, without rights and with its end of a socket alone. It ends with the caller, which is
  // single-threaded.
  static base::Result<std::unique_ptr<Sweeper>> start();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;
  // Ends the process, then removes what it has not got to.
  ~Sweeper();

  // Takes over; never waits. With too many before it, or without its process, the directory is removed at
  // once, and the kernel takes back what was in it when it needs the memory.
  void sweep(std::unique_ptr<sandbox::CgroupRemains> remains);
  // To be called when answers() is readable; -1 when nothing will ever come.
  [[nodiscard]] int answers() const { return line_.get(); }
  void on_answers();
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  static constexpr std::size_t kMostWaiting = 64;

 private:
  Sweeper(base::Fd line, base::Fd process) : line_(std::move(line)), process_(std::move(process)) {}
  void end_process();

  base::Fd line_;
  base::Fd process_;  // pidfd
  // In the order in which they were sent and are answered.
  std::deque<std::unique_ptr<sandbox::CgroupRemains>> waiting_;
};

}  // namespace cellblock::jailer
