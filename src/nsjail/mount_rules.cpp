// Mounts: what cells show already, what an option can add, and what they never show.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "config/cell_view.hpp"
#include "config/value.hpp"
#include "nsjail/mount.hpp"

namespace cellblock::nsjail {
namespace {

constexpr std::uint64_t kMebibyte = 1ULL << 20U;
constexpr std::uint64_t kLargestFile = kMebibyte;

constexpr std::array<std::string_view, 26> kShown = {"/usr",
                                                     "/usr/bin",
                                                     "/usr/lib",
                                                     "/usr/lib64",
                                                     "/usr/share",
                                                     "/bin",
                                                     "/sbin",
                                                     "/lib",
                                                     "/lib32",
                                                     "/lib64",
                                                     "/etc/alternatives",
                                                     "/etc/ld.so.cache",
                                                     "/etc/python3.11",
                                                     "/etc/fonts",
                                                     "/etc/matplotlibrc",
                                                     "/etc/mime.types",
                                                     "/etc/services",
                                                     "/etc/protocols",
                                                     "/etc/timezone",
                                                     "/etc/localtime",
                                                     "/etc/ssl/openssl.cnf",
                                                     "/etc/passwd",
                                                     "/etc/group",
                                                     "/etc/hosts",
                                                     "/etc/nsswitch.conf",
                                                     "/usr/lib/python3"};
constexpr std::array<std::string_view, 4> kShownBelow = {"/usr/bin/", "/usr/lib/", "/usr/lib64/",
                                                         "/usr/share/"};
constexpr std::array<std::string_view, 5> kDevices = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                                      "/dev/urandom"};

std::string without_slash_at_the_end(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// Paths that depend on an environment. True when one is an error.
bool has_unsupported_field(const Mount& mount) {
  bool any = false;
  for (const char* field : {"prefix_src_env", "prefix_dst_env"}) {
    if (text_of(mount.message, field).empty()) continue;
    mount.add(field, Outcome::kNotSupported,
              "write the whole path: the service's environment is not looked at");
    any = true;
  }
  return any;
}

// Of a place that this mount makes.
void read_no_exec(const Mount& mount) {
  if (flag_of(mount.message, "noexec"))
    mount.reading.append(within(mount.place, "noexec"), "no-exec", {mount.target});
}

void read_bind_of_device(const Mount& mount) {
  const bool known = std::find(kDevices.begin(), kDevices.end(), mount.source) != kDevices.end();
  if (known && mount.source == mount.target) {
    return mount.add(Outcome::kAlreadySo, "cells have null, zero, full, random and urandom");
  }
  mount.add(Outcome::kRefused, "cells have no other devices than null, zero, full, random and urandom");
}

// True when it has been told why scripts may not write there.
bool refuses_writing(const Mount& mount, const std::string& true_path) {
  for (const std::string& path : {true_path, mount.target}) {
    const std::string reason = config::why_not_writable(path);
    if (reason.empty()) continue;
    mount.add("rw", Outcome::kRefused, reason);
    return true;
  }
  if (mount.reading.surroundings().bind_writable) return false;
  mount.add(
      "rw", Outcome::kRefused,
      "what one script writes to a place of the host would reach the next; for empty directories there is "
      "tmpfs; option dangerously-bind-writable allows it");
  return true;
}

void read_writable_bind(const Mount& mount, const FoundPath& found, const std::string& element) {
  if (refuses_writing(mount, found.true_path)) return;
  if (!found.directory)
    return mount.add("rw", Outcome::kNotSupported, "single files are copied; bind its directory");
  mount.reading.append(mount.place, "bind", {element + ":rw"}, "on the host's disk, and one for all scripts");
  read_no_exec(mount);
}

void read_bind(const Mount& mount) {
  if (mount.source.empty()) return mount.add(Outcome::kWrong, "a bind mount needs src");
  if (!text_of(mount.message, "options").empty()) {
    return mount.add("options", Outcome::kNotSupported, "bind mounts have no options here");
  }
  if (mount.source.starts_with("/dev/")) return read_bind_of_device(mount);
  const bool writable = flag_of(mount.message, "rw");
  if (writable && refuses_writing(mount, mount.source)) return;
  if (!writable && mount.source == mount.target && is_shown(mount.source)) {
    if (flag_of(mount.message, "noexec"))
      return mount.add("noexec", Outcome::kNotSupported,
                       "the programs and libraries of the system are in there");
    return mount.add(Outcome::kAlreadySo, mount.source == "/usr" ? "cells have its bin, lib, lib64 and share"
                                                                 : "cells have it, or one of their own");
  }
  const auto found = mount.reading.surroundings().find(mount.source);
  if (!found) {
    return mount.add(mount.mandatory() ? Outcome::kWrong : Outcome::kNoted,
                     "no file or directory is at " + mount.source);
  }
  if (const auto secret = config::private_at(found->true_path)) {
    const bool allowed = !secret->never && mount.reading.surroundings().show_private_files;
    const std::string hint = secret->never ? "" : "; option dangerously-show-private-files allows it";
    if (!allowed) {
      return mount.add(Outcome::kRefused, "shows scripts " + std::string(secret->reason) + hint);
    }
  }
  if (has(mount.message, "is_dir") && flag_of(mount.message, "is_dir") != found->directory) {
    return mount.add("is_dir", Outcome::kWrong,
                     mount.source + (found->directory ? " is a directory" : " is a file"));
  }
  if (const std::string reason = config::why_not_at(mount.target); !reason.empty()) {
    return mount.add(Outcome::kNotSupported, reason);
  }
  if (!found->directory && found->bytes > kLargestFile) {
    return mount.add(Outcome::kNotSupported, "single files are copied, and 1 MB at most; bind its directory");
  }
  std::string element = mount.source == mount.target ? mount.source : mount.source + ":" + mount.target;
  if (writable) return read_writable_bind(mount, *found, element);
  if (flag_of(mount.message, "noexec") && !found->directory)
    return mount.add("noexec", Outcome::kNotSupported, "single files are copied; bind its directory");
  mount.reading.append(mount.place, "bind", {element});
  read_no_exec(mount);
}

struct TmpfsOptions {
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint64_t> inodes;
};

std::optional<std::uint64_t> size_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr std::string_view kSuffixes = "kmg";
  if (error != std::errc() || suffix.size() > 1) return std::nullopt;
  if (suffix.empty()) return number;
  const auto index = kSuffixes.find(static_cast<char>(suffix.front() | 0x20));
  if (index == std::string_view::npos) return std::nullopt;
  const auto shift = static_cast<unsigned>(10 * (index + 1));
  // What wraps round is as good as endless.
  return number > (kInfinite >> shift) ? kInfinite : number << shift;
}

// "size=64M,nr_inodes=1000,mode=1777"; nullopt, with a finding, when there is something else.
std::optional<TmpfsOptions> tmpfs_options(const Mount& mount) {
  TmpfsOptions read;
  const std::string whole = text_of(mount.message, "options");
  for (std::size_t begin = 0; begin < whole.size();) {
    const std::size_t end = std::min(whole.find(',', begin), whole.size());
    const std::string_view option = std::string_view(whole).substr(begin, end - begin);
    begin = end + 1;
    const auto equals = std::min(option.find('='), option.size());
    const std::string_view name = option.substr(0, equals);
    const auto value = size_of(option.substr(std::min(equals + 1, option.size())));
    // Of the cell's one user, with or without a mode.
    if (name == "mode") continue;
    if ((name != "size" && name != "nr_inodes") || !value) {
      mount.add("options", Outcome::kNotSupported,
                "'" + std::string(option) + "' is not one of size=N[k|m|g], nr_inodes=N, mode=N");
      return std::nullopt;
    }
    (name == "size" ? read.bytes : read.inodes) = *value;
  }
  return read;
}

void read_working_directory(const Mount& mount, const TmpfsOptions& options) {
  mount.add(Outcome::kAlreadySo, "the working directory, fresh for each script");
  if (options.bytes) {
    mount.reading.apply(within(mount.place, "options"), "workdir-mb", *options.bytes,
                        size_text(*options.bytes));
  }
  if (options.inodes) {
    mount.reading.apply(within(mount.place, "options"), "workdir-inodes", *options.inodes,
                        std::to_string(*options.inodes));
  }
  read_no_exec(mount);
}

void read_tmpfs(const Mount& mount) {
  const bool writable = flag_of(mount.message, "rw");
  if (mount.target == "/" || mount.target == "/dev") {
    return mount.add(writable ? Outcome::kRefused : Outcome::kAlreadySo,
                     "a cell's root is a tmpfs that nobody can write to");
  }
  if (!writable) {
    return mount.add(Outcome::kNotSupported, "a tmpfs that nobody can write to; does it lack rw: true?");
  }
  const auto options = tmpfs_options(mount);
  if (!options) return;
  if (mount.target == "/tmp") return read_working_directory(mount, *options);
  if (mount.target == "/dev/shm") {
    if (options->inodes)
      return mount.add("options", Outcome::kNotSupported, "it has the inodes of the working directory");
    mount.add(Outcome::kAlreadySo, "cells have it");
    if (options->bytes)
      mount.reading.apply(within(mount.place, "options"), "shm-mb", *options->bytes,
                          size_text(*options->bytes));
    return;
  }
  if (const std::string reason = config::why_not_at(mount.target); !reason.empty()) {
    return mount.add(Outcome::kNotSupported, reason);
  }
  if (options->inodes)
    return mount.add("options", Outcome::kNotSupported, "it has the inodes of the working directory");
  if (!options->bytes) {
    const std::string size = std::to_string(config::default_options().workdir_bytes / kMebibyte);
    mount.reading.append(mount.place, "tmpfs", {mount.target + ":" + size}, "no size is asked for");
    return read_no_exec(mount);
  }
  mount.reading.append(mount.place, "tmpfs",
                       {mount.target + ":" + std::to_string(*options->bytes / kMebibyte)});
  read_no_exec(mount);
}

}  // namespace

