#include "base/fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace cellblock::base {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

TEST(Fd, ClosesWhenItGoesOutOfScope) {
  int number = -1;
  {
    const auto pipe = make_pipe();
    ASSERT_TRUE(pipe.has_value());
    number = pipe->first.get();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, MoveLeavesTheSourceEmptyAndClosesTheOldTarget) {
  auto one = make_pipe();
  auto two = make_pipe();
  ASSERT_TRUE(one.has_value() && two.has_value());
  const int old = one->first.get();
  const int kept = two->first.get();
  one->first = std::move(two->first);
  EXPECT_FALSE(is_open(old));
  EXPECT_EQ(one->first.get(), kept);
  EXPECT_TRUE(is_open(kept));
}

TEST(Fd, EveryMadeDescriptorIsCloseOnExec) {
  const auto pipe = make_pipe();
  const auto sockets = make_socketpair(SOCK_STREAM);
  ASSERT_TRUE(pipe.has_value() && sockets.has_value());
  for (const int fd : {pipe->first.get(), pipe->second.get(), sockets->first.get(), sockets->second.get()}) {
    EXPECT_EQ(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  }
}

TEST(ReadFile, StopsAtItsLimit) {
  const auto text = read_file(AT_FDCWD, "/proc/self/status", 10);
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->size(), 10U);
}

TEST(ReadFile, NamesTheFileAndTheReasonWhenItIsMissing) {
  const auto text = read_file(AT_FDCWD, "/no/such/file");
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().message(), "open /no/such/file: No such file or directory");
}

TEST(ErrorMessage, CarriesTheHint) {
  EXPECT_EQ((Error{"bind 127.0.0.1:80", EACCES, "use a port above 1023"}).message(),
            "bind 127.0.0.1:80: Permission denied (use a port above 1023)");
}

}  // namespace
}  // namespace cellblock::base
