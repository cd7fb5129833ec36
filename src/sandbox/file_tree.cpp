#include "sandbox/file_tree.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "base/fd.hpp"
#include "sandbox/tree_parts.hpp"

namespace cellblock::sandbox {
namespace {

namespace fs = std::filesystem;

// The host's /lib, /bin and so on are links into /usr on a merged-/usr system and directories elsewhere.
StepResult root_links(const std::string& root, Inodes inodes) {
  for (const char* name : {"/bin", "/lib", "/lib64", "/lib32", "/sbin"}) {
    std::error_code error;
    const fs::path link = fs::read_symlink(name, error);
    if (!error) {
      if (::symlink(link.c_str(), (root + name).c_str()) != 0) return step_failed(Step::kFileTree);
    } else if (fs::is_directory(name, error)) {
      if (auto shown = show_directory(root, name, inodes); !shown) return shown;
    }
  }
  return {};
}

StepResult make_accounts(const std::string& root, const TreeAdditions& additions) {
  const std::string uid = std::to_string(additions.uid);
  const std::string gid = std::to_string(additions.gid);
  if (auto made = make_directories(root + "/etc"); !made) return made;
  // Whoever owns a file of the tree is nobody in here; programs look up root without asking whether it
  // exists.
  if (auto done = write_text(root + "/etc/passwd",
                             "root:x:0:0:root:/:/bin/sh\n"
                             "script:x:" +
                                 uid + ":" + gid +
                                 ":script:/tmp:/bin/sh\n"
                                 "nobody:x:65534:65534:nobody:/:/bin/sh\n");
      !done) {
    return done;
  }
  if (auto done = write_text(root + "/etc/group", "root:x:0:\nscript:x:" + gid + ":\nnogroup:x:65534:\n");
      !done)
    return done;
  // Names are looked up in files only: there is no network to ask.
  if (auto done = write_text(root + "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
      !done) {
    return done;
  }
  return write_text(root + "/etc/hosts", "127.0.0.1 localhost " + additions.hostname + "\n::1 localhost\n");
}

// The kernel lets a user namespace mount a fresh /proc only where a whole one is visible already.
StepResult show_proc(const std::string& place) {
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  // A fresh one has nothing mounted on it. On the host's there may be something that can be written to, such
  // as systemd's binfmt_misc, and every cell would have that among its mounts.
  if (::mount("proc", place.c_str(), "proc", kFlags, nullptr) == 0) return {};
  // Without rights over the pid namespace: the host's, with what is mounted on it, since a user namespace may
  // not uncover what the host covers.
  if (::mount("/proc", place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0) return {};
  return step_failed(Step::kFileTree);
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
      {Kind::kCopy, "/etc/services", false, "socket.getservbyname"},
      {Kind::kCopy, "/etc/protocols", false, "socket.getprotobyname"},
      {Kind::kCopy, "/etc/timezone", false, "the name of the local time zone"},
      {Kind::kCopy, "/etc/localtime", false, "local time"},
      {Kind::kCopy, "/etc/ssl/openssl.cnf", false, "import ssl reads it"},
  };
  return kEntries;
}

TreeAdditions additions_of(const JailSpec& spec) {
  TreeAdditions additions{spec.library_paths, spec.shown,     {}, spec.written, spec.hostname,
                          spec.inside_uid,    spec.inside_gid};
  for (const ScratchPlace& scratch : spec.scratch) additions.scratch.push_back(scratch.place);
  return additions;
}

StepResult build_file_tree(const std::string& root, const TreeAdditions& additions, TreeStyle style) {
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
    auto done = entry.kind == TreeEntry::Kind::kBind ? show_directory(root, entry.path, style.inodes)
                                                     : copy_into(root, entry);
    if (!done) return done;
  }
  for (const std::string& path : additions.library_paths) {
    if (auto done = show_directory(root, path, style.inodes); !done) return done;
  }
  for (const ShownPath& shown : additions.shown) {
    if (auto done = show_path(root, shown, style.inodes); !done) return done;
  }
  for (const std::string& place : additions.scratch) {
    if (auto made = make_directories(root + place); !made) return made;
  }
  for (const WrittenEntry& entry : additions.written) {
    if (auto done = write_entry(root, entry); !done) return done;
  }
  if (auto done = root_links(root, style.inodes); !done) return done;
  if (auto done = make_accounts(root, additions); !done) return done;
  if (auto done = make_devices(root, style.devices); !done) return done;
  return show_proc(root + "/proc");
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
