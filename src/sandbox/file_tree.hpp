// The read-only file tree that every cell lives on: a tmpfs with read-only binds of what Python needs of
// the host's /usr, chosen files of /etc as copies, a minimal /dev, and empty mount points.
#pragma once

#include <string>
#include <vector>

#include "sandbox/jail_spec.hpp"
#include "sandbox/step.hpp"

namespace cellblock::sandbox {

// One thing of the host that the tree shows. Everything else of the host is absent.
struct TreeEntry {
  enum class Kind : unsigned char { kBind, kCopy, kCopyLinks };
  Kind kind;
  const char* path;
  bool required;
  const char* reason;
};

// The table of what is shown, with reasons; library_paths of the spec come on top as read-only binds.
[[nodiscard]] const std::vector<TreeEntry>& tree_entries();

// Locks, leases and the like hang on inodes. Where a tree has inodes of its own, what a cell does to them
// reaches nobody else.
enum class Inodes : unsigned char {
  kShared,  // binds: the host's inodes
  kOwn      // overlays over the same files, with the same page cache
};
enum class Devices : unsigned char {
  kShared,  // binds of the host's nodes
  kOwn      // nodes of its own; only root may make them
};

// What an operator adds to the tree.
struct TreeAdditions {
  std::vector<std::string> library_paths;
  std::vector<ShownPath> shown;
  std::vector<std::string> scratch;  // directories for cells to mount on
  std::vector<WrittenEntry> written;
  std::string hostname = "cell";  // what the loopback address is called
  std::uint32_t uid = kInsideId;  // of scripts
  std::uint32_t gid = kInsideId;
};
[[nodiscard]] TreeAdditions additions_of(const JailSpec& spec);

struct TreeStyle {
  Inodes inodes = Inodes::kShared;
  Devices devices = Devices::kShared;
};

// Builds the tree at `root` (an empty directory of the caller's own mount namespace, whose propagation is
// private). The caller needs CAP_SYS_ADMIN in the owner of the mount namespace. A relative working directory
// is not kept.
StepResult build_file_tree(const std::string& root, const TreeAdditions& additions, TreeStyle style = {});

// Makes `root` the root of the mount namespace, read-only, and detaches what was there.
StepResult pivot_into(const std::string& root);

}  // namespace cellblock::sandbox
