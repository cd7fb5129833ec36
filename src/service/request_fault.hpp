// Why a request is refused before anything runs.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "base/utf8.hpp"
#include "engine/execution.hpp"

namespace cellblock::service {

// Told to the client as it stands: a sentence that says what to change, and nothing of the host.
struct RequestFault {
  engine::Status status = engine::Status::kInvalidRequest;  // or kScriptTooLarge
  std::string message;
};

template <typename T>
using Parsed = tl::expected<T, RequestFault>;

[[nodiscard]] inline tl::unexpected<RequestFault> invalid_request(std::string message) {
  return tl::make_unexpected(RequestFault{engine::Status::kInvalidRequest, std::move(message)});
}

// A client's own word in a message: cut short, but never within a character.
[[nodiscard]] inline std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 100;
  if (text.size() <= kMost) return std::string(text);
  const std::string_view begin = text.substr(0, kMost);
  return std::string(begin.substr(0, base::whole_characters(begin))) + "…";
}

}  // namespace cellblock::service
