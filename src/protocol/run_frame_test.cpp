#include "protocol/run_frame.hpp"

#include <gtest/gtest.h>

namespace cellblock::protocol {
namespace {

TEST(RunFrame, RoundTrips) {
  const RunRequest request{"def main(): pass",
                           "[1]",
                           "{\"a\":2}",
                           std::string("in\0put", 6),
                           "files",
                           1,
                           2,
                           3,
                           4,
                           5,
                           6,
                           7,
                           true,
                           {DisplayWish::Figures::kSvg, 8, 9, 10}};
  EXPECT_EQ(decode_run(encode_run(request)), request);
}

TEST(RunFrame, EveryCutAndEveryTrailingByteIsRefused) {
  const std::string payload = encode_run({"s", "[]", "{}", "", "", 1, 2, 3, 4, 5, 6, 7, false});
  for (std::size_t length = 0; length < payload.size(); ++length) {
    EXPECT_FALSE(decode_run(payload.substr(0, length)).has_value()) << length;
  }
  EXPECT_FALSE(decode_run(payload + "x").has_value());
}

}  // namespace
}  // namespace cellblock::protocol
