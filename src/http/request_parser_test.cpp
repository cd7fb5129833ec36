#include "http/request_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace cellblock::http {
namespace {

const std::string kPost = "POST /execute HTTP/1.1\r\nHost: x\r\n";
const std::string kChunked = kPost + "Transfer-Encoding: chunked\r\n\r\n";

class RequestParserTest : public ::testing::Test {
 protected:
  // The outcome of a whole message that arrives in pieces of so many bytes.
  error_code feed(std::string_view bytes, std::size_t piece = std::string_view::npos) {
    parser_ = std::make_unique<RequestParser>(16U << 10U);
    beast::flat_buffer buffer;
    bool admitted = false;
    error_code fault = bhttp::error::need_more;
    while (!bytes.empty() && fault == bhttp::error::need_more) {
      const std::size_t size = std::min(piece, bytes.size());
      buffer.commit(net::buffer_copy(buffer.prepare(size), net::buffer(bytes.data(), size)));
      bytes.remove_prefix(size);
      if (!admitted) fault = parser_->read_header(buffer);
      if (!admitted && !fault) {
        admitted = true;
        fault = parser_->admit_body(limit_, lease_);
      }
      if (admitted && (!fault || fault == bhttp::error::need_more)) fault = parser_->read_body(buffer);
      most_unparsed_ = std::max(most_unparsed_, buffer.size());
    }
    return fault;
  }
  [[nodiscard]] const Request& request() const { return parser_->request(); }

  std::uint64_t limit_ = 1U << 20U;
  std::shared_ptr<base::ByteBudget> budget_ = std::make_shared<base::ByteBudget>(1U << 20U);
  base::Lease lease_{budget_, base::ByteBudget::Use::kRequest};
  std::unique_ptr<RequestParser> parser_;
  std::size_t most_unparsed_ = 0;
};

TEST_F(RequestParserTest, ReadsTheSameFromPiecesOfAnySize) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
    EXPECT_FALSE(feed(kPost + "Content-Length: 5\r\n\r\nabcde", piece));
    EXPECT_EQ(request().target(), "/execute");
    EXPECT_EQ(request()[bhttp::field::host], "x");
    EXPECT_EQ(request().body(), "abcde");
    EXPECT_FALSE(feed(kChunked + "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nHost: y\r\nX: z\r\n\r\n", piece));
    EXPECT_EQ(request().body(), "abcde");
    EXPECT_EQ(request()[bhttp::field::host], "x") << "a trailer is no header";
    EXPECT_EQ(request().count("X"), 0U);
  }
}

TEST_F(RequestParserTest, IgnoresOneEmptyLineInFront) {
  const std::string request = "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx";
  for (const std::size_t piece : {1U, 2U, 3U, 1000U}) {
    EXPECT_FALSE(feed("\r\n" + request, piece)) << piece;
    EXPECT_TRUE(feed("\r\n\r\n" + request, piece)) << piece;
    EXPECT_TRUE(feed("\n" + request, piece)) << piece;
  }
}

TEST_F(RequestParserTest, RefusesFoldedLinesHoweverTheyArrive) {
  for (const std::size_t piece : {1U, 5U, 1000U}) {
    EXPECT_EQ(feed(kPost + "X: a\r\n b\r\n\r\n", piece), bhttp::error::bad_obs_fold);
    EXPECT_EQ(feed(kPost + "X: a\r\n\tb\r\n\r\n", piece), bhttp::error::bad_obs_fold);
    EXPECT_EQ(feed(kPost + "Transfer-Encoding:\r\n chunked\r\n\r\n", piece), bhttp::error::bad_obs_fold);
  }
  EXPECT_FALSE(feed(kPost + "X:  a b \t\r\nContent-Length: 1\r\n\r\n "));
}

