#include "config/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace cellblock::config {
namespace {

// Levenshtein distance, one row of the matrix at a time; the first column is never stored.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size());
  std::iota(row.begin(), row.end(), std::size_t{1});
  std::size_t result = to.size();
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = i;
    result = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j];
      result = std::min({replaced, result + 1, row[j] + 1});
      row[j] = result;
    }
  }
  return result;
}

}  // namespace

std::string_view nearest_of(std::string_view wrong, std::span<const std::string_view> names) {
  return *std::min_element(names.begin(), names.end(), [wrong](std::string_view a, std::string_view b) {
    return distance(wrong, a) < distance(wrong, b);
  });
}

std::string_view nearest_name(std::string_view wrong) {
  std::vector<std::string_view> names;
  for (const OptionSpec& spec : option_table()) names.push_back(spec.name);
  return nearest_of(wrong, names);
}

}  // namespace cellblock::config
