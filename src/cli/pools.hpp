// The pools of cells that the options ask for: which modules each has imported, and how many cells stand
// ready.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/options.hpp"
#include "service/pool_choice.hpp"

namespace cellblock::cli {

struct Pools {
  service::PoolModules modules;      // the fewest first; never empty
  std::vector<std::string> names;    // as many: "light", "main", "extended"
  std::vector<std::uint32_t> sizes;  // as many
  std::size_t first_warmed = 0;      // from this one on cells have what warming prepares, pandas
};

// A list that is empty has no pool of its own. `options` must have no automatic values any more.
[[nodiscard]] Pools pools_of(const config::Options& options);

// The one that a single script needs, with one cell.
[[nodiscard]] Pools pool_for(const config::Options& options, std::string_view script);

[[nodiscard]] std::uint32_t ready_cells(const Pools& pools);

}  // namespace cellblock::cli
