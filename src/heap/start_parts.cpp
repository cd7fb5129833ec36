#include "heap/start_parts.hpp"

// For the list of hooks. It is of one version of Python, and that version is linked into the program.
#define Py_BUILD_CORE 1
#define PY_SSIZE_T_CLEAN
#include <Python.h>
// C's atomic types are none of C++; without them these headers have plain ones of the same size.
#undef HAVE_STD_ATOMIC
#include <internal/pycore_runtime.h>

static_assert(PY_MAJOR_VERSION == 3 && PY_MINOR_VERSION == 11,
              "look where this version keeps its audit hooks");

namespace cellblock::heap {
namespace {

int on_event(const char* event, PyObject* arguments, void* watcher) {
  const std::string_view name(event);
  if (name != "exec" && name != "import") return 0;
  PyObject* subject = PyTuple_GetItem(arguments, 0);
  if (name == "exec" && PyCode_Check(subject))
    subject = reinterpret_cast<PyCodeObject*>(subject)->co_filename;
  const char* part = PyUnicode_Check(subject) ? PyUnicode_AsUTF8(subject) : nullptr;
  if (part == nullptr) PyErr_Clear();
  static_cast<StartParts*>(watcher)->begin(part != nullptr ? part : "?");
  return 0;
}

}  // namespace

void StartParts::watch() {
  PySys_AddAuditHook(on_event, this);
}

void StartParts::unwatch() {
  _Py_AuditHookEntry** last = &_PyRuntime.audit_hook_head;
  while (*last != nullptr && (*last)->hookCFunction != on_event) last = &(*last)->next;
  if (*last != nullptr) *last = (*last)->next;
}

}  // namespace cellblock::heap
