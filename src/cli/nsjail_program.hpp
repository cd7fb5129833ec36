// The backend nsjail, seen from the options: which program it is, and what it changes of what the host
// offers.
#pragma once

#include <string>
#include <string_view>

#include "cli/host.hpp"
#include "config/options.hpp"

namespace cellblock::cli {

// The first executable file of this name in the absolute directories of a PATH; empty when there is none.
[[nodiscard]] std::string find_program(std::string_view name, std::string_view path);

// Puts nsjail among the walls, and what is different with it. Says so too where it can't be used.
void add_nsjail(Host& host, std::string_view path);

// Nothing when cells can be made with it, else what is missing and how to get it.
base::Result<void> accept_nsjail(const Host& host);

// Each ready cell is an interpreter of its own and shares no memory with the others: few, unless chosen.
[[nodiscard]] config::Options with_few_ready_cells(config::Options options);

}  // namespace cellblock::cli
