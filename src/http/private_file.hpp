// Files that must be nobody else's to read.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.hpp"

namespace cellblock::http {

// The content of a regular file of root's or this user's, that others can't read and the group can't write.
// Its group may read it: so a service that has given root up can read it again. `what` names it in errors.
[[nodiscard]] base::Result<std::string> read_private_file(const std::string& file, const std::string& what,
                                                          std::size_t largest);

}  // namespace cellblock::http
