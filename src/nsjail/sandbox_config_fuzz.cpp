// An nsjail configuration with all that stands in it, Kafel policies among it, and its explanation.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/option_table.hpp"
#include "config/value.hpp"
#include "nsjail/fake_surroundings_for_test.hpp"
#include "nsjail/sandbox_config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cellblock;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const nsjail::SandboxConfig read = nsjail::read_sandbox_config(text, nsjail::fake_surroundings());
  static_cast<void>(nsjail::explanation(read.findings));
  config::Options options = config::default_options();
  // Whatever it says: what it sets is what the options allow.
  for (const config::OptionSpec& spec : config::option_table()) {
    const auto found = read.values.find(spec.name);
    if (found == read.values.end()) continue;
    const bool set = config::is_list(spec) ? config::set_elements(spec, found->second, options)
                                           : config::set_value(spec, found->second.back(), options);
    if (!set) std::abort();
  }
  return 0;
}
