// From the payload of an outcome frame to a claim that the engine may pass on: the last look at bytes that
// a hostile script may have written.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/backend.hpp"

namespace cellblock::backends::native {

// Bounds for what comes beside the result: error text and exception.
inline constexpr std::size_t kClaimTextLimit = std::size_t{2} << 20U;

// nullopt when the payload is no outcome, or its result is no JSON: an honest runner never sends that.
// A result beyond `result_limit` bytes becomes Status::kResultTooLarge.
[[nodiscard]] std::optional<engine::Claim> read_claim(std::string_view payload, std::uint64_t result_limit);

struct CollectedFiles {
  std::vector<engine::File> whole;
  std::vector<engine::SkippedFile> skipped;
};

// nullopt when the payload is no list of files, names one by something else than a plain path below output/,
// or has more bytes or files than allowed: an honest runner never sends that.
[[nodiscard]] std::optional<CollectedFiles> read_files(std::string_view payload, std::uint64_t bytes_limit);

}  // namespace cellblock::backends::native
