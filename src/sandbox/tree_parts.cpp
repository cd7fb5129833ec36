#include "sandbox/tree_parts.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

#include "base/fd.hpp"

namespace cellblock::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr unsigned long kReadOnly = MS_RDONLY | MS_NOSUID | MS_NODEV;
constexpr unsigned long kWritable = MS_NOSUID | MS_NODEV;

StepResult bind(const std::string& path, const std::string& target, unsigned long flags) {
  if (::mount(path.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return step_failed(Step::kFileTree);
  // A bind takes its flags only in a second step; no set-uid file and no device works in the tree.
  if (::mount(nullptr, target.c_str(), nullptr, MS_BIND | MS_REMOUNT | flags, nullptr) != 0) {
    return step_failed(Step::kFileTree);
  }
  return {};
}

StepResult overlay(const std::string& root, const std::string& path, const std::string& target,
                   unsigned long flags) {
  // A relative layer, since the option's text can't hold every character that a path may have.
  if (::chdir(path.c_str()) != 0) return step_failed(Step::kFileTree);
  // An overlay without a writable layer wants two others: the second is the tree's own empty mount point.
  const std::string layers = "lowerdir=.:" + root + "/proc";
  StepResult mounted;
  if (::mount("cellblock", target.c_str(), "overlay", flags, layers.c_str()) != 0) {
    mounted = step_failed(Step::kFileTree);
  }
  // A working directory would keep the covered place in reach.
  if (::chdir("/") != 0) return step_failed(Step::kFileTree);
  return mounted;
}

StepResult show_directory_at(const std::string& root, const std::string& path, const std::string& target,
                             Inodes inodes, unsigned long flags) {
  if (auto made = make_directories(target); !made) return made;
  return inodes == Inodes::kOwn ? overlay(root, path, target, flags) : bind(path, target, flags);
}

struct Device {
  const char* path;
  unsigned int minor;  // of the kernel's memory devices, major number 1
};

constexpr std::array<Device, 5> kDevices = {
    {{"/dev/null", 3}, {"/dev/zero", 5}, {"/dev/full", 7}, {"/dev/random", 8}, {"/dev/urandom", 9}}};

StepResult make_own_node(const Device& device, const std::string& target) {
  // Of this tree alone: a lock on the host's node would be seen by all who use it.
  if (::mknod(target.c_str(), S_IFCHR | 0666, ::makedev(1, device.minor)) != 0)
    return step_failed(Step::kFileTree);
  // mknod respects the umask.
  if (::chmod(target.c_str(), 0666) != 0) return step_failed(Step::kFileTree);
  return {};
}

StepResult bind_node(const Device& device, const std::string& target) {
  if (auto made = write_text(target, ""); !made) return made;
  // A bind of the host's node works without root; mknod is refused in a user namespace.
  if (::mount(device.path, target.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return step_failed(Step::kFileTree);
  if (::mount(nullptr, target.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NOEXEC, nullptr) != 0) {
    return step_failed(Step::kFileTree);
  }
  return {};
}

}  // namespace

StepResult make_directories(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return {};
  return tl::make_unexpected(StepFailure{Step::kFileTree, error.value()});
}

StepResult write_text(const std::string& path, std::string_view text) {
  const base::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!file.valid() || !base::write_all(file.get(), text)) return step_failed(Step::kFileTree);
  return {};
}

StepResult show_directory(const std::string& root, const std::string& path, Inodes inodes) {
  return show_directory_at(root, path, root + path, inodes, kReadOnly);
}

StepResult show_path(const std::string& root, const ShownPath& shown, Inodes inodes) {
  const std::string target = root + shown.place;
  std::error_code error;
  if (fs::is_directory(shown.path, error)) {
    unsigned long flags = shown.writable ? kWritable : kReadOnly;
    if (shown.no_exec) flags |= MS_NOEXEC;
    return show_directory_at(root, shown.path, target, shown.writable ? Inodes::kShared : inodes, flags);
  }
  if (auto made = make_directories(fs::path(target).parent_path()); !made) return made;
  fs::copy_file(shown.path, target, error);
  if (error) return tl::make_unexpected(StepFailure{Step::kFileTree, error.value()});
  return {};
}

StepResult write_entry(const std::string& root, const WrittenEntry& entry) {
  const std::string target = root + entry.place;
  if (auto made = make_directories(fs::path(target).parent_path()); !made) return made;
  if (entry.kind == WrittenEntry::Kind::kFile) return write_text(target, entry.content);
  if (::symlink(entry.content.c_str(), target.c_str()) != 0) return step_failed(Step::kFileTree);
  return {};
}

StepResult copy_into(const std::string& root, const TreeEntry& entry) {
  std::error_code error;
  const fs::path target = root + entry.path;
  if (auto made = make_directories(target.parent_path()); !made) return made;
  auto options = fs::copy_options::recursive | fs::copy_options::copy_symlinks;
  if (entry.kind == TreeEntry::Kind::kCopy) options = fs::copy_options::recursive;
  fs::copy(entry.path, target, options, error);
  if (error && entry.required) return tl::make_unexpected(StepFailure{Step::kFileTree, error.value()});
  return {};
}

StepResult make_devices(const std::string& root, Devices devices) {
  if (auto made = make_directories(root + "/dev"); !made) return made;
  for (const Device& device : kDevices) {
    const std::string target = root + device.path;
    auto done = devices == Devices::kOwn ? make_own_node(device, target) : bind_node(device, target);
    if (!done) return done;
  }
  static constexpr std::array<std::array<const char*, 2>, 4> kLinks = {{{"/proc/self/fd", "/dev/fd"},
                                                                        {"/proc/self/fd/0", "/dev/stdin"},
                                                                        {"/proc/self/fd/1", "/dev/stdout"},
                                                                        {"/proc/self/fd/2", "/dev/stderr"}}};
  for (const auto& [target, link] : kLinks) {
    if (::symlink(target, (root + link).c_str()) != 0) return step_failed(Step::kFileTree);
  }
  return {};
}

}  // namespace cellblock::sandbox
