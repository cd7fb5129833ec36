#include "http/trace_context.hpp"

#include <gtest/gtest.h>

namespace cellblock::http {
namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kParent = "00f067aa0ba902b7";
const std::string kGood = "00-" + kTrace + "-" + kParent + "-01";
const std::string kExecution = "ef0ba96ba3704d1866eeccfa62e6f981";

bhttp::request_header<> with(std::initializer_list<std::string> values) {
  bhttp::request_header<> header;
  for (const std::string& value : values) header.insert("TraceParent", value);
  return header;
}

TEST(TraceParent, HasTheTraceAndTheSpanOfWhoAsks) {
  const auto origin = parse_traceparent(kGood);
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->trace_id, kTrace);
  EXPECT_EQ(origin->parent_id, kParent);
  EXPECT_EQ(origin->trace_flags, "01");
}

TEST(TraceParent, OnlyTheSampledFlagIsKnown) {
  const std::string all = kGood.substr(0, kGood.size() - 2);
  for (const auto& [given, kept] :
       {std::pair{"00", "00"}, {"01", "01"}, {"02", "00"}, {"03", "01"}, {"fe", "00"}, {"ff", "01"}}) {
    EXPECT_EQ(parse_traceparent(all + given).value().trace_flags, kept) << given;
  }
}

TEST(TraceParent, OfALaterVersionIsReadAsFarAsThisOneGoes) {
  for (const std::string version : {"01", "7f", "fe"}) {
    const std::string text = version + kGood.substr(2);
    for (const std::string& value : {text, text + "-", text + "-what-comes-then"}) {
      EXPECT_EQ(parse_traceparent(value).value_or(service::Origin{}).trace_id, kTrace) << value;
    }
    EXPECT_FALSE(parse_traceparent(text + "x"));
  }
}

// kGood with something else from this place on.
std::string good_with(std::size_t at, const std::string& part) {
  return std::string(kGood).replace(at, part.size(), part);
}

TEST(TraceParent, WhatTheSpecificationCallsInvalidIsNothing) {
  constexpr std::size_t kTraceAt = 3;
  constexpr std::size_t kParentAt = 36;
  constexpr std::size_t kFlagsAt = 53;
  const std::string shortened = std::string(kGood).erase(kTraceAt, 1);
  for (const std::string& value :
       {std::string(), std::string("00"), kGood + "-", kGood + "-more", " " + kGood, shortened,
        good_with(0, "ff"), good_with(0, "0x"), good_with(kTraceAt, std::string(32, '0')),
        good_with(kParentAt, std::string(16, '0')), good_with(kFlagsAt, "0g"), good_with(kParentAt - 2, "A"),
        good_with(kParentAt - 2, "\n"), good_with(kTraceAt - 1, "_"), good_with(kParentAt - 1, "_"),
        good_with(kFlagsAt - 1, "_"), std::string(60, '-'), std::string(100'000, 'a')}) {
    EXPECT_FALSE(parse_traceparent(value)) << value.substr(0, 80);
  }
}

TEST(Origin, IsThatOfTheHeaderIfThereIsOne) {
  EXPECT_EQ(origin_of(with({kGood}), "ann").trace_id, kTrace);
  EXPECT_EQ(origin_of(with({kGood}), "ann").caller, "ann");
  for (const auto& header : {with({}), with({"nonsense"}), with({kGood, kGood})}) {
    EXPECT_EQ(origin_of(header, "ann").trace_id, "");
    EXPECT_EQ(origin_of(header, "ann").caller, "ann");
  }
}

TEST(TraceResponse, TellsTheSpanOfTheExecution) {
  const std::string span = kExecution.substr(0, 16);
  EXPECT_EQ(trace_response(*parse_traceparent(kGood), kExecution), "00-" + kTrace + "-" + span + "-01");
  EXPECT_EQ(trace_response({}, kExecution), "00-" + kExecution + "-" + span + "-01");
}

}  // namespace
}  // namespace cellblock::http
