#include "http/request_id.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cellblock::http {
namespace {

TEST(RequestId, IsTheClientsOwnWhenHarmless) {
  EXPECT_EQ(request_id("Ab-1_2.z"), "Ab-1_2.z");
  EXPECT_EQ(request_id(std::string(128, 'a')), std::string(128, 'a'));
}

TEST(RequestId, IsRandomInPlaceOfAnythingElse) {
  for (const std::string& offered :
       {std::string(), std::string(129, 'a'), std::string("a b"), std::string("a\r\nX: y"),
        std::string("\xc3\xbc"), std::string("a\0b", 3)}) {
    const std::string id = request_id(offered);
    EXPECT_NE(id, offered);
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
}

TEST(RandomId, DiffersEachTime) {
  EXPECT_NE(random_id(), random_id());
}

}  // namespace
}  // namespace cellblock::http
