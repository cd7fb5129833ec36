// The payload of kRun: the script, its input, and the limits that the cell sets on itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cellblock::protocol {

// What of a script's values and figures is wanted.
struct DisplayWish {
  enum class Figures : std::uint8_t { kOff = 0, kPng, kSvg, kLast = kSvg };
  Figures figures = Figures::kOff;  // kOff: nothing at all
  std::uint64_t items = 0;
  std::uint64_t item_bytes = 0;
  std::uint64_t bytes = 0;  // of all items

  bool operator==(const DisplayWish&) const = default;
};

struct RunRequest {
  std::string script;
  std::string args_json;
  std::string kwargs_json;
  std::string stdin_text;
  std::string files;  // as encode_files() writes them
  std::uint64_t cpu_seconds = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t processes = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t result_bytes = 0;
  std::uint64_t files_bytes = 0;  // of output files, in all
  bool strict = false;
  DisplayWish display{};

  bool operator==(const RunRequest&) const = default;
};

[[nodiscard]] std::string encode_run(const RunRequest& request);
// nullopt when the payload is not exactly one RunRequest.
[[nodiscard]] std::optional<RunRequest> decode_run(std::string_view payload);

}  // namespace cellblock::protocol
