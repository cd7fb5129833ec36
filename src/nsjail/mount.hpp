// One mount of a configuration, for the rules that are about mounts.
#pragma once

#include <string>
#include <string_view>

#include "nsjail/reading.hpp"

namespace cellblock::nsjail {

// One mount, read once.
struct Mount {
  Reading& reading;
  const Place& place;
  const google::protobuf::Message& message;
  std::string source;
  std::string target;

  void add(Outcome outcome, const std::string& text) const { reading.add(place, outcome, text); }
  void add(std::string_view field, Outcome outcome, const std::string& text) const {
    reading.add(within(place, field), outcome, text);
  }
  [[nodiscard]] bool mandatory() const { return !has(message, "mandatory") || flag_of(message, "mandatory"); }
};

// What every cell's tree shows, whatever a configuration says (sandbox/file_tree.cpp).
[[nodiscard]] bool is_shown(std::string_view path);

// src_content and is_symlink: what is written into the tree. False when the mount is neither.
[[nodiscard]] bool read_written(const Mount& mount);

}  // namespace cellblock::nsjail
