#include "sandbox/cgroup_v1.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

#include "sandbox/cgroup_files.hpp"

namespace cellblock::sandbox {
namespace {

constexpr std::array<std::string_view, 4> kControllers = {"memory", "pids", "cpu", "cpuacct"};
// What a slot may keep of its last tenant.
constexpr std::uint64_t kLeftOver = 8ULL << 20U;

class RemainsV1 final : public CgroupRemains {
 public:
  RemainsV1(int parent, std::string name, base::Fd emptier)
      : parent_(parent), name_(std::move(name)), emptier_(std::move(emptier)) {}
  // What is still charged to it is nobody's until the kernel needs it.
  ~RemainsV1() override { ::unlinkat(parent_, name_.c_str(), AT_REMOVEDIR); }

  [[nodiscard]] int emptier() const override { return emptier_.get(); }

 private:
  int parent_;
  std::string name_;
  base::Fd emptier_;
};

class SlotV1 final : public CgroupSlot {
 public:
  // `parents` are the service's directories for memory, pids and so on, borrowed from the tree; the same one
  // twice where controllers share a hierarchy.
  SlotV1(const std::array<int, kControllers.size()>& parents, std::uint32_t index)
      : parents_(parents), name_("slot-" + std::to_string(index)) {}

  base::Result<void> open() {
    limits_ = kUnknown;
    procs_.clear();
    for (std::size_t number = 0; number < kControllers.size(); ++number) {
      if (::mkdirat(parents_[number], name_.c_str(), 0755) != 0 && errno != EEXIST) {
        return base::errno_error("create the cgroup " + name_ + " for " + std::string(kControllers[number]));
      }
      directories_[number] =
          base::Fd(::openat(parents_[number], name_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!directories_[number].valid()) return base::errno_error("open the cgroup " + name_);
      procs_.push_back(open_cgroup_file(directories_[number].get(), "cgroup.procs", O_WRONLY));
      if (!procs_.back().valid()) return base::errno_error("open cgroup.procs of a slot");
    }
    peak_ = open_cgroup_file(memory(), "memory.max_usage_in_bytes", O_RDONLY);
    usage_ = open_cgroup_file(memory(), "memory.usage_in_bytes", O_RDONLY);
    cpu_ = open_cgroup_file(directories_[3].get(), "cpuacct.usage", O_RDONLY);
    if (!peak_.valid() || !usage_.valid() || !cpu_.valid())
      return base::errno_error("open the usage files of a slot");
    // The directory may have had tenants before this object.
    oom_kills_before_ = oom_kills();
    return {};
  }

  std::vector<int> procs() const override {
    std::vector<int> fds;
    for (const base::Fd& file : procs_) fds.push_back(file.get());
    return fds;
  }

  std::vector<int> usage_files() const override { return {peak_.get(), cpu_.get()}; }

  base::Result<void> set_limits(const CgroupLimits& limits) override {
    if (limits == limits_) return {};
    const std::uint64_t memory_before = limits_.memory_bytes;
    // Unknown until all are written: a slot must never pass for one with its default limits.
    limits_ = {};
    const std::string bytes = std::to_string(limits.memory_bytes);
    // The kernel wants memory ≤ memory+swap at every moment, so the way down and the way up differ.
    const bool down = limits.memory_bytes < memory_before;
    for (const char* file : down ? kDown : kUp) {
      if (auto written = base::write_file(memory(), file, bytes); !written) {
        // A kernel without swap accounting has no memsw files; and no swap either, in a cell's eyes.
        if (written.error().code != ENOENT) return written;
      }
    }
    if (auto written = base::write_file(directories_[1].get(), "pids.max", std::to_string(limits.processes));
        !written) {
      return written;
    }
    const std::uint64_t quota = kCpuPeriodUs * limits.cpu_percent / 100;
    if (auto written = base::write_file(directories_[2].get(), "cpu.cfs_quota_us", std::to_string(quota));
        !written) {
      return written;
    }
    limits_ = limits;
    return {};
  }

  CgroupUsage usage() const override {
    return {read_peak_bytes(peak_.get()), read_cpu_us(cpu_.get()),
            static_cast<std::uint32_t>(oom_kills() - oom_kills_before_)};
  }

  base::Result<std::unique_ptr<CgroupRemains>> recycle() override {
    // Pages of files that the tenant has read, and names that it has asked for, stay charged to the slot; the
    // next one must neither pay for them nor wait for their reclaim.
    if (read_peak_bytes(usage_.get()) > kLeftOver) return leave_behind();
    oom_kills_before_ = oom_kills();
    if (auto reset = base::write_file(memory(), "memory.max_usage_in_bytes", "0"); !reset) {
      return tl::make_unexpected(reset.error());
    }
    return nullptr;
  }

 private:
  static constexpr std::array<const char*, 2> kUp = {"memory.memsw.limit_in_bytes", "memory.limit_in_bytes"};
  static constexpr std::array<const char*, 2> kDown = {"memory.limit_in_bytes",
                                                       "memory.memsw.limit_in_bytes"};

  static constexpr CgroupLimits kUnknown{~std::uint64_t{0}, 0, 0};

  int memory() const { return directories_[0].get(); }

  // Gives the memory directory another name, and the slot a new one.
  base::Result<std::unique_ptr<CgroupRemains>> leave_behind() {
    base::Fd emptier = open_cgroup_file(memory(), "memory.force_empty", O_WRONLY);
    std::string name = "left-" + name_ + "-" + std::to_string(++left_behind_);
    std::unique_ptr<CgroupRemains> remains;
    if (emptier.valid() && ::renameat(parents_[0], name_.c_str(), parents_[0], name.c_str()) == 0) {
      remains = std::make_unique<RemainsV1>(parents_[0], std::move(name), std::move(emptier));
    } else {
      // Then without being emptied.
      ::unlinkat(parents_[0], name_.c_str(), AT_REMOVEDIR);
    }
    if (auto opened = open(); !opened) return tl::make_unexpected(opened.error());
    return remains;
  }

  std::uint64_t oom_kills() const {
    const auto control = base::read_file(memory(), "memory.oom_control");
    return control ? keyed_value(*control, "oom_kill") : 0;
  }

  std::array<int, kControllers.size()> parents_;
  std::string name_;
  std::array<base::Fd, kControllers.size()> directories_;
  std::vector<base::Fd> procs_;
  base::Fd peak_;
  base::Fd usage_;
  base::Fd cpu_;
  CgroupLimits limits_ = kUnknown;
  std::uint64_t oom_kills_before_ = 0;
  std::uint64_t left_behind_ = 0;
};

class TreeV1 final : public CgroupTree {
 public:
  explicit TreeV1(std::vector<ServiceDirectory> directories) : directories_(std::move(directories)) {}

