// Names that Kafel policies use without defining them: constants of the kernel's, and arguments of calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cellblock::nsjail {

[[nodiscard]] std::optional<std::uint64_t> kernel_constant(std::string_view name);

// Which argument of a call has this name, from 0; nullopt when that is not known.
[[nodiscard]] std::optional<unsigned> argument_of(std::string_view call, std::string_view name);

}  // namespace cellblock::nsjail
