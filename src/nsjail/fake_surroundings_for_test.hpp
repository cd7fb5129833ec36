// A host with an application in /opt/app, and nothing else of note.
#pragma once

#include "nsjail/surroundings.hpp"

namespace cellblock::nsjail {

inline Surroundings fake_surroundings() {
  Surroundings surroundings;
  surroundings.find = [](const std::string& path) -> std::optional<FoundPath> {
    if (path == "/opt/app" || path == "/etc/app" || path == "/proc/sys" || path == "/home") {
      return FoundPath{path, true, 0};
    }
    if (path == "/opt/link") return FoundPath{"/etc/shadow", false, 10};
    if (path == "/opt/file") return FoundPath{path, false, 1U << 20U};
    if (path == "/opt/large") return FoundPath{path, false, (1U << 20U) + 1};
    return std::nullopt;
  };
  surroundings.read_file = [](const std::string& path) -> base::Result<std::string> {
    if (path == "/opt/policy") return std::string("KILL { ptrace, mkdir }\nDEFAULT ALLOW\n");
    return base::make_error("open " + path);
  };
  surroundings.current_limit = [](int) { return CurrentLimit{64, kInfinite}; };
  return surroundings;
}

}  // namespace cellblock::nsjail
