// What this host can do, set against what the operator accepts.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/options.hpp"
#include "sandbox/probe.hpp"

namespace cellblock::cli {

struct Host {
  std::vector<sandbox::WallProbe> walls;  // and limits
  sandbox::Level level = sandbox::Level::kNone;
  sandbox::Walls plan;
  std::string nsjail;  // the program, for the backend of this name
};

// Tries everything. Forks, so the caller must have a single thread.
[[nodiscard]] Host examine_host(const config::Options& options);

// Nothing when the host's level is one that the operator accepts, else a text for them: what is missing, and
// how to get it.
base::Result<void> accept(const Host& host, const config::Options& options);

// The options with what depends on the level and the backend: scripts are held to policy strict below full.
[[nodiscard]] config::Options at_level(config::Options options, sandbox::Level level);

}  // namespace cellblock::cli
