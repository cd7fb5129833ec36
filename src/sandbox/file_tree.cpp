#include "sandbox/file_tree.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

#include "base/fd.hpp"

namespace cellblock::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr unsigned long kReadOnlyBind = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV;

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

StepResult bind_read_only(const std::string& root, const std::string& path) {
  const std::string target = root + path;
  if (auto made = make_directories(target); !made) return made;
  // Not recursive: a mount below /usr on the host is not part of what was chosen to be shown.
  if (::mount(path.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return step_failed(Step::kFileTree);
  // A bind takes its flags only in a second step; no set-uid file and no device works in the tree.
  if (::mount(nullptr, target.c_str(), nullptr, kReadOnlyBind, nullptr) != 0) {
    return step_failed(Step::kFileTree);
  }
  return {};
}

// Copies a file, or the files and links of a directory; what can't be read is left out, since what is
// private on the host must stay out.
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

// The host's /lib, /bin and so on are links into /usr on a merged-/usr system and directories elsewhere.
StepResult root_links(const std::string& root) {
  for (const char* name : {"/bin", "/lib", "/lib64", "/lib32", "/sbin"}) {
    std::error_code error;
    const fs::path link = fs::read_symlink(name, error);
    if (!error) {
      if (::symlink(link.c_str(), (root + name).c_str()) != 0) return step_failed(Step::kFileTree);
    } else if (fs::is_directory(name, error)) {
      if (auto bound = bind_read_only(root, name); !bound) return bound;
    }
  }
  return {};
}

StepResult make_devices(const std::string& root) {
  for (const char* name : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
    const std::string target = root + name;
    if (auto made = write_text(target, ""); !made) return made;
    // A bind of the host's node works with and without root; mknod is refused in a user namespace.
    if (::mount(name, target.c_str(), nullptr, MS_BIND, nullptr) != 0) return step_failed(Step::kFileTree);
    if (::mount(nullptr, target.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NOEXEC, nullptr) !=
        0) {
      return step_failed(Step::kFileTree);
    }
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

StepResult make_accounts(const std::string& root) {
  if (auto made = make_directories(root + "/etc"); !made) return made;
  if (auto done = write_text(root + "/etc/passwd", "script:x:1000:1000:script:/tmp:/bin/sh\n"); !done)
    return done;
  if (auto done = write_text(root + "/etc/group", "script:x:1000:\n"); !done) return done;
  // Names are looked up in files only: there is no network to ask.
  if (auto done = write_text(root + "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
      !done) {
    return done;
  }
  return write_text(root + "/etc/hosts", "127.0.0.1 localhost cell\n::1 localhost\n");
}

}  // namespace

const std::vector<TreeEntry>& tree_entries() {
  using Kind = TreeEntry::Kind;
  static const std::vector<TreeEntry> kEntries = {
      {Kind::kBind, "/usr/bin", true, "the interpreter and the tools that subprocess may start"},
      {Kind::kBind, "/usr/lib", true, "shared libraries, Python's standard library and Debian's packages"},
      {Kind::kBind, "/usr/lib64", false, "the dynamic loader where /lib64 leads here"},
      {Kind::kBind, "/usr/share", true, "fonts, zoneinfo, matplotlib's data, locale data"},
      {Kind::kCopyLinks, "/etc/alternatives", false,
       "links: libblas.so.3 and liblapack.so.3 lead through it"},
      {Kind::kCopy, "/etc/ld.so.cache", false, "the loader's list of libraries"},
      {Kind::kCopy, "/etc/python3.11", false, "sitecustomize of Debian's Python"},
      {Kind::kCopy, "/etc/fonts", false, "fontconfig, which matplotlib's font search may ask"},
      {Kind::kCopy, "/etc/matplotlibrc", false, "Debian's defaults for matplotlib"},
      {Kind::kCopy, "/etc/mime.types", false, "the mimetypes module"},
      {Kind::kCopy, "/etc/timezone", false, "the name of the local time zone"},
      {Kind::kCopy, "/etc/localtime", false, "local time"},
      {Kind::kCopy, "/etc/ssl/openssl.cnf", false, "import ssl reads it"},
  };
  return kEntries;
}

StepResult build_file_tree(const std::string& root, const std::vector<std::string>& library_paths) {
  // The tree's own files are few and small; the size is a bound, not a need.
  if (::mount("cellblock", root.c_str(), "tmpfs", MS_NOSUID, "size=16m,nr_inodes=8192,mode=755") != 0) {
    return step_failed(Step::kFileTree);
  }
  for (const char* name : {"/tmp", "/proc", "/dev/shm", "/usr", "/etc", "/oldroot"}) {
    if (auto made = make_directories(root + name); !made) return made;
  }
  for (const TreeEntry& entry : tree_entries()) {
    std::error_code error;
    if (!fs::exists(entry.path, error)) {
      if (entry.required) return tl::make_unexpected(StepFailure{Step::kFileTree, ENOENT});
      continue;
    }
    auto done =
        entry.kind == TreeEntry::Kind::kBind ? bind_read_only(root, entry.path) : copy_into(root, entry);
    if (!done) return done;
  }
  for (const std::string& path : library_paths) {
    if (auto done = bind_read_only(root, path); !done) return done;
  }
  if (auto done = root_links(root); !done) return done;
  if (auto done = make_accounts(root); !done) return done;
  if (auto done = make_devices(root); !done) return done;
  // The kernel lets a user namespace mount a fresh /proc only where a whole one is visible already.
  if (::mount("/proc", (root + "/proc").c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return step_failed(Step::kFileTree);
  }
  return {};
}

StepResult pivot_into(const std::string& root) {
  if (::chdir(root.c_str()) != 0) return step_failed(Step::kPivotRoot);
  if (::syscall(SYS_pivot_root, ".", "oldroot") != 0) return step_failed(Step::kPivotRoot);
  if (::chdir("/") != 0) return step_failed(Step::kPivotRoot);
  // The host's tree goes for good: a lazy unmount, since this process still holds descriptors in it.
  if (::umount2("/oldroot", MNT_DETACH) != 0) return step_failed(Step::kPivotRoot);
  if (::rmdir("/oldroot") != 0) return step_failed(Step::kPivotRoot);
  // Only now is everything in place, so the tree itself becomes read-only too.
  if (::mount(nullptr, "/", nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID, nullptr) != 0) {
    return step_failed(Step::kPivotRoot);
  }
  return {};
}

}  // namespace cellblock::sandbox
