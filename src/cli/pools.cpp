#include "cli/pools.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace cellblock::cli {
namespace {

// Cells with many modules are large, and scripts that need them run long.
constexpr std::uint32_t kExtendedShare = 8;
// What runner/prime_idle_script.py uses; without it that script does nothing.
constexpr std::string_view kWarmed = "pandas";

}  // namespace

Pools pools_of(const config::Options& options) {
  Pools pools;
  const auto add = [&pools](const char* name, std::vector<std::string> modules, std::uint32_t size) {
    pools.names.emplace_back(name);
    pools.modules.push_back(std::move(modules));
    pools.sizes.push_back(size);
  };
  if (!options.preload_light.empty()) add("light", options.preload_light, options.pool_size);
  if (!options.preload.empty()) add("main", options.preload, options.pool_size);
  if (!options.preload_extended.empty()) {
    std::vector<std::string> modules = options.preload;
    modules.insert(modules.end(), options.preload_extended.begin(), options.preload_extended.end());
    add("extended", std::move(modules), std::max(options.pool_size / kExtendedShare, 1U));
  }
  if (pools.sizes.empty()) add("main", {}, options.pool_size);
  const auto warmed = std::find_if(pools.modules.begin(), pools.modules.end(), [](const auto& modules) {
    return std::find(modules.begin(), modules.end(), kWarmed) != modules.end();
  });
  pools.first_warmed = static_cast<std::size_t>(warmed - pools.modules.begin());
  return pools;
}

Pools pool_for(const config::Options& options, std::string_view script) {
  const Pools all = pools_of(options);
  const std::size_t chosen = service::choose_pool(script, all.modules);
  return {{all.modules[chosen]}, {all.names[chosen]}, {1}};
}

std::uint32_t ready_cells(const Pools& pools) {
  return std::accumulate(pools.sizes.begin(), pools.sizes.end(), 0U);
}

}  // namespace cellblock::cli
