// What one field of an nsjail configuration comes to here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cellblock::nsjail {

enum class Outcome : std::uint8_t {
  kApplied,       // sets an option
  kAlreadySo,     // cells are like that, or stricter, whatever a configuration says
  kNoted,         // changes nothing; `text` says why that is right
  kRefused,       // would take a wall away
  kNotSupported,  // cells can't be had like that
  kWrong          // nsjail would not take it either, or the option does not go so far
};
[[nodiscard]] std::string_view outcome_name(Outcome outcome);
// Whether a service does not start with it.
[[nodiscard]] bool is_error(Outcome outcome);

struct Finding {
  int line = 0;         // from 1; 0: the file as a whole
  int column = 0;       // from 1
  std::string field{};  // "mount.rw"
  std::string value{};  // as text format writes it, shortened
  Outcome outcome = Outcome::kNoted;
  std::string text{};  // the option with its value, or the reason
};

// "line 3, column 1: keep_env = true: refused: the service's environment holds its secrets"
[[nodiscard]] std::string describe(const Finding& finding);

// A table for people: line, field, value, what comes of it; sorted by line.
[[nodiscard]] std::string explanation(std::vector<Finding> findings);

}  // namespace cellblock::nsjail
