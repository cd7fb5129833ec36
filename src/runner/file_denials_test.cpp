#include "runner/file_denials.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace cellblock::runner {
namespace {

using protocol::FileDenial;
using Kind = FileDenial::Kind;

struct Case {
  int code;
  const char* path;
  std::optional<Kind> kind;
};

class OneError : public testing::TestWithParam<Case> {};

TEST_P(OneError, IsReportedWhereAWallHasRefused) {
  FileDenials denials;
  denials.note(GetParam().code, GetParam().path);
  if (!GetParam().kind) {
    EXPECT_TRUE(denials.list().empty()) << GetParam().path;
  } else {
    ASSERT_EQ(denials.list().size(), 1U) << GetParam().path;
    EXPECT_EQ(denials.list()[0], (FileDenial{*GetParam().kind, 1, GetParam().path}));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Errors, OneError,
    testing::Values(
        Case{ENOENT, "/root", Kind::kTree}, Case{ENOENT, "/root/.ssh/id_rsa", Kind::kTree},
        Case{ENOENT, "/etc/shadow", Kind::kTree}, Case{ENOENT, "/proc/cpuinfo", Kind::kTree},
        Case{ENOENT, "/sys/kernel", Kind::kTree}, Case{ENOENT, "/sys/fs/cgroup/cpu.max", std::nullopt},
        Case{ENOENT, "/rootless", std::nullopt}, Case{ENOENT, "/etc/httpd/mime.types", std::nullopt},
        Case{ENOENT, "/usr/lib/none", std::nullopt}, Case{ENOENT, "root", std::nullopt},
        Case{EROFS, "/usr/x", Kind::kReadOnly}, Case{EACCES, "/proc/1/environ", Kind::kPermission},
        Case{EACCES, "/tmp/mine", std::nullopt}, Case{EACCES, "/dev/shm/mine", std::nullopt},
        Case{EACCES, "/tmpx", Kind::kPermission}, Case{EPERM, "/usr/x", std::nullopt},
        Case{EEXIST, "/root", std::nullopt}, Case{ENOENT, "", std::nullopt}));

TEST(FileDenials, SeesThroughDotsAndRelativePaths) {
  FileDenials denials;
  denials.note(EROFS, "/tmp/../usr/x");
  denials.note(ENOENT, "../../../../../../../../root");
  denials.note(EACCES, "/usr/../tmp/x");
  EXPECT_EQ(denials.list(),
            (std::vector<FileDenial>{{Kind::kReadOnly, 1, "/usr/x"}, {Kind::kTree, 1, "/root"}}));
}

TEST(FileDenials, CountsTheSamePathAndKindTogether) {
  FileDenials denials;
  denials.note(ENOENT, "/root");
  denials.note(EACCES, "/root");
  denials.note(ENOENT, "/root");
  EXPECT_EQ(denials.list(),
            (std::vector<FileDenial>{{Kind::kTree, 2, "/root"}, {Kind::kPermission, 1, "/root"}}));
}

TEST(FileDenials, NamesSoManyAndCountsTheRest) {
  FileDenials denials;
  for (std::size_t index = 0; index < protocol::kMaxFileDenials + 5; ++index) {
    denials.note(ENOENT, "/root/" + std::to_string(index));
  }
  denials.note(ENOENT, "/root/0");
  ASSERT_EQ(denials.list().size(), protocol::kMaxFileDenials + 1);
  EXPECT_EQ(denials.list().front().count, 2U);
  EXPECT_EQ(denials.list().back(), (FileDenial{Kind::kFurther, 5, ""}));
}

TEST(FileDenials, CutsALongPathBetweenCharacters) {
  FileDenials denials;
  denials.note(ENOENT, "/root/" + std::string(249, 'x') + "\xC3\xA9");
  ASSERT_EQ(denials.list().size(), 1U);
  EXPECT_EQ(denials.list()[0].path, "/root/" + std::string(249, 'x'));
  denials.note(ENOENT, "/root/" + std::string(248, 'x') + "\xC3\xA9");
  EXPECT_EQ(denials.list()[1].path.size(), protocol::kMaxDenialPath);
}

}  // namespace
}  // namespace cellblock::runner