TEST_F(RequestParserTest, BoundsFieldsAndTheirNumber) {
  std::string many = kPost;
  for (int i = 0; i < 99; ++i) many += "A:\r\n";
  EXPECT_FALSE(feed(many + "\r\n"));
  EXPECT_EQ(feed(many + "A:\r\n\r\n"), bhttp::error::header_limit);
  EXPECT_EQ(feed(kPost + "A: " + std::string(17'000, 'x'), 4096), bhttp::error::header_limit);
  EXPECT_TRUE(parser_->begun());
  EXPECT_EQ(feed("GET /" + std::string(17'000, 'x'), 4096), bhttp::error::header_limit);
  EXPECT_FALSE(parser_->begun());
}

TEST_F(RequestParserTest, BoundsTheBodyByWhatWasAdmitted) {
  limit_ = 10;
  EXPECT_FALSE(feed(kPost + "Content-Length: 10\r\n\r\n0123456789"));
  EXPECT_EQ(feed(kPost + "Content-Length: 11\r\n\r\n"), bhttp::error::body_limit);
  EXPECT_FALSE(feed(kChunked + "6\r\n012345\r\n4\r\n6789\r\n0\r\n\r\n"));
  EXPECT_EQ(feed(kChunked + "6\r\n012345\r\n5\r\n"), bhttp::error::body_limit);
  EXPECT_EQ(feed(kChunked + "ffffffffffffffff\r\n"), bhttp::error::body_limit);
}

TEST_F(RequestParserTest, TakesMemoryOnItsAccountOnly) {
  EXPECT_EQ(feed(kPost + "Content-Length: 600000\r\n\r\n"), boost::system::errc::not_enough_memory);
  EXPECT_EQ(feed(kChunked + "927c0\r\n" + std::string(600'000, 'x'), 32'768),
            boost::system::errc::not_enough_memory);
  EXPECT_LE(budget_->used(), 512U << 10U);
  EXPECT_FALSE(feed(kPost + "Content-Length: 500000\r\n\r\n" + std::string(500'000, 'x'), 32'768));
  EXPECT_EQ(budget_->used(), 500'000U);
}

TEST_F(RequestParserTest, TakesTinyChunksAndRefusesEndlessFraming) {
  std::string tiny = kChunked;
  for (int i = 0; i < 50'000; ++i) tiny += "1\r\nx\r\n";
  EXPECT_FALSE(feed(tiny + "0\r\n\r\n", 4096));
  EXPECT_EQ(request().body().size(), 50'000U);

  EXPECT_EQ(feed(kChunked + "1;a=" + std::string(1'000'000, 'x'), 8192), bhttp::error::bad_chunk_extension);
  EXPECT_LT(most_unparsed_, 80'000U);
  std::string extended = kChunked;
  for (int i = 0; i < 10'000; ++i) extended += "1;a=" + std::string(100, 'x') + "\r\nx\r\n";
  EXPECT_EQ(feed(extended, 8192), bhttp::error::bad_chunk_extension);
  EXPECT_EQ(feed(kChunked + "0\r\nX: " + std::string(1'000'000, 'x'), 8192),
            bhttp::error::bad_chunk_extension);
}

TEST_F(RequestParserTest, RefusesWhatOthersMayReadDifferently) {
  for (const std::string& bytes : {kPost + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                                   kPost + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
                                   kPost + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
                                   kPost + "Content-Length: +1\r\n\r\n",
                                   kPost + "Content-Length: 0x1\r\n\r\n",
                                   kPost + "Content-Length:\r\n\r\n",
                                   kPost + "Content-Length: 18446744073709551617\r\n\r\n",
                                   kPost + "Content-Length : 1\r\n\r\n",
                                   kPost + "Content-Length: 1\n\r\n",
                                   kPost + "X: a\rb\r\n\r\n",
                                   kPost + std::string("X: a\0b\r\n\r\n", 10),
                                   kPost + "X\x01: a\r\n\r\n",
                                   kPost + ": a\r\n\r\n",
                                   "GET / HTTP/1.1\nHost: x\n\n" + std::string(),
                                   " GET / HTTP/1.1\r\n\r\n" + std::string(),
                                   "GET\t/\tHTTP/1.1\r\n\r\n" + std::string(),
                                   "GET  / HTTP/1.1\r\n\r\n" + std::string(),
                                   "GET / HTTP/1.1 \r\n\r\n" + std::string(),
                                   kChunked + "1\nx\r\n0\r\n\r\n",
                                   kChunked + "0x1\r\nx\r\n0\r\n\r\n",
                                   kChunked + "-1\r\n",
                                   kChunked + " 1\r\nx\r\n0\r\n\r\n",
                                   kChunked + "1\r\nxx\r\n0\r\n\r\n",
                                   kChunked + "10000000000000000\r\n"}) {
    const error_code fault = feed(bytes);
    EXPECT_TRUE(fault && fault != bhttp::error::need_more) << bytes << " " << fault.message();
  }
}

}  // namespace
}  // namespace cellblock::http
