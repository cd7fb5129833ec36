// Keeps account of what a cell uses on its ledger, for hosts where no cgroup does. Runs in the first process,
// and costs a cell nothing while it is idle: the server wakes it when a script arrives.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/cell_ledger.hpp"
#include "sandbox/cell_meter.hpp"

namespace cellblock::sandbox {

// Where a script's files are kept. They count as memory.
struct WatchedFiles {
  std::vector<std::string> file_systems;  // of the cell's own: what is used of them counts
  std::string directory;                  // else a directory on the host's, walked through
  std::uint64_t most_entries = 0;         // of the directory; more count as endless memory
};

class CellWatch {
 public:
  // `wake` becomes readable when a script has arrived. `ledger` is borrowed.
  CellWatch(base::Fd wake, CellMeter meter, WatchedFiles files, CellLedger& ledger);

  [[nodiscard]] int wake() const { return wake_.get(); }
  // To be called when wake() is readable.
  void start();
  // Until the next look is due: -1 for ever, 0 when it is.
  [[nodiscard]] int wait_ms() const;
  // Looks, if it is due. False when it can't: then nothing bounds the cell, and who calls this has to end it.
  [[nodiscard]] bool look_if_due();

 private:
  [[nodiscard]] std::uint64_t file_bytes() const;

  base::Fd wake_;
  CellMeter meter_;
  WatchedFiles files_;
  CellLedger* ledger_;
  bool started_ = false;
  // Before the script: what making the cell has cost, and its share of the zygote's memory.
  std::optional<CellFigures> before_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace cellblock::sandbox
