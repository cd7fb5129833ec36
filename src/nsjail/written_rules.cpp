// Mounts that are none: a file with the content that the configuration has, and a symbolic link.
#include <algorithm>
#include <array>

#include "config/cell_view.hpp"
#include "nsjail/mount.hpp"

namespace cellblock::nsjail {
namespace {

constexpr std::string_view kOwn = "cells have one of their own";

bool is_own_link(std::string_view place) {
  constexpr std::array<std::string_view, 9> kLinks = {
      "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr"};
  return std::find(kLinks.begin(), kLinks.end(), place) != kLinks.end();
}

// True when it has been told why there can be nothing.
bool place_is_taken(const Mount& mount) {
  const std::string reason = config::why_not_at(mount.target);
  if (!reason.empty()) mount.add(mount.mandatory() ? Outcome::kNotSupported : Outcome::kNoted, reason);
  return !reason.empty();
}

void read_content(const Mount& mount, const std::string& content) {
  const bool of_etc = mount.target.starts_with("/etc/") && is_shown(mount.target);
  if (of_etc) return mount.add(Outcome::kNoted, std::string(kOwn));
  if (flag_of(mount.message, "rw"))
    return mount.add("rw", Outcome::kNotSupported,
                     "a file with given content is one for all scripts, and read-only");
  if (place_is_taken(mount)) return;
  const std::string element = mount.target + "=" + content;
  if (!config::read_cell_file(element)) {
    return mount.add("src_content", Outcome::kNotSupported,
                     "up to 64 KB of UTF-8 at a plain path: write it to a file and bind that");
  }
  mount.reading.append(mount.place, "cell-files", {element}, {}, mount.target);
}

void read_link(const Mount& mount) {
  if (mount.source.empty()) return mount.add(Outcome::kWrong, "a link needs src");
  if (is_own_link(mount.target)) return mount.add(Outcome::kAlreadySo, std::string(kOwn));
  if (place_is_taken(mount)) return;
  const std::string element = mount.target + "=" + mount.source;
  if (!config::read_cell_link(element))
    return mount.add("src", Outcome::kNotSupported, "a link is an absolute and plain path, and leads to one");
  mount.reading.append(mount.place, "cell-links", {element});
}

}  // namespace

bool read_written(const Mount& mount) {
  const std::string content = text_of(mount.message, "src_content");
  if (!content.empty()) {
    read_content(mount, content);
  } else if (flag_of(mount.message, "is_symlink")) {
    read_link(mount);
  } else {
    return false;
  }
  return true;
}

}  // namespace cellblock::nsjail
