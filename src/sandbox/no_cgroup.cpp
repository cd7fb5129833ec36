#include "sandbox/no_cgroup.hpp"

namespace cellblock::sandbox {
namespace {

class NoSlot final : public CgroupSlot {
 public:
  [[nodiscard]] std::vector<int> procs() const override { return {}; }
  [[nodiscard]] std::vector<int> usage_files() const override { return {}; }
  base::Result<void> set_limits(const CgroupLimits&) override { return {}; }
  [[nodiscard]] CgroupUsage usage() const override { return {}; }
  base::Result<std::unique_ptr<CgroupRemains>> recycle() override { return nullptr; }
};

class NoTree final : public CgroupTree {
 public:
  [[nodiscard]] std::string means() const override { return "no cgroup"; }
  base::Result<std::unique_ptr<CgroupSlot>> make_slot(std::uint32_t) override {
    return std::unique_ptr<CgroupSlot>(std::make_unique<NoSlot>());
  }
};

}  // namespace

std::unique_ptr<CgroupTree> make_no_cgroup() {
  return std::make_unique<NoTree>();
}

}  // namespace cellblock::sandbox
