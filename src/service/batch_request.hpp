// The body of POST /batch, taken apart into the bodies of its executions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "service/request_fault.hpp"

namespace cellblock::service {

inline constexpr std::size_t kMostBatched = 100;

// {"requests": […]} with 1 to kMostBatched entries, each as the client wrote it and still to be checked.
// Takes as much memory as parse_execute_request() does for a body of the same size.
[[nodiscard]] Parsed<std::vector<std::string>> parse_batch_request(std::string_view body);

}  // namespace cellblock::service
