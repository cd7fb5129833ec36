// The system calls that one execution was refused, as the cell's first process has counted them in the cell's
// ledger: never what the cell says.
#pragma once

#include <optional>
#include <vector>

#include "base/fd.hpp"
#include "engine/execution.hpp"
#include "sandbox/cell_ledger.hpp"

namespace cellblock::backends::native {

class CellDenials {
 public:
  // As kSpawned brings it.
  void take_ledger(base::Fd ledger) { ledger_ = std::move(ledger); }
  // From here on counts the execution: sealing and priming may have met walls too.
  void start();
  // Since then, by the order of the policy; empty without a ledger.
  [[nodiscard]] std::vector<engine::Denial> so_far() const;

 private:
  base::Fd ledger_;
  std::uint64_t calls_before_ = 0;
  std::optional<sandbox::CellLedger> before_;  // only where something was refused before the start
};

}  // namespace cellblock::backends::native
