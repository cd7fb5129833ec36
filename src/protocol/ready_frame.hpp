// The payload of a ready frame: how long the cell's own steps took. Sent before there is a script.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/frame.hpp"

namespace cellblock::protocol {

struct ReadyTimes {
  std::uint64_t seal_us = 0;
  std::uint64_t prime_us = 0;
};

[[nodiscard]] inline std::string encode_ready(const ReadyTimes& times) {
  std::string payload;
  append_u64(payload, times.seal_us);
  append_u64(payload, times.prime_us);
  return payload;
}

// nullopt when the payload is anything else.
[[nodiscard]] inline std::optional<ReadyTimes> decode_ready(std::string_view payload) {
  const auto seal = take_u64(payload);
  const auto prime = take_u64(payload);
  if (!seal || !prime || !payload.empty()) return std::nullopt;
  return ReadyTimes{*seal, *prime};
}

}  // namespace cellblock::protocol
