#include "runner/show_function.hpp"

#include <new>
#include <optional>
#include <string>

namespace cellblock::runner {
namespace {

using protocol::DisplayPart;

constexpr const char* kName = "cellblock.show";

std::optional<std::string> bytes_of(PyObject* object) {
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(object, &data, &size) != 0) return std::nullopt;
  return std::string(data, static_cast<std::size_t>(size));
}

// With a Python exception on failure: a script that has found the function can call it with anything.
std::optional<DisplayPart> part_of(PyObject* object) {
  if (!PyTuple_Check(object) || PyTuple_GET_SIZE(object) != 3) {
    PyErr_SetString(PyExc_TypeError, "a part is (state, type, data)");
    return std::nullopt;
  }
  const long state = PyLong_AsLong(PyTuple_GET_ITEM(object, 0));
  if (PyErr_Occurred() != nullptr) return std::nullopt;
  if (state < 0 || state > static_cast<long>(DisplayPart::State::kLast)) {
    PyErr_SetString(PyExc_ValueError, "unknown state");
    return std::nullopt;
  }
  auto type = bytes_of(PyTuple_GET_ITEM(object, 1));
  auto data = type ? bytes_of(PyTuple_GET_ITEM(object, 2)) : std::nullopt;
  if (!data) return std::nullopt;
  return DisplayPart{std::move(*type), std::move(*data), static_cast<DisplayPart::State>(state)};
}

}  // namespace

PyRef ShowFunction::callable() {
  const PyRef self(PyCapsule_New(this, kName, nullptr));
  return PyRef(self ? PyCFunction_New(&method_, self.get()) : nullptr);
}

PyObject* ShowFunction::call(PyObject* self, PyObject* list) {
  auto* function = static_cast<ShowFunction*>(PyCapsule_GetPointer(self, kName));
  if (function == nullptr) return nullptr;
  if (!PyList_Check(list)) {
    PyErr_SetString(PyExc_TypeError, "a list of parts is needed");
    return nullptr;
  }
  try {
    std::vector<DisplayPart> parts;
    for (Py_ssize_t index = 0; index < PyList_GET_SIZE(list); ++index) {
      auto part = part_of(PyList_GET_ITEM(list, index));
      if (!part) return nullptr;
      parts.push_back(std::move(*part));
    }
    return PyBool_FromLong(function->show_(std::move(parts)) ? 1 : 0);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

}  // namespace cellblock::runner
