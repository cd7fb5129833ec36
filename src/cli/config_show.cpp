#include <cstdio>

#include "cli/commands.hpp"
#include "config/show.hpp"

namespace cellblock::cli {

int config_show(const config::Options& given, const config::Options& effective, bool as_json) {
  const std::string text =
      as_json ? config::show_json(given, effective) : config::show_text(given, effective);
  return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? kExitOk : kExitCannotSeal;
}

}  // namespace cellblock::cli
