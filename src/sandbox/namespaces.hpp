// The namespaces of a process, as /proc names them.
#pragma once

#include <string>

#include "base/error.hpp"

namespace cellblock::sandbox {

// Of the calling process, all seven kinds: "user:[4026531837] pid:[…] …".
base::Result<std::string> own_namespaces();

// Those of `own` that are in `others` too; empty when they have none in common, which a sealed cell must not.
[[nodiscard]] std::string shared_namespaces(const std::string& own, const std::string& others);

}  // namespace cellblock::sandbox
