// print("x") writes "x" and then "\n", and only the second brings both out. A flush after the first would
// double the system calls of every print(). So it is put off to the next time that the interpreter looks for
// pending calls, which is right after the call of print(): there is nothing left to do then, unless the line
// end is missing.
#include "runner/late_writer.hpp"

#include <array>

namespace cellblock::runner {
namespace {

// What the base class does; held for as long as the process lives.
PyObject* base_write = nullptr;
PyObject* base_flush = nullptr;
// Those that have something to bring out. The references are borrowed: a script may end its streams, whose
// last act is a flush that takes them off.
std::array<PyObject*, 2> waiting{};
bool scheduled = false;

void take_off(PyObject* writer) {
  for (PyObject*& one : waiting) {
    if (one == writer) one = nullptr;
  }
}

// Runs between two steps of the script, where no exception is under way.
int flush_late(void* /*unused*/) {
  scheduled = false;
  for (PyObject*& one : waiting) {
    if (one == nullptr) continue;
    const PyRef writer(Py_NewRef(one));
    one = nullptr;
    const PyRef done(PyObject_CallOneArg(base_flush, writer.get()));
    // As a stream that is flushed at the end: nobody is there who could be told.
    if (!done) PyErr_Clear();
  }
  return 0;
}

PyObject* write(PyObject* self, PyObject* data) {
  PyObject* const arguments[] = {self, data};
  PyObject* written = PyObject_Vectorcall(base_write, arguments, 2, nullptr);
  if (written == nullptr) return nullptr;
  take_off(self);
  for (PyObject*& one : waiting) {
    if (one == nullptr) {
      one = self;
      break;
    }
  }
  if (!scheduled) scheduled = Py_AddPendingCall(flush_late, nullptr) == 0;
  return written;
}

PyObject* flush(PyObject* self, PyObject* /*unused*/) {
  take_off(self);
  return PyObject_CallOneArg(base_flush, self);
}

std::array<PyMethodDef, 3> methods{{{"write", write, METH_O, nullptr},
                                    {"flush", flush, METH_NOARGS, nullptr},
                                    {nullptr, nullptr, 0, nullptr}}};
std::array<PyType_Slot, 2> slots{{{Py_tp_methods, methods.data()}, {0, nullptr}}};
PyType_Spec spec{"_io.BufferedWriter", 0, 0, Py_TPFLAGS_DEFAULT, slots.data()};

}  // namespace

PyRef late_writer_type() {
  const PyRef io(PyImport_ImportModule("io"));
  const PyRef base(io ? PyObject_GetAttrString(io.get(), "BufferedWriter") : nullptr);
  if (!base) return {};
  base_write = PyObject_GetAttrString(base.get(), "write");
  base_flush = PyObject_GetAttrString(base.get(), "flush");
  if (base_write == nullptr || base_flush == nullptr) return {};
  return PyRef(PyType_FromSpecWithBases(&spec, base.get()));
}

}  // namespace cellblock::runner
