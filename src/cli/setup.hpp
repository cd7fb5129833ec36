// From options to the parts that serve and run share: the launched jailer and what the host can do.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "backends/native/cell_defaults.hpp"
#include "backends/native/jailer_launch.hpp"
#include "base/error.hpp"
#include "cli/host.hpp"
#include "cli/pools.hpp"
#include "config/options.hpp"
#include "engine/execution.hpp"
#include "sandbox/jail_spec.hpp"
#include "sandbox/probe.hpp"
#include "service/execution_service.hpp"

namespace cellblock::cli {

// For imports, on a machine that is overrun.
inline constexpr std::chrono::seconds kStartLimit{120};

[[nodiscard]] engine::Limits limits_from(const config::Options& options);
[[nodiscard]] sandbox::JailSpec jail_spec_from(const config::Options& options, const Pools& pools,
                                               const Host& host);
// What is the same for all cells.
[[nodiscard]] backends::native::CellDefaults cell_defaults_from(const config::Options& options,
                                                                std::shared_ptr<base::ByteBudget> budget);
// After which time a zygote is replaced; 0: never.
[[nodiscard]] std::chrono::milliseconds lifetime_of_zygotes(const config::Options& options);
[[nodiscard]] service::ServiceSettings settings_from(const config::Options& options, const Pools& pools,
                                                     const Host& host, const std::string& versions_json);

// Bytes that the service may use: of the machine, or of the cgroup that it runs in when that has less.
[[nodiscard]] std::uint64_t memory_of_this_machine();

// How many cells may be there at once, ready or running, for what the kernel grants one user; 0: no bound.
// Root's cells have a user id each.
[[nodiscard]] std::uint32_t most_cells_of_this_user();

// Gives up root for good, in all threads: an unused uid of the service's own, no groups, no capabilities;
// and makes the process undumpable, which is all that it does for an ordinary user.
base::Result<void> drop_root(std::uint32_t uid);

// No exec can raise privileges any more. For the calling thread and those it starts: call it before others.
base::Result<void> forbid_new_privileges();

// As many descriptors as the operator's hard limit allows: each cell has three, each connection one. An
// error when that is too few for a service.
base::Result<void> raise_descriptor_limit();

// max-connections, or less where the descriptors do not reach: a connection that can't be accepted could not
// even be refused.
[[nodiscard]] std::uint32_t connections_that_fit(const config::Options& options, const Pools& pools);

}  // namespace cellblock::cli
