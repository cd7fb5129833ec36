// One jail: nsjail, what runs in it, and who answers its refused calls.
//
//   start_jail ─▶ kSpawned ─▶ order ─▶ kZygoteUp ─▶ kForked ─▶ kReaped ─▶ end ─▶ finish
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backends/nsjail/answerer.hpp"
#include "backends/nsjail/jail_process.hpp"
#include "base/fd.hpp"
#include "base/stopwatch.hpp"

namespace cellblock::backends::nsjail {

struct Jail {
  std::uint64_t id = 0;  // none of a trial
  std::uint32_t slot = 0;
  std::size_t pool = 0;
  JailProcess process;
  base::Fd first;  // pidfd of the jail's first process, once it has told
  Answerer answerer;
  base::Fd ledger;
  base::Fd channel;  // the server's end, until it has it
  base::Stopwatch steps;
  std::uint32_t start_us = 0;
  std::uint32_t unprimed = 0;  // 1 when a job is waiting for it
  bool announced = false;      // the server knows that it lives
  std::int32_t status = 9;     // of the interpreter's process; killed, until somebody says more
  std::uint64_t cpu_us = 0;    // likewise
  std::string fault;           // why there can be no cell in it; the first reason stays
  std::optional<base::Stopwatch> ending{};
};

// Tells the jail's first process to go on; `outside` are the namespaces of which it may share none.
bool order(const Jail& jail, const std::string& outside);

// Kills everything in the jail by its pid namespace, and nsjail. Neither waits nor fails: what has ended has
// ended.
void end(Jail& jail);

// The same, and waits until nothing of it is left. False when something is after two seconds: nobody may have
// the slot then.
bool finish(Jail& jail);

// Why the jail has ended: its own word, or nsjail's log.
[[nodiscard]] std::string reason_of(const Jail& jail);

}  // namespace cellblock::backends::nsjail
