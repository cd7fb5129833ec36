#include "service/batch_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cellblock::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string fault_of(std::string_view body) {
  const auto parsed = parse_batch_request(body);
  return parsed ? "accepted" : parsed.error().message;
}

std::string batch_of(std::size_t count) {
  std::string entries;
  for (std::size_t i = 0; i < count; ++i) entries += (i == 0 ? "{}" : ",{}");
  return "{\"requests\":[" + entries + "]}";
}

TEST(BatchRequest, KeepsEachEntryAsItIsWritten) {
  const auto parsed =
      parse_batch_request(R"({"requests": [ {"script": "a\n", "args":[1,{"x":"]"}]} , {} ]})");
  ASSERT_TRUE(parsed);
  EXPECT_THAT(*parsed, ElementsAre(R"({"script": "a\n", "args":[1,{"x":"]"}]})", "{}"));
}

TEST(BatchRequest, LeavesWrongEntriesToTheirOwnLines) {
  const auto parsed = parse_batch_request(R"({"requests": [1, "text", null, [2], {"nonsense": true}]})");
  ASSERT_TRUE(parsed);
  EXPECT_THAT(*parsed, ElementsAre("1", R"("text")", "null", "[2]", R"({"nonsense": true})"));
}

TEST(BatchRequest, TakesAHundredEntriesAndNoMore) {
  EXPECT_EQ(parse_batch_request(batch_of(1))->size(), 1U);
  EXPECT_EQ(parse_batch_request(batch_of(kMostBatched))->size(), kMostBatched);
  EXPECT_THAT(fault_of(batch_of(kMostBatched + 1)), HasSubstr("at most 100"));
  EXPECT_THAT(fault_of(batch_of(0)), HasSubstr("at least one"));
}

TEST(BatchRequest, NamesWhatIsWrong) {
  EXPECT_THAT(fault_of("{}"), HasSubstr("'requests' is required"));
  EXPECT_THAT(fault_of(R"({"requests": {}})"), HasSubstr("must be an array"));
  EXPECT_THAT(fault_of(R"({"requests": null})"), HasSubstr("must be an array"));
  EXPECT_THAT(fault_of(R"({"request": [{}]})"), HasSubstr("Unknown field 'request'"));
  EXPECT_THAT(fault_of(R"({"requests": [{}], "requests": [{}]})"), HasSubstr("given twice"));
  EXPECT_THAT(fault_of("[]"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(fault_of(R"({"requests": [{}})"), HasSubstr("not valid JSON"));
  EXPECT_THAT(fault_of("{\"requests\": [\"\xff\"]}"), HasSubstr("not valid JSON"));
}

TEST(BatchRequest, IsNestedAsDeepAsItsEntriesMayBe) {
  const auto nested = [](std::size_t depth) {
    return "{\"requests\":[" + std::string(depth, '[') + std::string(depth, ']') + "]}";
  };
  EXPECT_TRUE(parse_batch_request(nested(200)));
  EXPECT_THAT(fault_of(nested(201)), HasSubstr("not valid JSON"));
}

}  // namespace
}  // namespace cellblock::service
