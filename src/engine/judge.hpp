// Turns what is known of a finished run into the answer for the client. The cell's own word counts only
// where nothing that the engine, the backend or the kernel saw speaks against it.
#pragma once

#include <cstdint>

#include "engine/backend.hpp"
#include "engine/execution.hpp"

namespace cellblock::engine {

// Why the engine itself ended a run. The first reason recorded is the one that counts.
enum class EndReason : std::uint8_t { kNone, kTimeout, kCancelled, kShutdown };

[[nodiscard]] Outcome judge(const Limits& limits, Report report, EndReason reason);

// Answers for jobs that never ran.
[[nodiscard]] Outcome overloaded(std::string error, std::chrono::seconds retry_after);
[[nodiscard]] Outcome shutting_down();
[[nodiscard]] Outcome cancelled();

}  // namespace cellblock::engine
