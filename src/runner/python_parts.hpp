// What the embedded interpreter is started from: Python's own initialisation, the imports ahead, and the
// modules that are compiled into this program. Each function fails with the text of the Python exception,
// which is cleared.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "heap/python_heap.hpp"
#include "runner/py_ref.hpp"

namespace cellblock::runner {

// "WHAT: text of the current Python exception".
tl::unexpected<base::Error> python_error(const std::string& what, std::string hint = {});

// A module made of source text; empty when that fails, with a Python exception.
[[nodiscard]] PyRef make_module(const char* name, std::string_view source);

[[nodiscard]] PyRef bytes(std::string_view text);

// Once per process. Its objects go where `heap` has them; `heap` must stay.
base::Result<void> initialize_python(heap::PythonHeap& heap);

// A module that can't be imported is an error that names it.
base::Result<void> import_all(const std::vector<std::string>& names);

base::Result<void> freeze();

// The module that runs scripts, with those that it is made of.
base::Result<PyRef> load_script_runner();

}  // namespace cellblock::runner
