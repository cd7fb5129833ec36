#include "service/display_json.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "service/json_text.hpp"

namespace cellblock::service {
namespace {

using nlohmann::json;
using Kind = engine::Representation::Kind;

}  // namespace

void append_bundle(std::string& text, const engine::DisplayBundle& bundle) {
  text += "{\"data\":{";
  for (const engine::Representation& one : bundle) {
    if (text.back() != '{') text += ",";
    text.append(dumped(json(one.type))).append(":");
    if (one.kind == Kind::kJson) {
      text += one.data;
    } else if (one.kind == Kind::kBinary) {
      text.append("\"").append(base::to_base64(one.data)).append("\"");
    } else {
      text += dumped(json(one.data));
    }
  }
  text += "}}";
}

void append_display(std::string& text, const engine::Shown& shown) {
  text += ",\"display\":[";
  for (const engine::DisplayBundle& bundle : shown.bundles) {
    if (text.back() != '[') text += ",";
    append_bundle(text, bundle);
  }
  text += "]";
  if (shown.skipped.empty()) return;
  json skipped = json::array();
  for (const engine::SkippedDisplay& one : shown.skipped) {
    skipped.push_back({{"type", one.type.empty() ? json() : json(one.type)}, {"reason", one.reason}});
  }
  text.append(",\"display_skipped\":").append(dumped(skipped));
}

bool did_not_fit(const engine::Shown& shown) {
  return std::any_of(shown.skipped.begin(), shown.skipped.end(),
                     [](const engine::SkippedDisplay& one) { return one.did_not_fit; });
}

}  // namespace cellblock::service
