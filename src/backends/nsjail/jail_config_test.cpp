#include "backends/nsjail/jail_config.hpp"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "nsjail/config.pb.h"
#include "protocol/in_jail.hpp"

namespace cellblock::backends::nsjail {
namespace {

using cellblock::nsjail::MountPt;
using cellblock::nsjail::NsJailConfig;
using cellblock::nsjail::RLimit;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

// Read back as nsjail reads it.
NsJailConfig config_of(const sandbox::JailSpec& spec, const std::vector<TreeTop>& tops = {{"/usr"}}) {
  NsJailConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(jail_config(spec, 1'900'000'007, tops), &config));
  return config;
}

const MountPt* mount_at(const NsJailConfig& config, const std::string& place) {
  const MountPt* found = nullptr;
  for (const MountPt& mount : config.mount()) {
    if (mount.dst() == place) found = &mount;
  }
  return found;
}

TEST(JailConfig, HasEveryNamespaceAndNoPrivilege) {
  const NsJailConfig config = config_of({});
  EXPECT_TRUE(config.clone_newuser() && config.clone_newpid() && config.clone_newns() &&
              config.clone_newnet() && config.clone_newipc() && config.clone_newuts() &&
              config.clone_newcgroup());
  EXPECT_TRUE(config.iface_no_lo());
  EXPECT_FALSE(config.keep_caps());
  EXPECT_EQ(config.cap_size(), 0);
  EXPECT_FALSE(config.disable_no_new_privs());
  EXPECT_FALSE(config.no_pivotroot());
  EXPECT_EQ(config.mode(), cellblock::nsjail::Mode::ONCE);
}

TEST(JailConfig, MapsOneUserAndOneGroupToTheSlots) {
  const NsJailConfig config = config_of({});
  ASSERT_EQ(config.uidmap_size(), 1);
  ASSERT_EQ(config.gidmap_size(), 1);
  for (const auto& map : {config.uidmap(0), config.gidmap(0)}) {
    EXPECT_EQ(map.inside_id(), "1000");
    EXPECT_EQ(map.outside_id(), "1900000007");
    EXPECT_EQ(map.count(), 1U);
    EXPECT_FALSE(map.use_newidmap());
  }
}

TEST(JailConfig, BoundsWhatNoRequestBounds) {
  const NsJailConfig config = config_of({});
  EXPECT_EQ(config.rlimit_core_type(), RLimit::HARD);
  EXPECT_EQ(config.rlimit_nofile(), 2048U);
  EXPECT_EQ(config.rlimit_stack(), 8U);
  EXPECT_EQ(config.rlimit_memlock(), 64U);
  EXPECT_EQ(config.rlimit_rtprio(), 0U);
  EXPECT_EQ(config.rlimit_msgqueue(), 0U);
  for (const auto type :
       {config.rlimit_nofile_type(), config.rlimit_stack_type(), config.rlimit_memlock_type(),
        config.rlimit_rtprio_type(), config.rlimit_msgqueue_type(), config.rlimit_nproc_type()}) {
    EXPECT_EQ(type, RLimit::VALUE);
  }
}

TEST(JailConfig, LeavesToTheRunnerWhatBeginsWithTheScript) {
  const NsJailConfig config = config_of({});
  EXPECT_EQ(config.rlimit_cpu_type(), RLimit::INF);
  EXPECT_EQ(config.rlimit_fsize_type(), RLimit::INF);
  EXPECT_EQ(config.rlimit_as_type(), RLimit::INF);
  EXPECT_EQ(config.time_limit(), 0U);
}

TEST(JailConfig, CountsTheFirstProcessBesideTheScripts) {
  for (const std::uint32_t processes : {1U, 2U, 128U, 4'000'000'000U}) {
    sandbox::JailSpec spec;
    spec.processes = processes;
    EXPECT_EQ(config_of(spec).rlimit_nproc(), std::uint64_t{processes} + 1) << processes;
  }
}

TEST(JailConfig, BoundsItsOwnMountsInBytesAndInodes) {
  for (const std::uint64_t bytes : {std::uint64_t{4096}, std::uint64_t{64} << 20U, std::uint64_t{1} << 40U}) {
    sandbox::JailSpec spec;
    spec.tmp_bytes = bytes;
    spec.tmp_inodes = 77;
    spec.shm_bytes = bytes + 2;
    spec.scratch = {{"/var/work", bytes + 1}};
    const NsJailConfig config = config_of(spec);
    const std::string own = "size=" + std::to_string(bytes) + ",nr_inodes=77,mode=";
    EXPECT_EQ(mount_at(config, "/tmp")->options(), own + "0700");
    EXPECT_EQ(mount_at(config, "/dev/shm")->options(),
              "size=" + std::to_string(bytes + 2) + ",nr_inodes=77,mode=1777");
    EXPECT_EQ(mount_at(config, "/var/work")->options(),
              "size=" + std::to_string(bytes + 1) + ",nr_inodes=77,mode=0700");
    for (const char* place : {"/tmp", "/dev/shm", "/var/work", "/proc"}) {
      EXPECT_TRUE(mount_at(config, place)->nosuid() && mount_at(config, place)->nodev()) << place;
      EXPECT_TRUE(mount_at(config, place)->mandatory()) << place;
    }
    EXPECT_TRUE(mount_at(config, "/dev/shm")->noexec());
    EXPECT_FALSE(mount_at(config, "/tmp")->noexec());
  }
}

TEST(JailConfig, ShowsOfProcTheProcessesAlone) {
  const NsJailConfig config = config_of({});
  EXPECT_EQ(mount_at(config, "/proc")->fstype(), "proc");
  EXPECT_EQ(mount_at(config, "/proc")->options(), "subset=pid");
  // nsjail's own would be a whole one.
  EXPECT_FALSE(config.mount_proc());
}

TEST(JailConfig, BindsTheTreeReadOnlyBelowItsOwnMounts) {
  const NsJailConfig config = config_of({}, {{"/bin", "usr/bin"}, {"/dev"}, {"/usr"}});
  ASSERT_GE(config.mount_size(), 3);
  EXPECT_TRUE(config.mount(0).is_symlink());
  EXPECT_EQ(config.mount(0).src(), "usr/bin");
  for (const int index : {1, 2}) {
    EXPECT_TRUE(config.mount(index).is_bind());
    EXPECT_FALSE(config.mount(index).rw());
    EXPECT_EQ(config.mount(index).src(), config.mount(index).dst());
  }
  std::vector<std::string> writable;
  for (const MountPt& mount : config.mount()) {
    if (mount.rw()) writable.push_back(mount.dst());
  }
  EXPECT_THAT(writable, ElementsAre("/tmp", "/dev/shm", "/proc"));
}

TEST(JailConfig, StartsTheProgramByItsDescriptorWithACleanEnvironment) {
  sandbox::JailSpec spec;
  spec.environment = {"GREETING=say \"hi\"\nand go"};
  const NsJailConfig config = config_of(spec);
  EXPECT_TRUE(config.exec_bin().exec_fd());
  EXPECT_EQ(config.exec_bin().path(), "/proc/self/fd/10");
  EXPECT_THAT(config.exec_bin().arg(), ElementsAre(protocol::kInJail));
  EXPECT_FALSE(config.keep_env());
  EXPECT_THAT(config.envar(), Contains("GREETING=say \"hi\"\nand go"));
  EXPECT_THAT(config.envar(), Contains("HOME=/tmp"));
  EXPECT_EQ(config.cwd(), "/tmp");
}

TEST(JailConfig, PassesTheSupervisorsLineOnlyWhereSomebodyListens) {
  sandbox::JailSpec spec;
  spec.listening = sandbox::Listening::kNone;
  EXPECT_THAT(config_of(spec).pass_fd(), ElementsAre(3, 4, 5, 6, 7));
  spec.listening = sandbox::Listening::kKillable;
  EXPECT_THAT(config_of(spec).pass_fd(), ElementsAre(3, 4, 5, 6, 7, 8));
}

TEST(JailConfig, SetsTheHostName) {
  sandbox::JailSpec spec;
  spec.hostname = "other";
  EXPECT_EQ(config_of(spec).hostname(), "other");
}

TEST(TreeTops, AreThoseOfTheRootWithoutWhatJailsMount) {
  const auto tops = tree_tops();
  EXPECT_THAT(tops, Contains(TreeTop{"/usr"}));
  EXPECT_THAT(tops, Not(Contains(TreeTop{"/tmp"})));
  EXPECT_THAT(tops, Not(Contains(TreeTop{"/proc"})));
}

}  // namespace
}  // namespace cellblock::backends::nsjail
