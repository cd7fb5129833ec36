// Calls what the script defines as if nothing of ours were on the stack.
#pragma once

#include "runner/py_ref.hpp"

namespace cellblock::runner {

// The Python function call_alone(callable, args, kwargs): what traceback.print_stack() and inspect.stack()
// show begins with the script's own frames. An empty reference, with an exception, on failure.
[[nodiscard]] PyRef call_alone_function();

}  // namespace cellblock::runner
