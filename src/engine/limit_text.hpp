// Limits as they appear in the sentences of the contract.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace cellblock::engine {

// "30s", "0.5s", "1.25s".
[[nodiscard]] std::string seconds_text(std::chrono::milliseconds value);

// "512 MB" where that is exact, else "200 KB" or "1000 bytes".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

// "signal 11 (SIGSEGV)"; without the name for signals that have none.
[[nodiscard]] std::string signal_text(int number);

}  // namespace cellblock::engine
