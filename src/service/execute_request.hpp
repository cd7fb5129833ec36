// The body of POST /execute, turned from untrusted text into a Job.
//
// Parsing stops at the first fault. A body without `script` is told so before anything else, because that
// is the mistake of somebody who has not read the contract yet.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/execution.hpp"
#include "service/request_fault.hpp"

namespace cellblock::service {

// What the operator allows.
struct RequestBounds {
  engine::Limits limits;
  engine::Policy policy = engine::Policy::kSandbox;
};

// How many bytes of memory each byte of a body takes while it is parsed, at most: itself, the copies and
// indexes of simdjson, the job.
inline constexpr std::uint64_t kParseFactor = 9;

// The job has no id yet. All its strings are valid UTF-8; args_json and kwargs_json are the client's own
// text, checked to be an array and an object that are nested at most 200 deep.
[[nodiscard]] Parsed<engine::Job> parse_execute_request(std::string_view body, const RequestBounds& bounds);

}  // namespace cellblock::service
