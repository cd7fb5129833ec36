// Collects what a cell shows: the last look at bytes that a hostile script may have written.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/display.hpp"
#include "engine/execution.hpp"

namespace cellblock::backends::native {

class DisplayReader {
 public:
  explicit DisplayReader(const engine::Limits& limits) : limits_(limits) {}

  // Takes the payload of one frame. False when it is none: a type that is no MIME type or comes twice, text
  // that is not UTF-8, JSON that is none, or more than the limits allow. An honest runner never sends that.
  [[nodiscard]] bool take(std::string_view payload);
  // What it takes of memory.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] const engine::Shown& shown() const { return shown_; }
  [[nodiscard]] engine::Shown take_all() && { return std::move(shown_); }

 private:
  engine::Limits limits_;
  std::uint64_t bytes_ = 0;
  engine::Shown shown_;
};

}  // namespace cellblock::backends::native
