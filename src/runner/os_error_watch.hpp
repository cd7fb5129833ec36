// Sees every OSError that the interpreter makes for a system call, at no cost for scripts that meet none.
#pragma once

#include <vector>

#include "protocol/outcome_frame.hpp"

namespace cellblock::runner {

// Once per process, after the start of the interpreter.
void install_os_error_watch();

// The refused file accesses from here on are collected …
void start_collecting_denials();
// … until here.
[[nodiscard]] std::vector<protocol::FileDenial> take_collected_denials();

}  // namespace cellblock::runner
