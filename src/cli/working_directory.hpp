// Where scripts start.
#pragma once

#include "base/error.hpp"
#include "config/options.hpp"

namespace cellblock::cli {

// An error if no cell has the directory that option `working-directory` names.
base::Result<void> check_working_directory(const config::Options& options);

}  // namespace cellblock::cli
