// Which environment variables an operator may give to scripts. The zygote has them too, and it has rights:
// so nothing that decides which code it runs, and nothing that makes it more than one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cellblock::config {

// What every cell has without anybody's word (jailer/zygote_process.cpp); empty for other names.
[[nodiscard]] std::optional<std::string_view> own_value_of(std::string_view name);

// "NAME=VALUE" of UTF-8, at most 4096 bytes.
[[nodiscard]] bool is_variable(std::string_view text);

// Why a variable can't be had, for people, with the value that cells have; empty when it can.
struct VariableRefusal {
  std::string reason;
  bool opens_a_wall = false;
};
[[nodiscard]] std::optional<VariableRefusal> why_not_variable(std::string_view text);

// A variable that cells can have; their own value among them.
[[nodiscard]] bool is_cell_variable(std::string_view text);

// What the interpreter of a cell does not read, since it is started without regard to PYTHON… variables;
// programs that a script starts do.
[[nodiscard]] bool is_for_programs_only(std::string_view name);

}  // namespace cellblock::config
