// The language of fake scripts, so that tests of the layers above can ask for any ending of a run. One
// command per line; lines that are no command are skipped, so a real Python script just echoes.
//
//   print TEXT | warn TEXT   adds a line to stdout | stderr
//   sleep MS                 delays the report
//   echo                     claims args_json as the result (also the default)
//   result JSON              claims this result
//   claim STATUS ERROR…      claims a failure: "claim exception ValueError: no"
//   exit CODE | signal N     the process ends so;  oom: killed by the kernel for its memory
//   flood | forge | big      endless output | bytes that are no frame | a result beyond the limit
//   broken TEXT              the backend lost the cell
//   unstarted                the cell was dead before the script came
//   hang                     reports only after end()
//   deaf                     never reports
#pragma once

#include <chrono>
#include <functional>

#include "engine/backend.hpp"

namespace cellblock::fake {

// What a fake cell does with one job.
struct Behaviour {
  engine::Report report;
  std::chrono::milliseconds after{0};
  bool hangs = false;  // the report comes only after end()
  bool deaf = false;   // no report comes at all
};

using Script = std::function<Behaviour(const engine::Job&)>;

// Reads job.script in the language above.
[[nodiscard]] Behaviour follow_script(const engine::Job& job);

}  // namespace cellblock::fake
