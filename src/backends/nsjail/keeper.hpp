// The jailer of this backend: has nsjail make jails at the server's word, ends them, and tells the server
// what the jailer tells it of its cells, in the same messages.
//
//   Spawn ─▶ [waiting] ─slot─▶ starting ─kForked─▶ running ─kReaped, Kill─▶ ending ─▶ gone
//
// A jail is over when nsjail and everything in the pid namespace have ended. Then, and only then, its slot is
// free again.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/nsjail/jail.hpp"
#include "jailer/slot_trees.hpp"
#include "jailer/slots.hpp"
#include "jailer/sweeper.hpp"
#include "protocol/control.hpp"
#include "sandbox/jail_spec.hpp"
#include "sandbox/refusals.hpp"

namespace cellblock::backends::nsjail {

struct KeeperHandles {
  base::Fd server;   // control socket
  base::Fd proc;     // the keeper's own /proc
  base::Fd program;  // of the jails
  base::Fd nsjail;
  std::unique_ptr<jailer::Sweeper> sweeper{};  // none where slots leave nothing to sweep
};

class Keeper {
 public:
  Keeper(sandbox::JailSpec spec, sandbox::Refusals refusals, KeeperHandles host, sandbox::CgroupTree& tree);
  // Tries a jail of each pool, then serves until the server is gone; then ends every jail. Returns the
  // process's exit code.
  int run();

 private:
  // One jail as far as its seal, which is then ended: what the host or nsjail refuses is known before the
  // first request. False when the server has been told why not.
  bool try_pool(std::size_t pool);
  tl::expected<std::string, std::string> seal_one(Jail& jail);

  void on_server();
  void on_line(Jail& jail);
  void take_first(Jail& jail, std::vector<base::Fd> fds) const;
  void on_gone(std::uint64_t id);
  void limit(const protocol::ControlMessage& request);

  void spawn_waiting();
  tl::expected<Jail, sandbox::StepFailure> make(std::uint32_t slot, std::size_t pool, int out, int err);
  void announce(Jail& jail);
  void refuse(std::uint64_t id, sandbox::StepFailure failure);
  void wait_and_dispatch();
  void end_everything();
  void tell(const protocol::ControlMessage& message, std::span<const int> fds = {}) const;
  [[nodiscard]] std::uint32_t uid_of(const Jail& jail) const { return spec_.uid_base + jail.slot; }

  sandbox::JailSpec spec_;
  sandbox::Refusals refusals_;
  KeeperHandles host_;
  jailer::Slots slots_;
  jailer::SlotTrees trees_;
  std::string outside_;  // the keeper's namespaces
  bool server_gone_ = false;
  std::map<std::uint64_t, Jail> jails_;
  std::deque<protocol::Received> waiting_;
};

}  // namespace cellblock::backends::nsjail
