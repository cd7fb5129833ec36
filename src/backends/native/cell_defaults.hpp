// What is the same for all cells of a service.
#pragma once

#include <memory>

#include "base/byte_budget.hpp"
#include "engine/execution.hpp"

namespace cellblock::backends::native {

struct CellDefaults {
  engine::Limits limits;  // that the jailer gives every slot
  double cpus = 1;        // how many a cell may keep busy
  // The account of what comes out of all cells and is kept; empty: no bound.
  std::shared_ptr<base::ByteBudget> budget;
};

}  // namespace cellblock::backends::native
