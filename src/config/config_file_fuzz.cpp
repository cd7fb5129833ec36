// The configuration file, and every value in it as the option's own type.
#include <cstdint>
#include <string>

#include "config/config_file.hpp"
#include "config/option_table.hpp"
#include "config/value.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cellblock::config;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const FileContents contents = parse_config(text, "file");
  Options options = default_options();
  for (const OptionSpec& spec : option_table()) {
    const auto found = contents.values.find(spec.name);
    if (found != contents.values.end()) static_cast<void>(set_value(spec, found->second, options));
  }
  static_cast<void>(with_automatic_values(options, 2, 1U << 30U));
  return 0;
}
