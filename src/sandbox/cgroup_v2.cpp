#include "sandbox/cgroup_v2.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "sandbox/cgroup_files.hpp"

namespace cellblock::sandbox {
namespace {

constexpr std::string_view kEnable = "+memory +pids +cpu";
constexpr std::uint64_t kCpuPeriodUs = 100'000;

class SlotV2 final : public CgroupSlot {
 public:
  // `parent` is borrowed from the tree, which outlives its slots.
  SlotV2(int parent, std::string name) : parent_(parent), name_(std::move(name)) {}
  ~SlotV2() override { remove(); }

  base::Result<void> create() {
    if (::mkdirat(parent_, name_.c_str(), 0755) != 0 && errno != EEXIST) {
      return base::errno_error("create the cgroup " + name_);
    }
    directory_ = base::Fd(::openat(parent_, name_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory_.valid()) return base::errno_error("open the cgroup " + name_);
    procs_ = open_cgroup_file(directory_.get(), "cgroup.procs", O_WRONLY);
    peak_ = open_cgroup_file(directory_.get(), "memory.peak", O_RDONLY);
    // Before Linux 5.19 there is no peak; the current value is then the nearest that there is.
    if (!peak_.valid()) peak_ = open_cgroup_file(directory_.get(), "memory.current", O_RDONLY);
    cpu_ = open_cgroup_file(directory_.get(), "cpu.stat", O_RDONLY);
    if (!procs_.valid() || !peak_.valid() || !cpu_.valid()) {
      return base::errno_error("open the files of the cgroup " + name_);
    }
    return {};
  }

  std::vector<int> procs() const override { return {procs_.get()}; }
  std::vector<int> usage_files() const override { return {peak_.get(), cpu_.get()}; }

  base::Result<void> set_limits(const CgroupLimits& limits) override {
    const int directory = directory_.get();
    if (auto done = base::write_file(directory, "memory.max", std::to_string(limits.memory_bytes)); !done)
      return done;
    if (auto done = base::write_file(directory, "memory.swap.max", "0");
        !done && done.error().code != ENOENT) {
      return done;
    }
    if (auto done = base::write_file(directory, "pids.max", std::to_string(limits.processes)); !done)
      return done;
    const std::uint64_t quota = kCpuPeriodUs * limits.cpu_percent / 100;
    return base::write_file(directory, "cpu.max", std::to_string(quota) + " " + std::to_string(kCpuPeriodUs));
  }

  CgroupUsage usage() const override {
    const auto events = base::read_file(directory_.get(), "memory.events");
    const std::uint64_t kills = events ? keyed_value(*events, "oom_kill") : 0;
    return {read_peak_bytes(peak_.get()), static_cast<std::uint32_t>(kills)};
  }

  base::Result<void> recycle() override {
    remove();
    return create();
  }

 private:
  void remove() {
    directory_.reset();
    ::unlinkat(parent_, name_.c_str(), AT_REMOVEDIR);
  }

  int parent_;
  std::string name_;
  base::Fd directory_;
  base::Fd procs_;
  base::Fd peak_;
  base::Fd cpu_;
};

class TreeV2 final : public CgroupTree {
 public:
  explicit TreeV2(ServiceDirectory directory) : directory_(std::move(directory)) {}
  std::string means() const override { return "cgroup v2"; }
  base::Result<std::unique_ptr<CgroupSlot>> make_slot(std::uint32_t index) override {
    auto slot = std::make_unique<SlotV2>(directory_.get(), "slot-" + std::to_string(index));
    if (auto done = slot->create(); !done) return tl::make_unexpected(done.error());
    return slot;
  }

 private:
  ServiceDirectory directory_;
};

// Lets children of `path` have the controllers. Fails with EBUSY where processes live in `path` itself.
base::Result<void> enable_controllers(const std::string& path) {
  return base::write_file(AT_FDCWD, path + "/cgroup.subtree_control", kEnable);
}

}  // namespace

bool cgroup_v2_usable(const CgroupMounts& mounts) {
  if (!mounts.v2) return false;
  const auto controllers = base::read_file(AT_FDCWD, *mounts.v2 + "/cgroup.controllers");
  if (!controllers) return false;
  const std::string padded = " " + controllers->substr(0, controllers->find('\n')) + " ";
  return padded.find(" memory ") != std::string::npos && padded.find(" pids ") != std::string::npos &&
         padded.find(" cpu ") != std::string::npos;
}

base::Result<std::unique_ptr<CgroupTree>> make_cgroup_v2(const CgroupMounts& mounts,
                                                         const std::string& service_id,
                                                         const std::string& root) {
  std::string parent = root.empty() ? *mounts.v2 : root;
  auto enabled = enable_controllers(parent);
  if (!enabled && root.empty() && enabled.error().code == EBUSY && parent != mounts.v2_mount) {
    parent = std::filesystem::path(parent).parent_path();
    enabled = enable_controllers(parent);
  }
  if (!enabled) {
    enabled.error().hint = "run as root, or give the service a delegated cgroup (systemd: Delegate=yes)";
    return tl::make_unexpected(enabled.error());
  }
  auto directory = ServiceDirectory::create(parent, service_id);
  if (!directory) return tl::make_unexpected(directory.error());
  if (auto done = base::write_file(directory->get(), "cgroup.subtree_control", kEnable); !done) {
    return tl::make_unexpected(done.error());
  }
  return std::make_unique<TreeV2>(std::move(*directory));
}

}  // namespace cellblock::sandbox
