#include "runner/interpreter.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/fd.hpp"
#include "runner/call_alone.hpp"
#include "runner/late_writer.hpp"
#include "runner/library_names.hpp"
#include "runner/os_error_watch.hpp"
#include "runner/py_ref.hpp"
#include "runner/python_parts.hpp"
#include "runner/random_state.hpp"
#include "runner/show_function.hpp"

namespace cellblock::embedded {
extern const std::string_view kPrimeScript;
extern const std::string_view kPrimeIdleScript;
extern const std::string_view kVersionsScript;
extern const std::string_view kForkHooks;
}  // namespace cellblock::embedded

namespace cellblock::runner {
namespace {

// Python's bytecode specialises itself by what it meets: after so many runs it is written to no more, and a
// cell does not copy its pages for that.
constexpr int kRunsUntilSettled = 12;

std::string bytes_at(PyObject* tuple, Py_ssize_t index) {
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(PyTuple_GetItem(tuple, index), &data, &size) != 0) {
    PyErr_Clear();
    return {};
  }
  return {data, static_cast<std::size_t>(size)};
}

std::string read_to_end(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

// The arguments of rich_display.begin(), or None.
PyRef display_arguments(std::unique_ptr<ShowFunction>& function, const protocol::DisplayWish& wish,
                        Show show) {
  using Figures = protocol::DisplayWish::Figures;
  if (wish.figures == Figures::kOff) return PyRef(Py_NewRef(Py_None));
  function = std::make_unique<ShowFunction>(std::move(show));
  const PyRef callable = function->callable();
  if (!callable) return {};
  return PyRef(Py_BuildValue("OsK", callable.get(), wish.figures == Figures::kSvg ? "svg" : "png",
                             static_cast<unsigned long long>(wish.item_bytes)));
}

}  // namespace

class Interpreter::State {
 public:
  PyRef runner;
  PyRef execute;
  PyRef prime;
  PyRef main_thread;  // threading's object of the only thread; empty when nothing has imported threading
  RandomState random;
  std::vector<PyRef> hooks;  // after-fork hooks of preloaded libraries
  std::unique_ptr<ShowFunction> show;
};

Interpreter::Interpreter(std::unique_ptr<State> state) : state_(std::move(state)) {}

// Not even the references are given back: the process ends, and destructors of Python objects are script
// territory by then.
Interpreter::~Interpreter() {
  static_cast<void>(state_.release());
}

base::Result<std::unique_ptr<Interpreter>> Interpreter::start(const std::vector<std::string>& preload,
                                                              heap::PythonHeap& heap) {
  if (auto done = initialize_python(heap); !done) return tl::make_unexpected(done.error());
  install_os_error_watch();
  auto state = std::make_unique<State>();
  const PyRef hooks = make_module("_cellblock_fork_hooks", embedded::kForkHooks);
  const PyRef started(hooks ? PyObject_CallMethod(hooks.get(), "start", nullptr) : nullptr);
  if (!started) return python_error("record after-fork hooks");
  if (auto done = import_all(preload); !done) return tl::make_unexpected(done.error());
  auto runner = load_script_runner();
  if (!runner) return tl::make_unexpected(runner.error());
  state->runner = std::move(*runner);
  const PyRef alone = call_alone_function();
  const PyRef writer = late_writer_type();
  if (!alone || !writer) return python_error("make the script runner's functions");
  PyObject_SetAttrString(state->runner.get(), "call_alone", alone.get());
  PyObject_SetAttrString(state->runner.get(), "LateWriter", writer.get());
  const PyRef settled(PyObject_CallMethod(state->runner.get(), "settle", nullptr));
  if (!settled) return python_error("settle the script runner");
  state->execute = PyRef(PyObject_GetAttrString(state->runner.get(), "execute"));
  state->prime = PyRef(PyObject_GetAttrString(state->runner.get(), "prime"));
  if (!state->execute || !state->prime) return python_error("find the script runner's functions");
  std::unique_ptr<Interpreter> interpreter(new Interpreter(std::move(state)));
  // In the zygote itself, so that what is made lazily on a first run is made once and not in each cell.
  for (int run = 0; run < kRunsUntilSettled; ++run) {
    if (!interpreter->prime(Priming::kAlways) || !interpreter->prime(Priming::kIdle))
      return base::make_error("run the priming script in the zygote");
  }
  State& parts = *interpreter->state_;
  if (!parts.random.find()) {
    return base::make_error("find numpy's global random generator", "a preloaded module must not replace it");
  }
  parts.main_thread = loaded_attribute("threading", "_main_thread");
  const PyRef stopped(PyObject_CallMethod(hooks.get(), "stop", nullptr));
  const PyRef needed(PyObject_CallMethod(hooks.get(), "needed", nullptr));
  if (!stopped || !needed) return python_error("read the recorded after-fork hooks");
  for (Py_ssize_t index = 0; index < PyList_Size(needed.get()); ++index) {
    parts.hooks.emplace_back(Py_NewRef(PyList_GetItem(needed.get(), index)));
  }
  learn_library_names();
  if (auto done = freeze(); !done) return tl::make_unexpected(done.error());
  heap.settle();
  return interpreter;
}

// An object of its own must exist, though Python keeps what this asks for in globals.
// NOLINTNEXTLINE(readability-convert-member-functions-to-static)
std::string Interpreter::versions_json() {
  auto pipe = base::make_pipe();
  const pid_t child = pipe ? ::fork() : -1;
  if (child == 0) {
    const PyRef module = make_module("_cellblock_versions", embedded::kVersionsScript);
    const PyRef text(module ? PyObject_CallMethod(module.get(), "versions", nullptr) : nullptr);
    const char* utf8 = text ? PyUnicode_AsUTF8(text.get()) : nullptr;
    ::_exit(utf8 != nullptr && base::write_all(pipe->second.get(), utf8) ? 0 : 1);
  }
  if (child < 0) return "{}";
  pipe->second.reset();
  std::string versions = read_to_end(pipe->first.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0 ? versions : "{}";
}

// As above: only who has an interpreter may copy it.
// NOLINTNEXTLINE(readability-convert-member-functions-to-static)
pid_t Interpreter::fork() {
  // Without PyOS_BeforeFork and PyOS_AfterFork_*: they take, give back and reset locks that no second thread
  // could hold here, and would cost parent and child some 400 page faults. after_fork() does what is needed.
  return ::fork();
}

bool Interpreter::after_fork() {
  if (!state_->random.renew()) return false;
  // The one thread has another number here; the old one would tell a pid of the host.
  const PyRef number(PyLong_FromLong(::gettid()));
  if (state_->main_thread &&
      PyObject_SetAttrString(state_->main_thread.get(), "_native_id", number.get()) != 0) {
    return false;
  }
  for (const PyRef& hook : state_->hooks) {
    const PyRef done(PyObject_CallNoArgs(hook.get()));
    if (!done) return false;
  }
  return true;
}

// As above.
// NOLINTNEXTLINE(readability-convert-member-functions-to-static)
bool Interpreter::use_directory(const std::string& path) {
  const PyRef home(PyUnicode_DecodeFSDefault(path.c_str()));
  PyObject* report = PyDict_GetItemString(PyImport_GetModuleDict(), "_cellblock_fault_report");
  if (!home || report == nullptr || PyObject_SetAttrString(report, "home", home.get()) != 0) return false;
  const PyRef os(PyImport_ImportModule("os"));
  const PyRef environment(os ? PyObject_GetAttrString(os.get(), "environ") : nullptr);
  if (!environment) return false;
  for (const auto& [name, value] : {std::pair{"HOME", path}, std::pair{"TMPDIR", path},
                                    std::pair{"MPLCONFIGDIR", path + "/.config/matplotlib"}}) {
    const PyRef text(PyUnicode_DecodeFSDefault(value.c_str()));
    if (!text || PyMapping_SetItemString(environment.get(), name, text.get()) != 0) return false;
  }
  return true;
}

bool Interpreter::prime(Priming priming) {
  const PyRef snippet =
      bytes(priming == Priming::kAlways ? embedded::kPrimeScript : embedded::kPrimeIdleScript);
  const PyRef done(PyObject_CallOneArg(state_->prime.get(), snippet.get()));
  if (!done) PyErr_Clear();
  return done && PyObject_IsTrue(done.get()) == 1;
}

protocol::OutcomeClaim Interpreter::execute(const protocol::RunRequest& request, Show show) {
  const PyRef script = bytes(request.script);
  const PyRef args = bytes(request.args_json);
  const PyRef kwargs = bytes(request.kwargs_json);
  const PyRef display = display_arguments(state_->show, request.display, std::move(show));
  start_collecting_denials();
  const PyRef outcome(
      display ? PyObject_CallFunction(state_->execute.get(), "OOOOKO", script.get(), args.get(), kwargs.get(),
                                      request.strict ? Py_True : Py_False,
                                      static_cast<unsigned long long>(request.result_bytes), display.get())
              : nullptr);
  auto denied = take_collected_denials();
  // What C code of the script's libraries has buffered belongs to its output too.
  std::fflush(nullptr);
  protocol::OutcomeClaim claim{
      protocol::OutcomeKind::kException, {}, "The script's outcome could not be read", {}, std::move(denied)};
  if (!outcome || !PyTuple_Check(outcome.get()) || PyTuple_Size(outcome.get()) != 4) {
    PyErr_Clear();
    return claim;
  }
  claim.kind = static_cast<protocol::OutcomeKind>(PyLong_AsLong(PyTuple_GetItem(outcome.get(), 0)));
  claim.result_json = bytes_at(outcome.get(), 1);
  claim.error = bytes_at(outcome.get(), 2);
  claim.exception_json = bytes_at(outcome.get(), 3);
  return claim;
}

}  // namespace cellblock::runner
