#include "telemetry/patient_sink.hpp"

#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <string>

#include "base/fd.hpp"

namespace cellblock::telemetry {
namespace {

class PatientSinkTest : public testing::Test {
 protected:
  PatientSinkTest()
      : pipe_(base::make_pipe().value()), logger_("test", std::make_shared<PatientSink>(pipe_.second.get())) {
    logger_.set_pattern("%v");
  }

  [[nodiscard]] std::string read_some() const {
    std::array<char, 1U << 20U> buffer{};
    const ssize_t count = ::read(pipe_.first.get(), buffer.data(), buffer.size());
    return std::string(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  }

  base::FdPair pipe_;
  spdlog::logger logger_;
};

TEST_F(PatientSinkTest, WritesLines) {
  logger_.info("event=one");
  EXPECT_EQ(read_some(), "event=one\n");
}

TEST_F(PatientSinkTest, DropsWhatNobodyReadsAndTellsHowMuch) {
  const std::string line = "event=" + std::string(1000, 'x');
  for (int number = 0; number < 1000; ++number) logger_.info(line);
  const std::string kept = read_some();
  EXPECT_LT(kept.size(), 100'000U);
  logger_.info("event=later");
  const std::string after = read_some();
  EXPECT_EQ(after.find("event=log_lines_lost count="), 0U) << after;
  EXPECT_NE(after.find("\nevent=later\n"), std::string::npos) << after;
}

TEST_F(PatientSinkTest, AReaderThatIsGoneIsNoError) {
  ::signal(SIGPIPE, SIG_IGN);
  pipe_.first.reset();
  for (int number = 0; number < 3; ++number) logger_.info("event=unheard");
}

}  // namespace
}  // namespace cellblock::telemetry
