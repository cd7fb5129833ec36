#include "protocol/files_frame.hpp"

#include <gtest/gtest.h>

namespace cellblock::protocol {
namespace {

const std::vector<CellFile> kFiles = {{"a", std::string("\0\xff", 2)},
                                      {"b/c", "", CellFile::State::kLink},
                                      {"", "", CellFile::State::kTooMany}};

TEST(FilesFrame, RoundTrips) {
  EXPECT_EQ(decode_files(encode_files(kFiles)), kFiles);
  EXPECT_EQ(decode_files(""), std::vector<CellFile>{});
}

TEST(FilesFrame, RefusesWhatIsCutShortOrOfNoKnownState) {
  const std::string payload = encode_files({kFiles[0]});
  for (std::size_t length = 1; length < payload.size(); ++length) {
    EXPECT_FALSE(decode_files(payload.substr(0, length)).has_value()) << length;
  }
  std::string unknown = payload;
  unknown[0] = 7;
  EXPECT_FALSE(decode_files(unknown).has_value());
}

TEST(FilesFrame, BoundsTheNumberOfEntries) {
  EXPECT_TRUE(decode_files(encode_files(std::vector<CellFile>(2 * kMaxFiles, {"x"}))).has_value());
  EXPECT_FALSE(decode_files(encode_files(std::vector<CellFile>(2 * kMaxFiles + 1, {"x"}))).has_value());
}

}  // namespace
}  // namespace cellblock::protocol
