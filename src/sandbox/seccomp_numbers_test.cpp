// The built-in policy's answer to every number of a system call, of every architecture.
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <seccomp.h>

#include <cstdlib>
#include <memory>

#include "sandbox/expected_calls_for_test.hpp"
#include "sandbox/seccomp_policy.hpp"

namespace cellblock::sandbox {
namespace {

using for_test::Arguments;

constexpr std::uint32_t kX32Bit = 0x4000'0000;
constexpr std::uint32_t kNumbers = 1024;
constexpr std::uint64_t kOnes = ~std::uint64_t{0};
constexpr std::array<Arguments, 5> kSomeArguments = {{{},
                                                      {1, 1, 1, 1, 1, 1},
                                                      {kOnes, kOnes, kOnes, kOnes, kOnes, kOnes},
                                                      {0xffff'ffff, 2, 3, 4, 5, 6},
                                                      {17, 0x1000, 0x11ff, 0, 0x7fff'ffff'ffff, 1}}};

// As libseccomp knows it; empty for a number without a call.
std::string name_of(std::uint32_t number) {
  struct Free {
    void operator()(char* name) const {
      std::free(name);
    }  // NOLINT(cppcoreguidelines-no-malloc): libseccomp's
  };
  const std::unique_ptr<char, Free> name(
      seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, static_cast<int>(number)));
  return name ? name.get() : "";
}

class SeccompNumbers : public testing::Test {
 protected:
  void SetUp() override {
    const auto rules = parse_seccomp_policy(builtin_seccomp_policy());
    ASSERT_TRUE(rules.has_value()) << rules.error().message();
    auto program = compile_seccomp(*rules);
    ASSERT_TRUE(program.has_value()) << program.error().message();
    program_ = std::move(*program);
  }

  [[nodiscard]] std::uint32_t action(std::uint32_t architecture, std::uint32_t number,
                                     const Arguments& arguments = {}) const {
    return for_test::run_filter(program_, for_test::system_call(architecture, number, arguments));
  }

  BpfProgram program_;
};

TEST_F(SeccompNumbers, AreAnsweredAsTheTableSays) {
  for (std::uint32_t number = 0; number <= kNewestCall; ++number) {
    const std::string name = name_of(number);
    for (const Arguments& arguments : kSomeArguments) {
      ASSERT_PRED2(for_test::is_expected, action(AUDIT_ARCH_X86_64, number, arguments),
                   for_test::expected_answer(name, arguments))
          << number << " " << name << " with " << testing::PrintToString(arguments);
    }
  }
}

TEST_F(SeccompNumbers, OfTheTableAreAllReached) {
  const auto exists = [](std::string_view name) {
    return seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, std::string(name).c_str()) >= 0;
  };
  for (const std::string_view name : for_test::plain_calls()) EXPECT_TRUE(exists(name)) << name;
  for (const auto& [name, call] : for_test::conditional_calls()) EXPECT_TRUE(exists(name)) << name;
}

TEST_F(SeccompNumbers, BeyondTheKnownOnesAreNoCalls) {
  for (std::uint32_t number = kNewestCall + 1; number < kNumbers; ++number) {
    ASSERT_PRED2(for_test::is_expected, action(AUDIT_ARCH_X86_64, number), "ENOSYS") << number;
  }
  for (std::uint32_t number = kNumbers; number < kX32Bit; number += 99'991) {
    ASSERT_PRED2(for_test::is_expected, action(AUDIT_ARCH_X86_64, number), "ENOSYS") << number;
  }
  EXPECT_PRED2(for_test::is_expected, action(AUDIT_ARCH_X86_64, kX32Bit - 1), "ENOSYS");
}

TEST_F(SeccompNumbers, OfX32AreNoCalls) {
  for (std::uint32_t number = 0; number < kNumbers; ++number) {
    for (const Arguments& arguments : kSomeArguments) {
      ASSERT_PRED2(for_test::is_expected, action(AUDIT_ARCH_X86_64, kX32Bit | number, arguments), "ENOSYS")
          << number;
    }
  }
  for (std::uint64_t number = kX32Bit; number < 0xffff'ffff; number += 99'991) {
    ASSERT_PRED2(for_test::is_expected, action(AUDIT_ARCH_X86_64, static_cast<std::uint32_t>(number)),
                 "ENOSYS")
        << number;
  }
}

// A tracer or an entry from user space may leave -1; the kernel has no such call.
TEST_F(SeccompNumbers, MinusOneIsNeverAllowed) {
  EXPECT_NE(action(AUDIT_ARCH_X86_64, 0xffff'ffff), std::uint32_t{SECCOMP_RET_ALLOW});
}

TEST_F(SeccompNumbers, OfOtherArchitecturesAreNoCalls) {
  for (const std::uint32_t architecture :
       {std::uint32_t{AUDIT_ARCH_I386}, std::uint32_t{AUDIT_ARCH_AARCH64}, std::uint32_t{AUDIT_ARCH_ARM},
        std::uint32_t{AUDIT_ARCH_RISCV64}, std::uint32_t{AUDIT_ARCH_PPC64LE}, std::uint32_t{AUDIT_ARCH_S390X},
        std::uint32_t{AUDIT_ARCH_MIPS64}, 0U, 0xffff'ffffU,
        // x86-64 with a flag more or less
        AUDIT_ARCH_X86_64 ^ std::uint32_t{__AUDIT_ARCH_64BIT},
        AUDIT_ARCH_X86_64 ^ std::uint32_t{__AUDIT_ARCH_LE}, AUDIT_ARCH_X86_64 ^ 1U}) {
    for (std::uint32_t number = 0; number < kNumbers; ++number) {
      for (const Arguments& arguments : kSomeArguments) {
        ASSERT_PRED2(for_test::is_expected, action(architecture, number, arguments), "ENOSYS")
            << std::hex << architecture << " " << number;
      }
    }
  }
}

}  // namespace
}  // namespace cellblock::sandbox
