#include "config/option_table.hpp"

#include <cctype>

#include "config/option_rows.hpp"

namespace cellblock::config {
namespace {

std::vector<OptionSpec> all_rows() {
  std::vector<OptionSpec> rows;
  for (const auto& part : {server_rows(), replay_rows(), client_rows(), limit_rows(), capacity_rows(),
                           isolation_rows(), log_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace

std::span<const OptionSpec> option_table() {
  // Constant data: the only reason for `static` is that a vector cannot be constexpr.
  static const std::vector<OptionSpec> kRows = all_rows();
  return kRows;
}

std::vector<std::string> environment_names(const OptionSpec& spec) {
  if (!spec.environment.empty()) return {spec.environment.begin(), spec.environment.end()};
  std::string name = "CELLBLOCK_";
  for (const char letter : spec.name) {
    name += letter == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  return {name};
}

}  // namespace cellblock::config
