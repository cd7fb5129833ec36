#include "zygote/layouts.hpp"

#include <algorithm>
#include <string_view>

namespace cellblock::embedded {
extern const std::string_view kLightLayout;
extern const std::string_view kMainLayout;
}  // namespace cellblock::embedded

namespace cellblock::zygote {

heap::Layout layout_for(const std::vector<std::string>& modules) {
  const bool large = std::any_of(modules.begin(), modules.end(), [](const std::string& module) {
    return module == "numpy" || module == "pandas";
  });
  return heap::decode_layout(large ? embedded::kMainLayout : embedded::kLightLayout);
}

}  // namespace cellblock::zygote