bool is_shown(std::string_view path) {
  return std::find(kShown.begin(), kShown.end(), path) != kShown.end() ||
         std::any_of(kShownBelow.begin(), kShownBelow.end(),
                     [path](std::string_view place) { return path.starts_with(place); });
}

void read_mount(Reading& reading, const Place& place) {
  const Place target = within(place, "dst");
  const Mount mount{reading, place, *target.message,
                    without_slash_at_the_end(text_of(*target.message, "src")),
                    without_slash_at_the_end(text_of(*target.message, "dst"))};
  if (mount.target.empty()) return mount.add(Outcome::kWrong, "a mount needs dst");
  if (has_unsupported_field(mount) || read_written(mount)) return;
  const std::string type = text_of(mount.message, "fstype");
  if (flag_of(mount.message, "is_bind")) return read_bind(mount);
  if (type == "tmpfs") return read_tmpfs(mount);
  if (type == "proc" && mount.target == "/proc") {
    if (flag_of(mount.message, "rw"))
      return mount.add("rw", Outcome::kRefused, "the kernel's settings are in there");
    return mount.add(Outcome::kAlreadySo, "a cell has a /proc of its own with nothing but its processes");
  }
  if (type.empty()) return mount.add(Outcome::kWrong, "needs is_bind or fstype");
  mount.add(type == "proc" ? Outcome::kNotSupported : Outcome::kRefused,
            "of file systems cells have tmpfs, and proc at /proc");
}

}  // namespace cellblock::nsjail
