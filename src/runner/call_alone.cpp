#include "runner/call_alone.hpp"

namespace cellblock::runner {
namespace {

PyObject* call_alone(PyObject* /*self*/, PyObject* arguments) {
  PyObject* callable = nullptr;
  PyObject* args = nullptr;
  PyObject* kwargs = nullptr;
  if (PyArg_ParseTuple(arguments, "OO!O!", &callable, &PyTuple_Type, &args, &PyDict_Type, &kwargs) == 0) {
    return nullptr;
  }
  // A frame's f_back is the one that was current when it was made. What it calls in turn is not affected:
  // each call of the evaluation loop has a C frame of its own.
  _PyCFrame* frame = PyThreadState_Get()->cframe;
  auto* hidden = frame->current_frame;
  frame->current_frame = nullptr;
  PyObject* result = PyObject_Call(callable, args, kwargs);
  frame->current_frame = hidden;
  return result;
}

PyMethodDef definition{"call_alone", call_alone, METH_VARARGS, nullptr};

}  // namespace

PyRef call_alone_function() {
  return PyRef(PyCFunction_New(&definition, nullptr));
}

}  // namespace cellblock::runner
