#include "protocol/control.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>

namespace cellblock::protocol {
namespace {

TEST(Control, CarriesAMessageWithItsDescriptors) {
  const auto sockets = base::make_socketpair(SOCK_STREAM);
  const auto pipe = base::make_pipe();
  ASSERT_TRUE(sockets.has_value() && pipe.has_value());
  ControlMessage message;
  message.kind = ControlKind::kSpawn;
  message.cell = 7;
  message.set_text("hello");
  const std::array<int, 1> fds{pipe->second.get()};
  ASSERT_TRUE(send_control(sockets->first.get(), message, fds).has_value());

  const auto got = receive_control(sockets->second.get());
  ASSERT_TRUE(got.has_value() && got->has_value());
  EXPECT_EQ((*got)->message.kind, ControlKind::kSpawn);
  EXPECT_EQ((*got)->message.cell, 7U);
  EXPECT_EQ((*got)->message.text_view(), "hello");
  ASSERT_EQ((*got)->fds.size(), 1U);
  const int passed = (*got)->fds[0].get();
  EXPECT_EQ(::fcntl(passed, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  ASSERT_EQ(::write(passed, "x", 1), 1);
  char byte = 0;
  ASSERT_EQ(::read(pipe->first.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

TEST(Control, EndOfFileIsNotAnError) {
  auto sockets = base::make_socketpair(SOCK_STREAM);
  ASSERT_TRUE(sockets.has_value());
  sockets->first.reset();
  const auto got = receive_control(sockets->second.get());
  ASSERT_TRUE(got.has_value());
  EXPECT_FALSE(got->has_value());
}

TEST(Control, AMessageThatIsCutShortIsRefused) {
  auto sockets = base::make_socketpair(SOCK_STREAM);
  ASSERT_TRUE(sockets.has_value());
  ASSERT_EQ(::send(sockets->first.get(), "short", 5, 0), 5);
  sockets->first.reset();
  EXPECT_FALSE(receive_control(sockets->second.get()).has_value());
}

TEST(Control, LongTextIsCutAndStaysTerminated) {
  ControlMessage message;
  message.set_text(std::string(5000, 'a'));
  EXPECT_EQ(message.text_view().size(), message.text.size() - 1);
}

}  // namespace
}  // namespace cellblock::protocol
