// What is the same for all cells of a service.
#pragma once

#include <chrono>
#include <memory>

#include "base/byte_budget.hpp"
#include "engine/execution.hpp"

namespace cellblock::backends::native {

struct CellDefaults {
  engine::Limits limits;  // that the jailer gives every slot
  double cpus = 1;        // how many a cell may keep busy
  // The account of what comes out of all cells and is kept; empty: no bound.
  std::shared_ptr<base::ByteBudget> budget;
  // A cell takes milliseconds to make, and the jailer gives up a zygote that does not answer for 5 s.
  std::chrono::milliseconds making_limit{8'000};
  // The interpreter is part of the cell: limits count from the arrival of the script, and are set then.
  bool own_interpreter = false;
};

}  // namespace cellblock::backends::native
