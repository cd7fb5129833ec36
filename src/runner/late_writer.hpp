// Brings out what a script has written without a line end, as soon as the call that wrote it has returned.
#pragma once

#include "runner/py_ref.hpp"

namespace cellblock::runner {

// A subclass of io.BufferedWriter, of which two objects may exist, for standard output and error. A print()
// that writes a value and its line end still makes one system call. An empty reference, with an exception, on
// failure.
[[nodiscard]] PyRef late_writer_type();

}  // namespace cellblock::runner
