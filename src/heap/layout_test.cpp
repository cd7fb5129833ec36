#include "heap/layout.hpp"

#include <gtest/gtest.h>

#include "heap/allocation_names.hpp"

namespace cellblock::heap {
namespace {

TEST(LayoutTest, ComesBackAsItWas) {
  const Layout layout = {{7, 1}, {~0ULL, kLargestPlaced}, {8, 48}};
  EXPECT_EQ(decode_layout(encode_layout(layout)), layout);
  EXPECT_TRUE(decode_layout(encode_layout({})).empty());
}

TEST(LayoutTest, BytesThatAreNoLayoutAreAnEmptyOne) {
  const std::string good = encode_layout({{7, 16}, {8, 16}});
  EXPECT_TRUE(decode_layout("").empty());
  EXPECT_TRUE(decode_layout(good.substr(0, good.size() - 1)).empty());
  EXPECT_TRUE(decode_layout("x" + good.substr(1)).empty());
  EXPECT_TRUE(decode_layout(encode_layout({{0, 16}})).empty());
  EXPECT_TRUE(decode_layout(encode_layout({{7, 0}})).empty());
  EXPECT_TRUE(decode_layout(encode_layout({{7, kLargestPlaced + 1}})).empty());
}

}  // namespace
}  // namespace cellblock::heap
