// Directories of the host that scripts can write to: what an operator has to know, and what nobody may have.
#pragma once

#include <string>

#include "base/error.hpp"
#include "config/cell_view.hpp"
#include "config/options.hpp"
#include "sandbox/probe.hpp"

namespace cellblock::cli {

// `real`: the true path of what is bound. An error when the option that allows it is missing, or when the
// process that cells are forked from would take anything from there.
base::Result<void> check_writable(const config::Bind& bind, const std::string& real,
                                  const config::Options& options);

// The wall that such directories take away, for /health, `doctor` and the log.
[[nodiscard]] sandbox::WallProbe wall_around_files_of_the_host(const config::Options& options);

}  // namespace cellblock::cli
