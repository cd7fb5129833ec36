#include "http/deadline.hpp"

#include <gtest/gtest.h>

namespace cellblock::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Pace, AllowsNoPauseAndNoTrickle) {
  const auto begin = Clock::now();
  const Pace pace(seconds(10), 1000);
  const auto after = [begin](Clock::time_point point) {
    return std::chrono::duration<double>(point - begin).count();
  };
  EXPECT_NEAR(after(pace.next(0, begin)), 10, 0.1);
  EXPECT_NEAR(after(pace.next(5'000, begin + seconds(1))), 11, 0.1) << "a pause";
  EXPECT_NEAR(after(pace.next(5'000, begin + seconds(12))), 15, 0.1) << "what it has earned";
  EXPECT_NEAR(after(pace.next(10, begin + seconds(9))), 10, 0.1) << "a trickle earns nothing";
}

TEST(Pace, WithoutARateOnlyForbidsPauses) {
  const auto begin = Clock::now();
  EXPECT_EQ(Pace(seconds(10), 0).next(1, begin + seconds(100)), begin + seconds(110));
}

class DeadlineTest : public ::testing::Test {
 protected:
  // A connected socket that nobody sends anything to.
  DeadlineTest() {
    tcp::acceptor acceptor(context_, tcp::endpoint(net::ip::address_v4::loopback(), 0));
    socket_.connect(acceptor.local_endpoint());
    acceptor.accept(peer_);
  }

  net::io_context context_;
  tcp::socket socket_{context_};
  tcp::socket peer_{context_};
  char byte_ = 0;
};

TEST_F(DeadlineTest, EndsAnOperationAndLeavesTheSocketOpen) {
  Deadline deadline(socket_);
  deadline.set(Clock::now() + milliseconds(20));
  error_code result;
  socket_.async_read_some(net::buffer(&byte_, 1),
                          [&](const error_code& code, std::size_t) { result = code; });
  context_.run_for(seconds(5));
  EXPECT_EQ(result, net::error::operation_aborted);
  EXPECT_TRUE(deadline.passed());
  EXPECT_TRUE(socket_.is_open());
}

TEST_F(DeadlineTest, DoesNothingOnceItIsCleared) {
  Deadline deadline(socket_);
  deadline.set(Clock::now());
  deadline.clear();
  bool ended = false;
  socket_.async_read_some(net::buffer(&byte_, 1), [&](const error_code&, std::size_t) { ended = true; });
  context_.run_for(milliseconds(50));
  EXPECT_FALSE(ended);
  EXPECT_FALSE(deadline.passed());
}

TEST_F(DeadlineTest, MayGoBeforeItsHandlerRuns) {
  std::optional<Deadline> deadline(std::in_place, socket_);
  deadline->set(Clock::now());
  deadline.reset();
  context_.run_for(milliseconds(50));
  EXPECT_TRUE(socket_.is_open());
}

}  // namespace
}  // namespace cellblock::http
