// Each test in a child of its own: an interpreter can be started once in a process.
#include "heap/python_heap.hpp"

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace cellblock::heap {
namespace {

bool start_python(PythonHeap& heap) {
  PyPreConfig before;
  PyPreConfig_InitIsolatedConfig(&before);
  if (PyStatus_Exception(Py_PreInitialize(&before)) != 0) return false;
  heap.install();
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  const bool started = PyStatus_Exception(Py_InitializeFromConfig(&config)) == 0;
  PyConfig_Clear(&config);
  return started && PyRun_SimpleString("import json, re, collections") == 0;
}

// Its value is how many of the last byte the child reports, 255 when anything goes wrong.
int in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

Layout recorded_layout() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto heap = PythonHeap::recording();
    if (!start_python(*heap)) ::_exit(1);
    heap->settle();
    Layout all;
    for (const auto& [address, object] : heap->live()) all.push_back(object);
    const std::string bytes = encode_layout(all);
    for (std::size_t sent = 0; sent < bytes.size();) {
      sent += static_cast<std::size_t>(::write(ends[1], bytes.data() + sent, bytes.size() - sent));
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string bytes;
  char buffer[65536];
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof(buffer))) > 0;) {
    bytes.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return decode_layout(bytes);
}

TEST(PythonHeapTest, FindsAgainWhatAnotherStartHasAllocated) {
  const Layout layout = recorded_layout();
  ASSERT_GT(layout.size(), 10'000U);
  // Addresses and hashes differ from start to start, and a few objects' order with them.
  EXPECT_EQ(in_child([&layout] {
              const auto heap = PythonHeap::placing(layout);
              if (!start_python(*heap)) return 1;
              heap->settle();
              return heap->placed() * 10 > layout.size() * 8 ? 0 : 2;
            }),
            0);
}

TEST(PythonHeapTest, ScriptsRunAsEverWithPlacedObjects) {
  const Layout layout = recorded_layout();
  EXPECT_EQ(in_child([&layout] {
              const auto heap = PythonHeap::placing(layout);
              if (!start_python(*heap)) return 1;
              heap->settle();
              // Frees and resizes a good part of what has been placed, and goes on.
              return PyRun_SimpleString(
                         "import gc, sys\n"
                         "for name in ('json', 'json.decoder', 're', 'collections'):\n"
                         "    sys.modules.pop(name).__dict__.clear()\n"
                         "sys.path.extend(map(str, range(1000)))\n"
                         "gc.collect()\n"
                         "import tracemalloc\n"
                         "tracemalloc.start()\n"
                         "import json, re\n"
                         "assert json.loads('[1, 2]') == [1, 2] and re.match('a+', 'aa')\n"
                         "del sys.path[10:]\n"
                         "tracemalloc.stop()\n") == 0
                         ? 0
                         : 2;
            }),
            0);
}

TEST(PythonHeapTest, AnEmptyLayoutChangesNothing) {
  EXPECT_EQ(in_child([] {
              const auto heap = PythonHeap::placing({});
              if (!start_python(*heap)) return 1;
              heap->settle();
              return heap->placed() == 0 && heap->live().empty() ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace cellblock::heap
