// Names for requests and executions.
#pragma once

#include <string>
#include <string_view>

namespace cellblock::http {

// 128 bits of the kernel's randomness as 32 hex digits: nobody can guess the id of somebody else's
// execution.
[[nodiscard]] std::string random_id();

// The client's own X-Request-Id when it is 1 to 128 characters of [A-Za-z0-9._-], so that it can go into
// headers and logs as it is; else a random one.
[[nodiscard]] std::string request_id(std::string_view offered);

}  // namespace cellblock::http
