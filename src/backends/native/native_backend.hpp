// The backend that cellblock exists for: cells forked from the zygote, made and ended by the jailer.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "backends/native/cell_defaults.hpp"
#include "backends/native/jailer_launch.hpp"
#include "backends/native/jailer_link.hpp"
#include "backends/native/zygote_renewal.hpp"
#include "engine/backend.hpp"

namespace cellblock::backends::native {

// In their order, without waits in between. The first three are the jailer's and the zygote's, as the jailer
// sees them; `seal` and `prime` the cell's own; `teardown` is from the first step of its end until its place
// is free.
inline constexpr std::array<std::string_view, 6> kSteps{"namespaces", "mounts", "fork",
                                                        "seal",       "prime",  "teardown"};

struct NativeEvents {
  // The zygote died, or came back, or can't start: a line for the log.
  std::function<void(const std::string&)> zygote;
  // A zygote has ended or could not start, for the figures; may be empty.
  std::function<void()> zygote_lost{};
  // A pool has another zygote as planned; or not, and why. May be empty.
  std::function<void(std::size_t pool, const std::string& failure)> renewed{};
  // A step of making or ending a cell took so long, for the figures; may be empty. The names are in kSteps.
  std::function<void(std::string_view, std::chrono::microseconds)> step{};
  // A cell could not be made: why. Once for the same reason, until one can be made again.
  std::function<void(const std::string&)> unable;
  // The jailer is dead; no cell can ever be made again. The service should end.
  std::function<void(const std::string&)> fatal;
};

// Takes over a launched jailer. Limits and CPUs of `defaults` must be what it was launched with.
[[nodiscard]] std::unique_ptr<engine::Backend> make_native_backend(JailerProcess jailer,
                                                                   CellDefaults defaults, NativeEvents events,
                                                                   RenewalPlan renewal = {});

}  // namespace cellblock::backends::native
