// The function that Python calls to show a value. Private to this folder.
#pragma once

#include <functional>
#include <vector>

#include "protocol/display_frame.hpp"
#include "runner/py_ref.hpp"

namespace cellblock::runner {

// What takes a value's representations; false when no other may follow. Must not throw anything but
// std::bad_alloc, and gets called with the interpreter's lock held, so that values shown by several threads
// come out one after the other.
using Show = std::function<bool(std::vector<protocol::DisplayPart>)>;

class ShowFunction {
 public:
  explicit ShowFunction(Show show) : show_(std::move(show)) {}
  ShowFunction(const ShowFunction&) = delete;
  ShowFunction& operator=(const ShowFunction&) = delete;

  // A callable for Python: takes a list of (state, type, data), a number and two bytes objects, and returns a
  // bool. This object must live as long as Python code may run. An empty reference with a Python exception on
  // failure.
  [[nodiscard]] PyRef callable();

 private:
  static PyObject* call(PyObject* self, PyObject* list);

  Show show_;
  PyMethodDef method_{"show", &ShowFunction::call, METH_O, nullptr};
};

}  // namespace cellblock::runner
