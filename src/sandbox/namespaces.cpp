#include "sandbox/namespaces.hpp"

#include <unistd.h>

#include <array>
#include <climits>
#include <set>
#include <sstream>

namespace cellblock::sandbox {

base::Result<std::string> own_namespaces() {
  std::string names;
  for (const char* kind : {"user", "pid", "mnt", "net", "ipc", "uts", "cgroup"}) {
    const std::string link = std::string("/proc/self/ns/") + kind;
    std::array<char, NAME_MAX> text{};
    const ssize_t size = ::readlink(link.c_str(), text.data(), text.size());
    if (size <= 0) return base::errno_error("read " + link);
    names += (names.empty() ? "" : " ") + std::string(text.data(), static_cast<std::size_t>(size));
  }
  return names;
}

std::string shared_namespaces(const std::string& own, const std::string& others) {
  std::istringstream outside(others);
  std::set<std::string> known;
  for (std::string name; outside >> name;) known.insert(name);
  std::istringstream inside(own);
  std::string shared;
  for (std::string name; inside >> name;) {
    if (known.contains(name)) shared += (shared.empty() ? "" : " ") + name;
  }
  return shared;
}

}  // namespace cellblock::sandbox
