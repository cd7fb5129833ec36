// `cellblock config show`: what is in force, and who said so.
#pragma once

#include <string>

#include "config/options.hpp"

namespace cellblock::config {

// `given` as it was resolved, `effective` the same with its automatic values filled in. A value that the
// machine decided is shown as it is and marked as automatic. Secrets are never shown.

// Lines `name = value  # origin` in the form of the configuration file: what it prints can be used as one.
// What can't stand in a file is a comment.
[[nodiscard]] std::string show_text(const Options& given, const Options& effective);

// {"options": [{"name", "value", "default", "source", "place", "automatic", "restart"}]}; `value` is null for
// a secret that is set, `place` is null for a default.
[[nodiscard]] std::string show_json(const Options& given, const Options& effective);

}  // namespace cellblock::config
