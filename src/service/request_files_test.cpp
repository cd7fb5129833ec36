#include "service/request_files.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace cellblock::service {
namespace {

using Entries = std::vector<RequestFile>;

Parsed<std::vector<engine::File>> files_of(const Entries& entries, std::uint64_t limit = 1U << 20U) {
  RequestFiles files(limit);
  for (const RequestFile& entry : entries) {
    if (auto added = files.add(entry); !added) return tl::make_unexpected(added.error());
  }
  return std::move(files).take();
}

RequestFile text(std::string_view path, std::string_view content = "x") {
  return {path, content, {}};
}

RequestFile base64(std::string_view path, std::string_view content) {
  return {path, {}, content};
}

TEST(RequestFiles, TakeTextAndBase64) {
  const auto files = files_of({text("a.csv", "1,2"), base64("b/c", "AP8=")});
  ASSERT_TRUE(files.has_value());
  const std::vector<engine::File> expected = {{"a.csv", "1,2"}, {"b/c", std::string("\0\xff", 2)}};
  EXPECT_EQ(*files, expected);
}

TEST(RequestFiles, NameWhatIsWrong) {
  const std::string long_name(4096, 'x');
  const std::pair<Entries, std::string> faults[] = {
      {{{{}, "x", {}}}, "Field 'files[0]' has no 'path'"},
      {{text("a"), text("../b")}, "Field 'files[1]': path '../b' must not contain '.' or '..'"},
      {{text("/etc/passwd")}, "Field 'files[0]': path '/etc/passwd' must be relative"},
      {{text(long_name)},
       "Field 'files[0]': path '" + std::string(100, 'x') + "…' is longer than 1024 bytes"},
      {{{"a", {}, {}}}, "Field 'files[0]' must have either 'content' or 'content_base64'"},
      {{{"a", "x", "eA=="}}, "Field 'files[0]' must have either 'content' or 'content_base64'"},
      {{base64("a", "x")}, "Field 'files[0]': 'content_base64' is not valid base64"},
      {{text("a"), text("a")}, "Field 'files' has two entries for 'a'"},
      {{text("a/b"), text("a")}, "Field 'files': 'a' can't be both a file and the folder of another"},
      {{text("a"), text("a-b"), text("a/b/c")},
       "Field 'files': 'a' can't be both a file and the folder of another"},
      {{text("output")}, "Field 'files': 'output' is the folder for what the script leaves"},
  };
  for (const auto& [entries, message] : faults) {
    const auto files = files_of(entries);
    ASSERT_FALSE(files.has_value()) << message;
    EXPECT_EQ(files.error().message, message);
  }
}

TEST(RequestFiles, FitTheLimitTogether) {
  const std::string megabyte(1U << 20U, 'x');
  EXPECT_TRUE(files_of({text("a", megabyte)}).has_value());
  EXPECT_TRUE(files_of({text("a", megabyte), text("b", "")}).has_value());
  const auto files = files_of({text("a", megabyte), text("b", "y")});
  ASSERT_FALSE(files.has_value());
  EXPECT_EQ(files.error().message, "The files have more than 1 MB together, the limit 'files-mb'");
  EXPECT_FALSE(files_of({base64("a", std::string(1'500'000, 'A'))}).has_value());
}

TEST(RequestFiles, AreNoMoreThanTheirNumber) {
  Entries entries;
  std::vector<std::string> names;
  for (int number = 0; number < 257; ++number) names.push_back(std::to_string(number));
  for (int number = 0; number < 256; ++number)
    entries.push_back(text(names[static_cast<std::size_t>(number)]));
  EXPECT_TRUE(files_of(entries).has_value());
  entries.push_back(text(names[256]));
  EXPECT_EQ(files_of(entries).error().message, "Field 'files' has more than 256 entries");
}

}  // namespace
}  // namespace cellblock::service
