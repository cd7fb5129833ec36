// Owning reference to a Python object. Private to this folder.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <utility>

namespace cellblock::runner {

class PyRef {
 public:
  PyRef() = default;
  // Takes over a new reference; null for none.
  explicit PyRef(PyObject* object) : object_(object) {}
  PyRef(PyRef&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  PyRef& operator=(PyRef&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  PyRef(const PyRef&) = delete;
  PyRef& operator=(const PyRef&) = delete;
  ~PyRef() { Py_XDECREF(object_); }

  [[nodiscard]] PyObject* get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

// An attribute, or an empty reference when there is none.
inline PyRef attribute(const PyRef& object, const char* name) {
  PyRef value(object ? PyObject_GetAttrString(object.get(), name) : nullptr);
  if (!value) PyErr_Clear();
  return value;
}

// An attribute of a module, if some import has loaded that module.
inline PyRef loaded_attribute(const char* module, const char* name) {
  PyObject* found = PyDict_GetItemString(PyImport_GetModuleDict(), module);
  Py_XINCREF(found);
  return attribute(PyRef(found), name);
}

}  // namespace cellblock::runner
