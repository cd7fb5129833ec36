// The pieces that a cell's file tree is put together from. `root` is where the tree is being built.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/file_tree.hpp"
#include "sandbox/step.hpp"

namespace cellblock::sandbox {

StepResult make_directories(const std::string& path);

// A new read-only file.
StepResult write_text(const std::string& path, std::string_view text);

// The directory `path` under the same path in the tree: read-only, without devices and set-uid files, and
// without what is mounted below it.
StepResult show_directory(const std::string& root, const std::string& path, Inodes inodes);

// A directory or file of the host at a place of its own in the tree: the directory like show_directory(), the
// file as a copy, since a file can't have another inode otherwise. One that scripts may write to is the
// host's own in any case.
StepResult show_path(const std::string& root, const ShownPath& shown, Inodes inodes);

// A file or a link with what the operator wants in it.
StepResult write_entry(const std::string& root, const WrittenEntry& entry);

// Copies a file, or the files and links of a directory; what can't be read is left out, since what is
// private on the host must stay out.
StepResult copy_into(const std::string& root, const TreeEntry& entry);

// null, zero, full, random, urandom, and the links to a process's own descriptors.
StepResult make_devices(const std::string& root, Devices devices);

}  // namespace cellblock::sandbox
