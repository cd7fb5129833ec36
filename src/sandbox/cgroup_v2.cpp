#include "sandbox/cgroup_v2.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <utility>

#include "sandbox/cgroup_files.hpp"
#include "sandbox/cgroup_v2_leaf.hpp"
#include "sandbox/cgroup_v2_place.hpp"

namespace cellblock::sandbox {
namespace {

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
    // Not zero where the last tenant's directory could not be removed.
    oom_kills_before_ = oom_kills();
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
    return {read_peak_bytes(peak_.get()), read_cpu_us(cpu_.get()),
            static_cast<std::uint32_t>(oom_kills() - oom_kills_before_)};
  }

  base::Result<std::unique_ptr<CgroupRemains>> recycle() override {
    remove();
    if (auto created = create(); !created) return tl::make_unexpected(created.error());
    return nullptr;
  }

 private:
  // With its page cache: what stays charged to a removed cgroup is nobody's until the kernel needs it.
  void remove() {
    directory_.reset();
    ::unlinkat(parent_, name_.c_str(), AT_REMOVEDIR);
  }

  std::uint64_t oom_kills() const {
    const auto events = base::read_file(directory_.get(), "memory.events");
    return events ? keyed_value(*events, "oom_kill") : 0;
  }

  int parent_;
  std::string name_;
  base::Fd directory_;
  base::Fd procs_;
  base::Fd peak_;
  base::Fd cpu_;
  std::uint64_t oom_kills_before_ = 0;
};

class TreeV2 final : public CgroupTree {
 public:
  TreeV2(ServiceDirectory directory, std::optional<ServiceLeaf> leaf)
      : directory_(std::move(directory)), leaf_(std::move(leaf)) {}
  std::string means() const override { return "cgroup v2"; }
  base::Result<std::unique_ptr<CgroupSlot>> make_slot(std::uint32_t index) override {
    auto slot = std::make_unique<SlotV2>(directory_.get(), "slot-" + std::to_string(index));
    if (auto done = slot->create(); !done) return tl::make_unexpected(done.error());
    return slot;
  }

 private:
  ServiceDirectory directory_;
  std::optional<ServiceLeaf> leaf_;  // goes first: the directory is removed when nobody is in it
};

}  // namespace

std::string cgroup_v2_missing(const CgroupMounts& mounts) {
  const base::Fd top(::open(mounts.v2_mount.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::string text;
  // What the top has can be switched on in the cgroups below it.
  for (const std::string& name : missing_controllers(top.get(), "cgroup.controllers")) {
    text.append(text.empty() ? "" : " ").append(name);
  }
  return text;
}

base::Result<std::unique_ptr<CgroupTree>> make_cgroup_v2(const CgroupMounts& mounts,
                                                         const std::string& service_id,
                                                         const std::string& root) {
  const std::array<pid_t, 2> service = {::getpid(), service_pid(service_id)};
  const auto place = find_cgroup_place(mounts, root, service);
  if (!place) return tl::make_unexpected(place.error());
  auto directory = ServiceDirectory::create(place->directory, service_id);
  if (!directory) return tl::make_unexpected(directory.error());
  std::optional<ServiceLeaf> leaf;
  if (!place->inhabitants.empty()) {
    auto entered = ServiceLeaf::enter(*place, directory->get());
    if (!entered) return tl::make_unexpected(entered.error());
    leaf.emplace(std::move(*entered));
  }
  auto enabled = enable_controllers(mounts.v2_mount, place->directory);
  if (!enabled) return tl::make_unexpected(enabled.error());
  if (leaf) leaf->remember(std::move(*enabled));
  if (auto done = base::write_file(directory->get(), "cgroup.subtree_control", "+cpu +memory +pids"); !done) {
    return tl::make_unexpected(done.error());
  }
  return std::make_unique<TreeV2>(std::move(*directory), std::move(leaf));
}

}  // namespace cellblock::sandbox
