#include "runner/python_parts.hpp"

#include <utility>

namespace cellblock::embedded {
extern const std::string_view kScriptRunner;
extern const std::string_view kFaultHints;
extern const std::string_view kFaultReport;
extern const std::string_view kJsonResult;
extern const std::string_view kRichDisplay;
extern const std::string_view kStrictPolicy;
extern const std::string_view kStrictListReader;
extern const std::string_view kStrictLists;
extern const std::string_view kStrictScopes;
extern const std::string_view kStrictSure;
extern const std::string_view kStrictText;
extern const std::string_view kStrictValues;
}  // namespace cellblock::embedded

namespace cellblock::runner {
namespace {

// The text of the current Python exception, which is cleared.
std::string take_python_error() {
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* trace = nullptr;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  const PyRef type_ref(type);
  const PyRef value_ref(value);
  const PyRef trace_ref(trace);
  const PyRef text(value != nullptr ? PyObject_Str(value) : nullptr);
  const char* utf8 = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
  std::string message = utf8 != nullptr ? utf8 : "unknown error";
  PyErr_Clear();
  return message;
}

using NamedSource = std::pair<const char*, std::string_view>;

// What the script runner is made of beside itself, each after those that it imports.
std::vector<NamedSource> runner_parts() {
  return {{"_cellblock_fault_hints", embedded::kFaultHints},
          {"_cellblock_fault_report", embedded::kFaultReport},
          {"_cellblock_json_result", embedded::kJsonResult},
          {"_cellblock_rich_display", embedded::kRichDisplay},
          {"_cellblock_strict_text", embedded::kStrictText},
          {"_cellblock_strict_lists", embedded::kStrictListReader},
          {"_cellblock_strict_sure", embedded::kStrictSure},
          {"_cellblock_strict_scopes", embedded::kStrictScopes},
          {"_cellblock_strict_values", embedded::kStrictValues},
          {"_cellblock_strict_policy", embedded::kStrictPolicy}};
}

}  // namespace

tl::unexpected<base::Error> python_error(const std::string& what, std::string hint) {
  return base::make_error(what + ": " + take_python_error(), std::move(hint));
}

PyRef make_module(const char* name, std::string_view source) {
  const PyRef code(Py_CompileString(std::string(source).c_str(), name, Py_file_input));
  if (!code) return {};
  return PyRef(PyImport_ExecCodeModule(name, code.get()));
}

PyRef bytes(std::string_view text) {
  return PyRef(PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
}

// Isolated from environment and user site, but with Debian's packages, UTF-8 throughout, and the usual
// signal set-up (SIGPIPE and SIGXFSZ ignored, so that they become exceptions).
base::Result<void> initialize_python(heap::PythonHeap& heap) {
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  config.install_signal_handlers = 1;
  PyPreConfig before;
  PyPreConfig_InitIsolatedConfig(&before);
  before.utf8_mode = 1;
  PyStatus status = Py_PreInitialize(&before);
  heap.install();
  // sys.executable must be a real interpreter: multiprocessing and subprocess start it.
  if (!PyStatus_Exception(status)) {
    status = PyConfig_SetString(&config, &config.program_name, L"/usr/bin/python3");
  }
  if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status)) {
    return base::make_error(std::string("start the Python interpreter: ") +
                                (status.err_msg != nullptr ? status.err_msg : "unknown error"),
                            "install libpython3.11 and python3.11");
  }
  return {};
}

base::Result<void> import_all(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const PyRef module(PyImport_ImportModule(name.c_str()));
    if (!module)
      return python_error("import " + name + " ahead", "install it, or take it off the list 'preload'");
  }
  return {};
}

// Objects that live from here on are never looked at by the collector: a collection in a cell would
// otherwise write to all of them and copy their pages.
base::Result<void> freeze() {
  const PyRef gc(PyImport_ImportModule("gc"));
  for (const char* step : {"collect", "freeze"}) {
    const PyRef done(gc ? PyObject_CallMethod(gc.get(), step, nullptr) : nullptr);
    if (!done) return python_error(std::string("call gc.") + step);
  }
  return {};
}

base::Result<PyRef> load_script_runner() {
  for (const auto& [name, source] : runner_parts()) {
    if (!make_module(name, source)) return python_error(std::string("load ") + name);
  }
  const PyRef load = loaded_attribute("_cellblock_strict_policy", "load");
  const PyRef lists = bytes(embedded::kStrictLists);
  const PyRef loaded(load ? PyObject_CallOneArg(load.get(), lists.get()) : nullptr);
  if (!loaded) return python_error("load policies/strict.json");
  const PyRef install = loaded_attribute("_cellblock_rich_display", "install");
  const PyRef installed(install ? PyObject_CallNoArgs(install.get()) : nullptr);
  if (!installed) return python_error("load display()");
  PyRef runner = make_module("_cellblock_runner", embedded::kScriptRunner);
  if (!runner) return python_error("load the script runner");
  return runner;
}

}  // namespace cellblock::runner
