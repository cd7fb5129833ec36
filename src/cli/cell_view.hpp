// From the options to what an operator adds to what scripts see.
#pragma once

#include "base/error.hpp"
#include "config/options.hpp"
#include "config/parse.hpp"
#include "nsjail/sandbox_config.hpp"
#include "sandbox/jail_spec.hpp"

namespace cellblock::cli {

// An error names the first addition that can't be had: on this host, without namespaces, or without the
// option that allows it.
base::Result<void> check_cell_view(const config::Options& options, bool namespaces);

void add_cell_view(sandbox::JailSpec& spec, const config::Options& options);

// At most 1 MB of file.
base::Result<nsjail::SandboxConfig> load_sandbox_config(const std::string& path,
                                                        const config::Options& options);

// For CommandLine::resolve(): the file that `sandbox-config` names. Its errors are problems, one for each
// field.
[[nodiscard]] config::ForeignValues read_sandbox_config(const std::string& path,
                                                        const config::Options& others);

}  // namespace cellblock::cli
