// The interpreter that the policy's tests rely on.
#include "sandbox/bpf_for_test.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <stdexcept>
#include <vector>

namespace cellblock::sandbox::for_test {
namespace {

using Program = std::vector<sock_filter>;

std::uint32_t returned(const Program& program, const Arguments& arguments = {}) {
  return run_filter(program, system_call(0x3e, 7, arguments));
}

TEST(BpfForTest, ReadsWhatTheKernelShows) {
  const auto word_at = [](std::uint32_t offset) {
    return returned({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset), BPF_STMT(BPF_RET | BPF_A, 0)},
                    {0, 0, 0, 0, 0, 0x1122'3344'5566'7788});
  };
  EXPECT_EQ(word_at(offsetof(seccomp_data, nr)), 7U);
  EXPECT_EQ(word_at(offsetof(seccomp_data, arch)), 0x3eU);
  EXPECT_EQ(word_at(offsetof(seccomp_data, args) + 40), 0x5566'7788U);
  EXPECT_EQ(word_at(offsetof(seccomp_data, args) + 44), 0x1122'3344U);
}

struct Jump {
  std::uint16_t operation;
  std::uint32_t below, same, above;  // 1 where the jump is taken with 2, 5 and 6 against 5
};

TEST(BpfForTest, TakesTheRightBranch) {
  for (const Jump& jump :
       {Jump{BPF_JEQ, 0, 1, 0}, {BPF_JGT, 0, 0, 1}, {BPF_JGE, 0, 1, 1}, {BPF_JSET, 0, 1, 1}}) {
    for (const auto& [value, taken] : {std::pair{2U, jump.below}, {5U, jump.same}, {6U, jump.above}}) {
      const auto code = static_cast<std::uint16_t>(BPF_JMP | jump.operation | BPF_K);
      EXPECT_EQ(returned({BPF_STMT(BPF_LD | BPF_IMM, value), BPF_JUMP(code, 5, 1, 0),
                          BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 1)}),
                taken)
          << jump.operation << " with " << value;
    }
  }
  EXPECT_EQ(
      returned({BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 1)}),
      1U);
}

TEST(BpfForTest, ComputesStoresAndMoves) {
  EXPECT_EQ(returned({BPF_STMT(BPF_LD | BPF_IMM, 0xff), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x3c),
                      BPF_STMT(BPF_ST, 2), BPF_STMT(BPF_LDX | BPF_MEM, 2), BPF_STMT(BPF_LD | BPF_IMM, 1),
                      BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0), BPF_STMT(BPF_MISC | BPF_TAX, 0),
                      BPF_STMT(BPF_LD | BPF_IMM, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0),
                      BPF_STMT(BPF_RET | BPF_A, 0)}),
            0x3dU);
}

TEST(BpfForTest, RefusesWhatTheKernelWould) {
  const sock_filter end = BPF_STMT(BPF_RET | BPF_K, 0);
  for (const Program& program :
       {Program{}, Program{BPF_STMT(BPF_LD | BPF_IMM, 1)},
        Program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), end},
        Program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), end},
        Program{BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), end},
        Program{BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), end},
        Program{BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), end}, Program{BPF_STMT(BPF_ST, BPF_MEMWORDS), end},
        Program{BPF_STMT(BPF_JMP | BPF_JA, 1), end}}) {
    EXPECT_THROW(static_cast<void>(returned(program)), std::runtime_error);
  }
}

TEST(BpfForTest, NamesActions) {
  EXPECT_EQ(verdict(SECCOMP_RET_ALLOW), "allow");
  EXPECT_EQ(verdict(SECCOMP_RET_ERRNO | ENOSYS), "ENOSYS");
  EXPECT_EQ(verdict(SECCOMP_RET_USER_NOTIF), "refused");
  EXPECT_EQ(verdict(SECCOMP_RET_KILL_PROCESS), "action " + std::to_string(SECCOMP_RET_KILL_PROCESS));
}

TEST(BpfForTest, ComparesActions) {
  EXPECT_TRUE(is_expected(SECCOMP_RET_ALLOW, "allow"));
  EXPECT_FALSE(is_expected(SECCOMP_RET_ALLOW, "EPERM"));
  EXPECT_TRUE(is_expected(SECCOMP_RET_ERRNO | EPERM, "EPERM"));
  EXPECT_FALSE(is_expected(SECCOMP_RET_ERRNO | EPERM, "ENOSYS"));
  EXPECT_TRUE(is_expected(SECCOMP_RET_USER_NOTIF, "ENETUNREACH"));
  EXPECT_FALSE(is_expected(SECCOMP_RET_USER_NOTIF, "allow"));
  EXPECT_FALSE(is_expected(SECCOMP_RET_KILL_PROCESS, "EPERM"));
}

}  // namespace
}  // namespace cellblock::sandbox::for_test
