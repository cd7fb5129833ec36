// The errors of system calls are made in C by calling OSError, which picks the subclass for the errno. So the
// type's `tp_vectorcall`, which is empty otherwise and which no subclass inherits, gets a function that makes
// the object as ever and then looks at it.
//
// `tp_new` and `tp_init` are no places for that: OSError reads from their values whether a subclass has an
// __init__ of its own, and OSError.__new__ refuses classes whose `tp_new` is another one.
#include "runner/os_error_watch.hpp"

#include <optional>

#include "runner/file_denials.hpp"
#include "runner/py_ref.hpp"

namespace cellblock::runner {
namespace {

// A slot function is told nothing but the type, so what it needs has to lie at a fixed place.
std::optional<FileDenials> collecting;

PyTypeObject* os_error() {
  return reinterpret_cast<PyTypeObject*>(PyExc_OSError);
}

void note(FileDenials& denials, const PyOSErrorObject& error) {
  if (error.filename == nullptr || error.myerrno == nullptr || !PyLong_CheckExact(error.myerrno)) return;
  int overflow = 0;
  const auto code = static_cast<int>(PyLong_AsLongAndOverflow(error.myerrno, &overflow));
  // Exact types only: no code of the script's runs in here.
  if (PyUnicode_CheckExact(error.filename) && PyUnicode_IS_COMPACT_ASCII(error.filename)) {
    denials.note(code, {static_cast<const char*>(PyUnicode_DATA(error.filename)),
                        static_cast<std::size_t>(PyUnicode_GET_LENGTH(error.filename))});
    return;
  }
  PyObject* path = error.filename;
  const PyRef encoded(PyUnicode_CheckExact(path) ? PyUnicode_EncodeFSDefault(path) : Py_NewRef(path));
  if (!encoded) PyErr_Clear();
  if (!encoded || !PyBytes_CheckExact(encoded.get())) return;
  denials.note(code,
               {PyBytes_AS_STRING(encoded.get()), static_cast<std::size_t>(PyBytes_GET_SIZE(encoded.get()))});
}

PyObject* watched_call(PyObject* type, PyObject* const* arguments, std::size_t flags, PyObject* names) {
  // What calling the type comes to without this function.
  PyObject* error =
      _PyObject_MakeTpCall(PyThreadState_Get(), type, arguments, PyVectorcall_NARGS(flags), names);
  if (error != nullptr && collecting && PyObject_TypeCheck(error, os_error())) {
    note(*collecting, *reinterpret_cast<PyOSErrorObject*>(error));
  }
  return error;
}

}  // namespace

void install_os_error_watch() {
  os_error()->tp_vectorcall = watched_call;
}

void start_collecting_denials() {
  collecting.emplace();
}

std::vector<protocol::FileDenial> take_collected_denials() {
  std::vector<protocol::FileDenial> list;
  if (collecting) list = collecting->list();
  collecting.reset();
  return list;
}

}  // namespace cellblock::runner
