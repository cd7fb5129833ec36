// Why a request is refused before anything runs.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

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

}  // namespace cellblock::service
