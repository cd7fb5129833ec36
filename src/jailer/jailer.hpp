// The jailer's loop: makes cells at the server's word, ends them, and keeps the zygotes alive.
//
//   Spawn ─▶ [waiting] ─slot─▶ furnishing ─report─▶ forking ─Forked─▶ running ─Reaped─▶ ending ─▶ gone
//
// A cell is over when its interpreter's process is reaped (by the zygote, its parent) and its first process
// is dead, which the kernel lets happen only after everything in the pid namespace is. Then, and only
// then, its slot is free again.
//
// A zygote serves its pool until it dies or, at the server's word, another takes its place:
//
//   starting ─up─▶ serving ─successor is up─▶ leaving ─its last cell is gone─▶ ends
//
// So a pool is never without one while it is renewed. It has three at no time: none is renewed while another
// is leaving.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/stopwatch.hpp"
#include "jailer/first_process.hpp"
#include "jailer/slot_trees.hpp"
#include "jailer/slots.hpp"
#include "jailer/sweeper.hpp"
#include "jailer/zygote_process.hpp"
#include "protocol/control.hpp"
#include "sandbox/jail_spec.hpp"

namespace cellblock::jailer {

// What the jailer holds of the host; opened before the host's tree goes out of sight.
struct HostHandles {
  base::Fd server;                   // control socket
  base::Fd proc;                     // the jailer's own /proc
  base::Fd zygote_program;           // executable
  std::unique_ptr<Sweeper> sweeper;  // none where slots leave nothing to sweep
  std::unique_ptr<ChildDescriptors> low;
};

class Jailer {
 public:
  // `refusals` are those of the filter that the zygote loads in cells.
  Jailer(sandbox::JailSpec spec, sandbox::Refusals refusals, HostHandles host, sandbox::CgroupTree& tree);
  // Runs until the server is gone or the first zygote can't be started; then ends every cell. Returns the
  // process's exit code.
  int run();

 private:
  static constexpr std::uint64_t kNoZygote = 0;
  // For the answer to a fork, which takes milliseconds.
  static constexpr std::chrono::seconds kAnswerLimit{5};

  struct Cell {
    std::uint64_t id = 0;
    std::uint32_t slot = 0;
    std::size_t pool = 0;
    std::uint64_t zygote = kNoZygote;  // that was asked to fork it
    std::uint32_t unprimed = 0;
    FirstProcess first;
    pid_t pid = -1;                  // of the interpreter's process
    std::vector<base::Fd> channels;  // socket, stdout, stderr, until the zygote has them
    base::Fd channel;                // the server's end of the socket, until it has it
    base::Stopwatch steps;
    std::uint32_t namespaces_us = 0;
    std::uint32_t mounts_us = 0;
    bool announced = false;  // the server knows that it lives or that it failed
    bool reaped = false;
    bool first_gone = false;
    bool lost = false;
    std::optional<base::Stopwatch> ending;  // since its end has begun
    std::int32_t status = 0;
    std::uint64_t cpu_us = 0;
  };

  struct Zygote {
    std::size_t pool = 0;
    ZygoteProcess process;
    bool up = false;
    bool leaving = false;  // another serves the pool, or it was no use
    // When it has to have given an answer that it owes; empty when it owes none.
    std::optional<std::chrono::steady_clock::time_point> answer_until;
    std::size_t asked = 0;  // forks that it has not answered
  };

  struct Pool {
    std::uint64_t serving = kNoZygote;
    std::uint64_t successor = kNoZygote;  // is starting to take its place
    std::chrono::milliseconds restart_delay{0};
    std::chrono::steady_clock::time_point restart_at;
  };

  tl::expected<std::uint64_t, sandbox::StepFailure> start_zygote(std::size_t pool);
  // Milliseconds until the next restart; -1 when none is due.
  int restart_zygotes();
  // Kills a zygote that does not answer: somebody has stopped it, or the kernel holds it.
  void end_hung_zygotes();
  // Starts another zygote for the pool, at the server's word.
  void renew(std::size_t pool);
  void renewed(std::size_t pool, std::string_view failure = {});
  void on_zygote_up(std::uint64_t number, Zygote& zygote, const protocol::ControlMessage& message);
  // Ends one that is leaving and has no cells any more.
  void let_go(std::uint64_t number);
  [[nodiscard]] Zygote* serving(std::size_t pool);
  void on_server();
  void on_zygote(std::uint64_t number);
  void on_children();
  void on_report(Cell& cell);
  void on_forked(Cell& cell, protocol::ControlMessage message);
  void on_reaped(Cell& cell, const protocol::ControlMessage& message);
  void on_first_gone(Cell& cell);
  void on_zygote_dead(std::uint64_t number);
  // Tells the server and sets the time of the next attempt.
  void zygote_is_down(std::size_t pool, std::string_view why);

  void spawn_waiting();
  tl::expected<FirstProcess, sandbox::StepFailure> make_first(std::uint32_t slot);
  void limit(const protocol::ControlMessage& request);
  // For a cell that has not come into being; fail_spawn for one that has.
  void refuse(std::uint64_t id, sandbox::StepFailure failure);
  void fail_spawn(Cell& cell, sandbox::StepFailure failure);
  void end(Cell& cell) const;
  [[nodiscard]] bool sweep_after_warden(const Cell& cell) const;
  void finish_if_over(std::uint64_t id);
  void end_everything();

  Cell* find(std::uint64_t id);
  // What an epoll event is about. The server is number 0 of the first kind, which no zygote has.
  enum class Watched : std::uint64_t { kServerOrZygote, kChildren, kReport, kFirstProcess, kSweeper };
  void watch(int fd, Watched what, std::uint64_t id);
  void wait_and_dispatch(int timeout_ms);
  void tell(const protocol::ControlMessage& message, std::span<const int> fds = {}) const;

  sandbox::JailSpec spec_;
  sandbox::Refusals refusals_;
  HostHandles host_;
  Slots slots_;
  SlotTrees trees_;
  base::Fd epoll_;
  base::Fd children_;  // signalfd for SIGCHLD
  std::map<std::uint64_t, Zygote> zygotes_;
  std::uint64_t next_zygote_ = kNoZygote + 1;
  std::vector<Pool> pools_;
  bool server_gone_ = false;
  std::map<std::uint64_t, Cell> cells_;
  std::deque<protocol::Received> waiting_;
};

}  // namespace cellblock::jailer
