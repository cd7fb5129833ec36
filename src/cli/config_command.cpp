#include <algorithm>
#include <cstdio>

#include "cli/cell_view.hpp"
#include "cli/commands.hpp"

namespace cellblock::cli {

int config_explain(const config::Options& options, const std::string& file) {
  const auto read = load_sandbox_config(file, options);
  if (!read) {
    std::fprintf(stderr, "cellblock: %s\n", read.error().message().c_str());
    return kExitUsage;
  }
  std::fputs(nsjail::explanation(read->findings).c_str(), stdout);
  const auto errors =
      std::count_if(read->findings.begin(), read->findings.end(),
                    [](const nsjail::Finding& finding) { return nsjail::is_error(finding.outcome); });
  std::printf("\n%s\n", errors == 0 ? "cellblock serve takes it"
                                    : ("cellblock serve refuses it: " + std::to_string(errors) +
                                       (errors == 1 ? " field" : " fields"))
                                          .c_str());
  return errors == 0 ? kExitOk : kExitScriptFault;
}

}  // namespace cellblock::cli
