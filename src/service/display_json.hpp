// What a script has shown, as JSON: the MIME bundles of notebooks.
#pragma once

#include <string>

#include "engine/display.hpp"

namespace cellblock::service {

// {"data":{"text/plain":"…","image/png":"<base64>"}}. Precondition: what says that it is JSON is; it is
// spliced in as it stands.
void append_bundle(std::string& text, const engine::DisplayBundle& bundle);

// ,"display":[…] and, if anything was left out, ,"display_skipped":[{"type","reason"},…].
void append_display(std::string& text, const engine::Shown& shown);

// Whether a limit has kept anything out.
[[nodiscard]] bool did_not_fit(const engine::Shown& shown);

}  // namespace cellblock::service
