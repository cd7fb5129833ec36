#include "http/guard.hpp"

#include <gtest/gtest.h>

namespace cellblock::http {
namespace {

bhttp::request_header<> header(unsigned version = 11) {
  bhttp::request_header<> fields;
  fields.version(version);
  return fields;
}

TEST(Guard, LetsAnOrdinaryRequestPass) {
  auto fields = header();
  fields.set(bhttp::field::host, "x");
  fields.set(bhttp::field::transfer_encoding, "Chunked");
  fields.set(bhttp::field::expect, "100-Continue");
  EXPECT_FALSE(refuse_by_header(fields));
  EXPECT_TRUE(expects_continue(fields));
}

TEST(Guard, WantsOneHostFromHttp11Only) {
  EXPECT_FALSE(refuse_by_header(header(10)));
  auto fields = header();
  EXPECT_EQ(refuse_by_header(fields)->status, bhttp::status::bad_request);
  fields.insert(bhttp::field::host, "x");
  fields.insert(bhttp::field::host, "y");
  EXPECT_EQ(refuse_by_header(fields)->status, bhttp::status::bad_request);
}

TEST(Guard, RefusesCodingsWhoseEndItCannotSee) {
  for (const char* coding : {"gzip", "gzip, chunked", "chunked, gzip", "identity", "chunked, chunked"}) {
    auto fields = header();
    fields.set(bhttp::field::host, "x");
    fields.set(bhttp::field::transfer_encoding, coding);
    const auto reply = refuse_by_header(fields);
    ASSERT_TRUE(reply) << coding;
    EXPECT_EQ(reply->status, bhttp::status::not_implemented);
    EXPECT_TRUE(reply->close);
  }
}

TEST(Guard, RefusesLengthsThatOthersMayReadDifferently) {
  auto twice = header();
  twice.set(bhttp::field::host, "x");
  twice.insert(bhttp::field::content_length, "5");
  twice.insert(bhttp::field::content_length, "5");
  EXPECT_EQ(refuse_by_header(twice)->status, bhttp::status::bad_request);
  auto list = header();
  list.set(bhttp::field::host, "x");
  list.set(bhttp::field::content_length, "5, 5");
  EXPECT_EQ(refuse_by_header(list)->status, bhttp::status::bad_request);
  auto old = header(10);
  old.set(bhttp::field::transfer_encoding, "chunked");
  EXPECT_EQ(refuse_by_header(old)->status, bhttp::status::bad_request);
}

TEST(Guard, RefusesExpectationsItCannotMeet) {
  auto fields = header();
  fields.set(bhttp::field::host, "x");
  fields.set(bhttp::field::expect, "a-miracle");
  EXPECT_EQ(refuse_by_header(fields)->status, bhttp::status::expectation_failed);
}

}  // namespace
}  // namespace cellblock::http
