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
constexpr std::uint64_t kCpuPeriodUs = 100'000;
constexpr std::uint64_t kLeftOver = 8ULL << 20U;

class SlotV1 final : public CgroupSlot {
 public:
  // `memory`, `pids` and so on are the slot's directories; the same one twice where controllers share a
  // hierarchy.
  explicit SlotV1(std::array<base::Fd, kControllers.size()> directories)
      : directories_(std::move(directories)) {}

  base::Result<void> open() {
    for (const base::Fd& directory : directories_) {
      procs_.push_back(open_cgroup_file(directory.get(), "cgroup.procs", O_WRONLY));
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

  base::Result<void> recycle() override {
    oom_kills_before_ = oom_kills();
    // Page cache of files that the tenant has read stays charged to the slot; the next one must neither pay
    // for it nor wait for its reclaim.
    if (read_peak_bytes(usage_.get()) > kLeftOver) {
      if (auto emptied = base::write_file(memory(), "memory.force_empty", "0"); !emptied) return emptied;
    }
    return base::write_file(memory(), "memory.max_usage_in_bytes", "0");
  }

 private:
  static constexpr std::array<const char*, 2> kUp = {"memory.memsw.limit_in_bytes", "memory.limit_in_bytes"};
  static constexpr std::array<const char*, 2> kDown = {"memory.limit_in_bytes",
                                                       "memory.memsw.limit_in_bytes"};

  int memory() const { return directories_[0].get(); }

  std::uint64_t oom_kills() const {
    const auto control = base::read_file(memory(), "memory.oom_control");
    return control ? keyed_value(*control, "oom_kill") : 0;
  }

  std::array<base::Fd, kControllers.size()> directories_;
  std::vector<base::Fd> procs_;
  base::Fd peak_;
  base::Fd usage_;
  base::Fd cpu_;
  CgroupLimits limits_{~std::uint64_t{0}, 0, 0};
  std::uint64_t oom_kills_before_ = 0;
};

class TreeV1 final : public CgroupTree {
 public:
  explicit TreeV1(std::vector<ServiceDirectory> directories) : directories_(std::move(directories)) {}

  std::string means() const override { return "cgroup v1"; }

  base::Result<std::unique_ptr<CgroupSlot>> make_slot(std::uint32_t index) override {
    const std::string name = "slot-" + std::to_string(index);
    std::array<base::Fd, kControllers.size()> opened;
    for (std::size_t number = 0; number < kControllers.size(); ++number) {
      const int parent = directories_[number].get();
      if (::mkdirat(parent, name.c_str(), 0755) != 0 && errno != EEXIST) {
        return base::errno_error("create the cgroup " + name + " for " + std::string(kControllers[number]));
      }
      opened[number] = base::Fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!opened[number].valid()) return base::errno_error("open the cgroup " + name);
    }
    auto slot = std::make_unique<SlotV1>(std::move(opened));
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