  std::string means() const override { return "cgroup v1"; }
  bool leaves_remains() const override { return true; }

  base::Result<std::unique_ptr<CgroupSlot>> make_slot(std::uint32_t index) override {
    std::array<int, kControllers.size()> parents{};
    for (std::size_t number = 0; number < kControllers.size(); ++number) {
      parents[number] = directories_[number].get();
    }
    auto slot = std::make_unique<SlotV1>(parents, index);
    if (auto done = slot->open(); !done) return tl::make_unexpected(done.error());
    return slot;
  }

 private:
  std::vector<ServiceDirectory> directories_;
};

}  // namespace

base::Result<std::unique_ptr<CgroupTree>> make_cgroup_v1(const CgroupMounts& mounts,
                                                         const std::string& service_id) {
  std::vector<ServiceDirectory> directories;
  for (const std::string_view controller : kControllers) {
    const auto found = mounts.v1.find(controller);
    if (found == mounts.v1.end()) {
      return base::make_error(
          "find the cgroup v1 hierarchy of the controller '" + std::string(controller) + "'",
          "mount it, for example: mount -t cgroup -o " + std::string(controller) + " cgroup /sys/fs/cgroup/" +
              std::string(controller));
    }
    auto directory = ServiceDirectory::create(found->second, service_id);
    if (!directory) return tl::make_unexpected(directory.error());
    directories.push_back(std::move(*directory));
  }
  return std::make_unique<TreeV1>(std::move(directories));
}

}  // namespace cellblock::sandbox
