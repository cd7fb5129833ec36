#include "backends/native/claim_reader.hpp"

#include <gtest/gtest.h>

#include "protocol/files_frame.hpp"
#include "protocol/outcome_frame.hpp"

namespace cellblock::backends::native {
namespace {

using protocol::encode_outcome;
using protocol::OutcomeKind;

TEST(ReadClaim, TakesAnHonestResult) {
  const auto claim = read_claim(encode_outcome({OutcomeKind::kOk, R"({"a":[1,null]})", "", ""}), 100);
  ASSERT_TRUE(claim.has_value());
  EXPECT_EQ(claim->status, engine::Status::kOk);
  EXPECT_EQ(claim->result_json, R"({"a":[1,null]})");
}

class ForgedResult : public testing::TestWithParam<std::string> {};

TEST_P(ForgedResult, IsNoClaim) {
  EXPECT_FALSE(read_claim(encode_outcome({OutcomeKind::kOk, GetParam(), "", ""}), 1U << 20U).has_value());
}

INSTANTIATE_TEST_SUITE_P(Texts, ForgedResult,
                         testing::Values("", "NaN", "{", R"({"a":1}{"b":2})", R"({"a":1},"status":"ok")",
                                         "\"\xff\"", R"("\ud800")",
                                         std::string(5000, '[') + std::string(5000, ']')));

TEST(ReadClaim, HoldsTheResultToItsLimitOnBothSides) {
  const std::string text = "\"" + std::string(8, 'x') + "\"";
  EXPECT_EQ(read_claim(encode_outcome({OutcomeKind::kOk, text, "", ""}), 10)->status, engine::Status::kOk);
  EXPECT_EQ(read_claim(encode_outcome({OutcomeKind::kOk, text, "", ""}), 9)->status,
            engine::Status::kResultTooLarge);
}

TEST(ReadClaim, ReadsOnlyTheKnownFieldsOfAnException) {
  const auto claim = read_claim(encode_outcome({OutcomeKind::kException, "", "E: x",
                                                R"({"type":"E","message":7,"line":3,"evil":[1]})"}),
                                10);
  ASSERT_TRUE(claim.has_value() && claim->exception.has_value());
  EXPECT_EQ(claim->exception->type, "E");
  EXPECT_EQ(claim->exception->message, "");
  EXPECT_EQ(claim->exception->line, 3);
}

TEST(ReadClaim, NamesRefusedFilesInTheServicesOwnWords) {
  using Kind = protocol::FileDenial::Kind;
  protocol::OutcomeClaim raw{OutcomeKind::kOk, "1", "", "", {}};
  raw.denied = {{Kind::kTree, 2, "/root\xff"},
                {Kind::kReadOnly, 1, "/usr/x"},
                {Kind::kPermission, 1, "/x"},
                {Kind::kFurther, 9, "forged"}};
  const auto claim = read_claim(encode_outcome(raw), 10);
  ASSERT_TRUE(claim.has_value());
  ASSERT_EQ(claim->denied.size(), 4U);
  EXPECT_EQ(claim->denied[0], (engine::Denial{"/root\xEF\xBF\xBD", "tree", claim->denied[0].reason, 2}));
  EXPECT_EQ(claim->denied[1].rule, "read_only");
  EXPECT_EQ(claim->denied[2].rule, "permission");
  EXPECT_EQ(claim->denied[3].what, "further files");
  for (const engine::Denial& denial : claim->denied) EXPECT_FALSE(denial.reason.empty()) << denial.what;
}

TEST(ReadClaim, ErrorTextIsMadeValidAndBounded) {
  EXPECT_EQ(read_claim(encode_outcome({OutcomeKind::kException, "", "a\xff", ""}), 10)->error,
            "a\xEF\xBF\xBD");
  EXPECT_FALSE(read_claim(
      encode_outcome({OutcomeKind::kException, "", std::string(kClaimTextLimit + 1, 'x'), ""}), 10));
}

using protocol::CellFile;

TEST(CellFilesRead, AreThoseBelowOutput) {
  const auto files = read_files(protocol::encode_files({{"output/a", "xy"},
                                                        {"output/b", "", CellFile::State::kLink},
                                                        {"", "", CellFile::State::kTooMany}}),
                                2);
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(files->whole, (std::vector<engine::File>{{"output/a", "xy"}}));
  ASSERT_EQ(files->skipped.size(), 2U);
  EXPECT_EQ(files->skipped[0], (engine::SkippedFile{"output/b", "a symbolic link"}));
  EXPECT_EQ(files->skipped[1].path, "");
}

TEST(CellFilesRead, NameWhatIsInTheFoldersPlace) {
  const auto files = read_files(protocol::encode_files({{"output", "", CellFile::State::kSpecial}}), 10);
  ASSERT_TRUE(files && files->skipped.size() == 1);
  EXPECT_EQ(files->skipped[0], (engine::SkippedFile{"output", "not a folder"}));
}

TEST(CellFilesRead, NeverLeaveTheFolderNorTheirBounds) {
  for (const char* path :
       {"../x", "/etc/x", "output/../x", "x", "output", "output/", "output//x", "output/\n", ""}) {
    EXPECT_FALSE(read_files(protocol::encode_files({{path, "x"}}), 10).has_value()) << path;
  }
  EXPECT_FALSE(read_files(protocol::encode_files({{"../x", "", CellFile::State::kLink}}), 10).has_value());
  EXPECT_FALSE(read_files(protocol::encode_files({{"output/a", "xyz"}}), 2).has_value());
  EXPECT_FALSE(
      read_files(protocol::encode_files(std::vector<CellFile>(protocol::kMaxFiles + 1, {"output/a"})), 2)
          .has_value());
  EXPECT_FALSE(read_files("", 10).has_value());
}

}  // namespace
}  // namespace cellblock::backends::native
