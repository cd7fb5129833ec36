// Control groups, versions 1 and 2 behind one small interface. The jailer holds one CgroupTree; each slot
// has one CgroupSlot that serves one cell after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/fd.hpp"

namespace cellblock::sandbox {

struct CgroupLimits {
  std::uint64_t memory_bytes = 0;  // swap included: a cell never swaps
  std::uint64_t processes = 0;     // processes and threads
  std::uint32_t cpu_percent = 0;   // of one CPU, over 100 ms

  bool operator==(const CgroupLimits&) const = default;
};

// What the kernel counted for the last tenant of a slot.
struct CgroupUsage {
  std::uint64_t memory_peak_bytes = 0;
  std::uint64_t cpu_us = 0;  // as read_cpu_us() gives it: earlier tenants may be in it
  std::uint32_t oom_kills = 0;
};

// A directory that a slot has given up, with what its last tenant has left in the kernel's caches. The kernel
// takes seconds to give that back: whoever holds this has "0" written to emptier() by somebody who has the
// time. Its end removes the directory; nobody may be writing then.
class CgroupRemains {
 public:
  CgroupRemains() = default;
  CgroupRemains(const CgroupRemains&) = delete;
  CgroupRemains& operator=(const CgroupRemains&) = delete;
  virtual ~CgroupRemains() = default;

  [[nodiscard]] virtual int emptier() const = 0;  // borrowed
};

class CgroupSlot {
 public:
  CgroupSlot() = default;
  CgroupSlot(const CgroupSlot&) = delete;
  CgroupSlot& operator=(const CgroupSlot&) = delete;
  virtual ~CgroupSlot() = default;

  // Descriptors of the cgroup.procs files: a process that writes "0" to each of them is in.
  // Borrowed, valid until the next recycle().
  [[nodiscard]] virtual std::vector<int> procs() const = 0;
  // Descriptors that tell, at any time, the peak memory in bytes and the CPU time, for read_peak() and
  // read_cpu_us(). Borrowed, valid until the next recycle().
  [[nodiscard]] virtual std::vector<int> usage_files() const = 0;
  virtual base::Result<void> set_limits(const CgroupLimits& limits) = 0;
  [[nodiscard]] virtual CgroupUsage usage() const = 0;
  // Makes an empty slot as good as new, counters included, without waiting for the kernel. Null when nothing
  // is left behind.
  virtual base::Result<std::unique_ptr<CgroupRemains>> recycle() = 0;
};

class CgroupTree {
 public:
  CgroupTree() = default;
  CgroupTree(const CgroupTree&) = delete;
  CgroupTree& operator=(const CgroupTree&) = delete;
  // Removes the service's directories; the slots must be gone before.
  virtual ~CgroupTree() = default;

  // "cgroup v1" or "cgroup v2".
  [[nodiscard]] virtual std::string means() const = 0;
  // Whether its slots ever leave remains.
  [[nodiscard]] virtual bool leaves_remains() const { return false; }
  virtual base::Result<std::unique_ptr<CgroupSlot>> make_slot(std::uint32_t index) = 0;
};

// Finds the version that this host offers with memory, pids and cpu controllers, and creates the service's
// directory "cellblock-<service_id>" below `root` (v2 only) or the caller's own cgroup; see
// cgroup_v2_place.hpp for who moves where on version 2. Directories of services that are no longer running
// are removed. The error says what is missing.
base::Result<std::unique_ptr<CgroupTree>> make_cgroup_tree(const std::string& service_id,
                                                           const std::string& root);

// Reads the two descriptors of usage_files(), whichever version they come from; 0 when they can't be read.
[[nodiscard]] std::uint64_t read_peak_bytes(int file);
[[nodiscard]] std::uint64_t read_cpu_us(int file);

}  // namespace cellblock::sandbox
