// Tells which part of its start an interpreter is in: the module whose code is run or that is imported. By an
// audit hook, which Python calls for both, also before anything of Python's own runs.
#pragma once

#include <string_view>

namespace cellblock::heap {

class StartParts {
 public:
  virtual void begin(std::string_view part) = 0;

  // Once, with Python not yet initialised. This object must stay until unwatch().
  void watch();
  // Takes the hook away again: Python has no call for that, and with a hook every audited call in a script,
  // such as id(), would make a tuple for it. No other hook may have been added since.
  static void unwatch();

 protected:
  StartParts() = default;
  StartParts(const StartParts&) = default;
  StartParts& operator=(const StartParts&) = default;
  ~StartParts() = default;
};

}  // namespace cellblock::heap
