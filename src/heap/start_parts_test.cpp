// In children, since an interpreter can be started once in a process.
#include "heap/start_parts.hpp"

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace cellblock::heap {
namespace {

class Recorder final : public StartParts {
 public:
  void begin(std::string_view part) override { parts.emplace_back(part); }
  [[nodiscard]] bool has(const std::string& part) const {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  }
  std::vector<std::string> parts;
};

// 0 when all went well, else the number of the step that did not.
int watch_a_start() {
  Recorder recorder;
  recorder.watch();
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  if (PyStatus_Exception(Py_InitializeFromConfig(&config)) != 0) return 1;
  PyConfig_Clear(&config);
  if (!recorder.has("encodings")) return 2;
  if (PyRun_SimpleString("import json\nexec(compile('1', 'a part', 'exec'))") != 0) return 3;
  if (!recorder.has("json") || !recorder.has("a part")) return 4;
  StartParts::unwatch();
  const std::size_t count = recorder.parts.size();
  if (PyRun_SimpleString("import smtplib\nexec(compile('1', 'another', 'exec'))") != 0) return 5;
  return recorder.parts.size() == count ? 0 : 6;
}

TEST(StartPartsTest, TellsWhatIsRunAndImportedUntilItIsToldToStop) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(watch_a_start());
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
}

}  // namespace
}  // namespace cellblock::heap
