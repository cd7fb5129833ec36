// A cell's end of the line to the server: frames out, and the one that is the script.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "protocol/frame.hpp"
#include "protocol/run_frame.hpp"
#include "sandbox/step.hpp"

namespace cellblock::runner {

// The exit code of a process that could not become a cell, or whose line is gone.
inline constexpr int kExitBroken = 70;

// False when the server is gone.
bool send(int channel, protocol::FrameKind kind, std::string_view payload);

// Tells which step of becoming a cell has failed, and ends the process.
[[noreturn]] void fail(int channel, sandbox::StepFailure failure);

// Waits for the script; nothing when the server has no use for this cell any more. `warm` is called when the
// server says that there is time for it.
[[nodiscard]] std::optional<protocol::RunRequest> receive_run(int channel, const std::function<void()>& warm);

}  // namespace cellblock::runner
