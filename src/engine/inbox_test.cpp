#include "engine/inbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>

namespace cellblock::engine {
namespace {

using ::testing::ElementsAre;

TEST(Inbox, DoesWhatOtherThreadsHaveInTheOrderInWhichItCame) {
  constexpr int kEach = 2000;
  boost::asio::io_context context;
  const auto guard = boost::asio::make_work_guard(context);
  Inbox inbox(context);
  std::vector<int> first;
  std::vector<int> second;
  inbox.start();
  const auto send = [&](std::vector<int>& to) {
    for (int number = 0; number < kEach; ++number) {
      inbox.put([&, number] {
        to.push_back(number);
        if (first.size() + second.size() == 2 * kEach) context.stop();
      });
      // So that the thread falls asleep between some of them.
      if (number % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  };
  std::thread one([&] { send(first); });
  std::thread other([&] { send(second); });
  context.run();
  one.join();
  other.join();
  ASSERT_EQ(first.size(), kEach);
  EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
  EXPECT_TRUE(std::is_sorted(second.begin(), second.end()));
}

TEST(Inbox, KeepsWhatComesBeforeTheStartAndAfterTheEnd) {
  boost::asio::io_context context;
  Inbox inbox(context);
  std::vector<int> done;
  inbox.put([&] { done.push_back(1); });
  inbox.start();
  context.run_for(std::chrono::milliseconds(20));
  EXPECT_THAT(done, ElementsAre(1));
  context.stop();
  inbox.put([&] { done.push_back(2); });
  inbox.put([&] { inbox.put([&] { done.push_back(4); }); });
  inbox.put([&] { done.push_back(3); });
  inbox.take();
  EXPECT_THAT(done, ElementsAre(1, 2, 3)) << "what work brings is for the next time";
  inbox.take();
  EXPECT_THAT(done, ElementsAre(1, 2, 3, 4));
}

TEST(Inbox, WorksWithoutADescriptorOfItsOwn) {
  boost::asio::io_context context;
  // What the context itself needs is opened by its first user.
  const boost::asio::posix::stream_descriptor first(context);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  Inbox inbox(context);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  bool done = false;
  inbox.start();
  inbox.put([&] { done = true; });
  context.run();
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace cellblock::engine
