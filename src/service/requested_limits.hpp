// The `limits` object of a request against the operator's limits: a request may lower, never raise.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "engine/execution.hpp"
#include "service/request_fault.hpp"

namespace cellblock::service {

// One field of the `limits` object.
struct LimitField {
  std::string_view name;
  bool fractional;  // whole numbers only, if false
  // The operator's bound in the field's own unit.
  double (*allowed)(const engine::Limits&);
  // Precondition: 0 < value <= allowed().
  void (*lower)(engine::Limits&, double value);
  double least = 0;  // below this not even an empty script runs; 0: anything above zero
};

inline constexpr std::size_t kLimitFieldCount = 6;
extern const std::array<LimitField, kLimitFieldCount> kLimitFields;

// What a request asks for, by position in kLimitFields.
using RequestedLimits = std::array<std::optional<double>, kLimitFieldCount>;

// The operator's limits with the asked ones lowered. The fault names the limit, what was asked and what
// is allowed.
[[nodiscard]] Parsed<engine::Limits> resolve_limits(const RequestedLimits& requested,
                                                    const engine::Limits& allowed);

}  // namespace cellblock::service
