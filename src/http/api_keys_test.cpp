#include "http/api_keys.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/fd.hpp"

namespace cellblock::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string fault_of(std::string_view text) {
  const auto parsed = ApiKeys::parse(text, "keys");
  return parsed ? "accepted" : parsed.error().message();
}

TEST(ApiKeys, AreFoundByWhatClientsShow) {
  const auto keys =
      ApiKeys::parse("# ours\n\n" + api_key_line("ann", "secret-a") + api_key_line("b.o_b-2", "secret-b") +
                         "old:sha256:" + to_hex(sha256("secret-c")) + ":revoked\r\n",
                     "keys");
  ASSERT_TRUE(keys) << keys.error().message();
  EXPECT_EQ(keys->find("secret-a")->name, "ann");
  EXPECT_EQ(keys->find("secret-b")->name, "b.o_b-2");
  EXPECT_FALSE(keys->find("secret-b")->revoked);
  EXPECT_TRUE(keys->find("secret-c")->revoked);
  for (const auto* wrong : {"", "secret-", "secret-a ", "SECRET-A", "ann"})
    EXPECT_EQ(keys->find(wrong), nullptr);
  // The digest is no key.
  EXPECT_EQ(keys->find(to_hex(sha256("secret-a"))), nullptr);
}

TEST(ApiKeys, NewOnesDifferAndFitIntoTheFile) {
  const std::string key = new_api_key();
  EXPECT_EQ(key.size(), 67U);
  EXPECT_NE(key, new_api_key());
  EXPECT_EQ(ApiKeys::parse(api_key_line("x", key), "keys")->find(key)->name, "x");
}

TEST(ApiKeys, AWrongLineIsNamedButNotShown) {
  const std::string digest = to_hex(sha256("x"));
  for (const std::string& line :
       {std::string("cb_my_secret"), "a:md5:" + digest, "a:sha256:" + digest + "00",
        "a:sha256:" + digest.substr(1), "a:sha256:" + std::string(64, 'X'), ":sha256:" + digest,
        "a b:sha256:" + digest, std::string(65, 'a') + ":sha256:" + digest, "a:sha256:" + digest + ":",
        "a:sha256:" + digest + ":no", "a:sha256:" + digest + ":revoked:", " a:sha256:" + digest,
        std::string("a:sha256:")}) {
    const std::string fault = fault_of("# first\n" + line + "\n");
    EXPECT_THAT(fault, HasSubstr("keys file keys, line 2")) << line;
    EXPECT_THAT(fault, Not(HasSubstr("my_secret")));
  }
  EXPECT_EQ(fault_of(std::string(64, 'a') + ":sha256:" + digest), "accepted");
  EXPECT_THAT(fault_of("a:sha256:" + digest + "\na:sha256:" + digest + "\n"), HasSubstr("twice"));
  EXPECT_THAT(fault_of("# nothing\n"), HasSubstr("has no key"));
}

class KeysFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/cellblock-keys-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    file_ = folder_ + "/keys";
    write(api_key_line("ann", "secret"), 0600);
  }
  void TearDown() override {
    ::unlink(file_.c_str());
    ::rmdir(folder_.c_str());
  }
  void write(std::string_view text, mode_t mode) const {
    ::unlink(file_.c_str());
    const base::Fd opened(::open(file_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ASSERT_TRUE(base::write_all(opened.get(), text));
    ASSERT_EQ(::fchmod(opened.get(), mode), 0);
  }
  [[nodiscard]] std::string fault() const {
    const auto read = ApiKeys::read(file_);
    return read ? "accepted" : read.error().message();
  }

  std::string folder_;
  std::string file_;
};

TEST_F(KeysFile, IsReadWhenOnlyItsOwnerCanWriteIt) {
  for (const mode_t mode : {0600U, 0400U, 0440U, 0640U}) {
    write(api_key_line("ann", "secret"), mode);
    EXPECT_EQ(fault(), "accepted") << mode;
  }
  EXPECT_EQ(ApiKeys::read(file_)->find("secret")->name, "ann");
}

TEST_F(KeysFile, IsRefusedWhenOthersCanReadOrChangeIt) {
  for (const mode_t mode : {0604U, 0644U, 0602U, 0660U, 0620U, 0601U}) {
    write(api_key_line("ann", "secret"), mode);
    EXPECT_THAT(fault(), HasSubstr("chmod 600")) << mode;
  }
}

TEST_F(KeysFile, IsRefusedWhenItIsNone) {
  ::unlink(file_.c_str());
  EXPECT_THAT(fault(), HasSubstr("No such file"));
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_THAT(fault(), HasSubstr("no regular file"));
  write("broken", 0600);
  EXPECT_THAT(fault(), HasSubstr("line 1"));
}

TEST_F(KeysFile, IsRefusedWhenItIsAnotherUsers) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown(file_.c_str(), 12345, 12345), 0);
  EXPECT_THAT(fault(), HasSubstr("belongs to another user"));
}

TEST(ApiKeys, OneIsRevokedAndAllElseStays) {
  const std::string digest(64, 'a');
  const std::string ann = "ann:sha256:" + digest;
  const std::string text = "# ann\r\n\n" + ann + "\r\nanna:sha256:" + digest + "\n" + "bob:sha256:" + digest;
  EXPECT_EQ(with_key_revoked(text, "ann"),
            "# ann\r\n\n" + ann + ":revoked\r\nanna:sha256:" + digest + "\n" + "bob:sha256:" + digest);
  EXPECT_EQ(with_key_revoked(text, "bob"), text + ":revoked");
  EXPECT_EQ(with_key_revoked(with_key_revoked(text, "bob"), "bob"), text + ":revoked");
  EXPECT_EQ(with_key_revoked(text, "an"), text);
}

}  // namespace
}  // namespace cellblock::http
