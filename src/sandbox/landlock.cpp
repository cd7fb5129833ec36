#include "sandbox/landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "base/fd.hpp"

namespace cellblock::sandbox {
namespace {

// Rights that came after the headers this is built with; the values are the kernel's interface.
constexpr std::uint64_t kRefer = 1ULL << 13U;     // ABI 2
constexpr std::uint64_t kTruncate = 1ULL << 14U;  // ABI 3
constexpr std::uint64_t kIoctlDev = 1ULL << 15U;  // ABI 5
constexpr std::uint64_t kAllAbi1 = (1ULL << 13U) - 1;
constexpr std::uint64_t kNetTcp = 3;  // ABI 4: bind and connect
constexpr std::uint64_t kScoped = 3;  // ABI 6: abstract sockets and signals stay within the domain
constexpr std::uint32_t kNoLog =
    1;  // ABI 7: what this program is refused does not go to the host's audit log

// The attribute as of ABI 6; the kernel takes the length and wants zeros in what it doesn't know.
struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};

std::uint64_t handled_files(int abi) {
  std::uint64_t rights = kAllAbi1;
  if (abi >= 2) rights |= kRefer;
  if (abi >= 3) rights |= kTruncate;
  if (abi >= 5) rights |= kIoctlDev;
  return rights;
}

constexpr std::uint64_t kReadRights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kFileRights = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                                      LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate | kIoctlDev;
constexpr std::uint64_t kDeviceRights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
constexpr std::uint64_t kReadWriteRights = kReadRights | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                           LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                           LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                           LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                           LANDLOCK_ACCESS_FS_MAKE_SYM | kRefer | kTruncate;

// What others find there later must not surprise them, and must not be a line to them.
constexpr std::uint64_t kSharedRights =
    kReadWriteRights &
    ~(LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM);

std::uint64_t rights_of(LandlockRule::Access access) {
  switch (access) {
    case LandlockRule::Access::kList:
      return LANDLOCK_ACCESS_FS_READ_DIR;
    case LandlockRule::Access::kRead:
      return kReadRights;
    case LandlockRule::Access::kDevice:
      return kDeviceRights | kTruncate;
    case LandlockRule::Access::kReadWrite:
      return kReadWriteRights;
    case LandlockRule::Access::kShared:
      return kSharedRights;
  }
  return 0;
}

}  // namespace

int landlock_abi() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

StepResult restrict_with_landlock(std::span<const LandlockRule> rules) {
  const int abi = landlock_abi();
  if (abi == 0) return step_failed(Step::kLandlock);
  const std::uint64_t handled = handled_files(abi);
  const RulesetAttributes attributes{handled, abi >= 4 ? kNetTcp : 0, abi >= 6 ? kScoped : 0};
  const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const base::Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (!ruleset.valid()) return step_failed(Step::kLandlock);
  for (const LandlockRule& rule : rules) {
    // O_PATH: the rule is about the place, its content is never opened.
    const base::Fd place(::open(rule.path.c_str(), O_PATH | O_CLOEXEC));
    if (!place.valid()) return step_failed(Step::kLandlock);
    landlock_path_beneath_attr beneath{};
    struct stat about {};
    if (::fstat(place.get(), &about) != 0) return step_failed(Step::kLandlock);
    // The kernel takes no rights over a file that only a directory can give.
    const std::uint64_t sensible = S_ISDIR(about.st_mode) ? handled : handled & kFileRights;
    beneath.allowed_access = rights_of(rule.access) & sensible;
    beneath.parent_fd = place.get();
    if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0) {
      return step_failed(Step::kLandlock);
    }
  }
  // A script could fill it, and would be refused the same. What it execs is not logged anyhow.
  const std::uint32_t flags = abi >= 7 ? kNoLog : 0;
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), flags) != 0) return step_failed(Step::kLandlock);
  return {};
}

}  // namespace cellblock::sandbox
