#include "nsjail/sandbox_config.hpp"

#include <gmock/gmock.h>

#include "nsjail/fake_surroundings_for_test.hpp"

namespace cellblock::nsjail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Values = std::map<std::string, std::vector<std::string>, std::less<>>;

SandboxConfig read(const std::string& text, bool show_private_files = false, bool bind_writable = false) {
  Surroundings surroundings = fake_surroundings();
  surroundings.show_private_files = show_private_files;
  surroundings.bind_writable = bind_writable;
  return read_sandbox_config(text, surroundings);
}

Values values(const std::string& text) {
  const SandboxConfig config = read(text);
  for (const Finding& finding : config.findings) EXPECT_FALSE(is_error(finding.outcome)) << describe(finding);
  return config.values;
}

// The first error, or nothing.
std::string error(const std::string& text, bool show_private_files = false) {
  for (const Finding& finding : read(text, show_private_files).findings) {
    if (is_error(finding.outcome)) return describe(finding);
  }
  return "";
}

std::string mount(const std::string& fields) {
  return error("mount { " + fields + " }");
}

TEST(SandboxConfig, TakesLimitsInTheirUnits) {
  EXPECT_EQ(values("time_limit: 10 rlimit_cpu: 5 rlimit_fsize: 20 rlimit_nofile: 64 rlimit_nproc: 32"),
            (Values{{"time-limit", {"10"}},
                    {"cpu-limit", {"5"}},
                    {"file-mb", {"20MB"}},
                    {"open-files", {"64"}},
                    {"processes", {"32"}}}));
  EXPECT_EQ(values("cgroup_cpu_ms_per_sec: 500").at("cpus"), std::vector<std::string>{"0.5"});
  EXPECT_EQ(values("max_cpus: 2").at("cpus"), std::vector<std::string>{"2"});
}

TEST(SandboxConfig, TakesTheLowestOfSeveralLimits) {
  EXPECT_EQ(values("rlimit_as: 512 cgroup_mem_max: 268435456").at("memory-mb"),
            std::vector<std::string>{"256MB"});
  EXPECT_EQ(values("cgroup_mem_max: 1073741824 rlimit_as: 512").at("memory-mb"),
            std::vector<std::string>{"512MB"});
  EXPECT_EQ(values("cgroup_pids_max: 10 rlimit_nproc: 20").at("processes"), std::vector<std::string>{"10"});
}

TEST(SandboxConfig, ReadsHowALimitIsMeant) {
  EXPECT_EQ(values("rlimit_nofile: 99 rlimit_nofile_type: SOFT").at("open-files"),
            std::vector<std::string>{"64"});
  EXPECT_THAT(error("rlimit_nofile_type: HARD"), HasSubstr("refused"));
  EXPECT_THAT(error("rlimit_cpu_type: INF"), HasSubstr("refused"));
  EXPECT_TRUE(values("rlimit_as: 1 rlimit_as_type: INF").empty());
  EXPECT_TRUE(values("rlimit_stack: 8 rlimit_core: 0 rlimit_memlock: 64 rlimit_rtprio: 0").empty());
  EXPECT_THAT(error("rlimit_stack: 7"), HasSubstr("not supported"));
  EXPECT_EQ(error("rlimit_stack: 9"), "");
  EXPECT_THAT(error("rlimit_fsize: 18446744073709551615"), HasSubstr("refused"));
}

TEST(SandboxConfig, TakesZeroOfAControlGroupForNoLimitAsked) {
  EXPECT_TRUE(values("cgroup_mem_max: 0 cgroup_pids_max: 0 cgroup_cpu_ms_per_sec: 0 max_cpus: 0").empty());
  EXPECT_THAT(error("time_limit: 0"), HasSubstr("time-limit must be"));
}

TEST(SandboxConfig, TakesNamesAndVariables) {
  EXPECT_EQ(values("hostname: \"NSJAIL\" envar: \"A=b,c\" envar: \"D=\" cwd: \"/tmp\""),
            (Values{{"hostname", {"NSJAIL"}}, {"cell-environment", {"A=b,c", "D="}}}));
}

TEST(SandboxConfig, TakesTheUsualVariablesOfPython) {
  const std::string text =
      "envar: \"HOME=/tmp\" envar: \"LANG=C.UTF-8\" envar: \"TZ=UTC\" envar: \"MPLBACKEND=Agg\" "
      "envar: \"OMP_NUM_THREADS=1\" envar: \"TMPDIR=/tmp\" envar: \"PATH=/usr/bin:/bin\"";
  EXPECT_TRUE(values(text).empty());
  for (const Finding& finding : read(text).findings) EXPECT_EQ(finding.outcome, Outcome::kAlreadySo);
  EXPECT_THAT(values("envar: \"TZ=Europe/Berlin\" envar: \"LC_ALL=C.UTF-8\" envar: \"PYTHONUNBUFFERED=1\"")
                  .at("cell-environment"),
              ElementsAre("TZ=Europe/Berlin", "LC_ALL=C.UTF-8", "PYTHONUNBUFFERED=1"));
  EXPECT_THAT(describe(read("envar: \"PYTHONUNBUFFERED=1\"").findings[0]),
              HasSubstr("for what scripts start"));
}

TEST(SandboxConfig, NamesTheVariableThatItCantTake) {
  EXPECT_THAT(error("envar: \"HOME=/root\""), HasSubstr("not supported: cells have HOME=/tmp"));
  EXPECT_THAT(error("envar: \"LD_PRELOAD=/a\""), HasSubstr("refused: LD_PRELOAD decides"));
  EXPECT_THAT(error("envar: \"PYTHONPATH=/a\""), HasSubstr("library-path"));
  EXPECT_THAT(error("envar: \"LANG\""),
              HasSubstr("service's own environment, which is not for scripts: write "
                        "LANG=VALUE; cells have LANG=C.UTF-8"));
  EXPECT_THAT(error("envar: \"DISPLAY\""), HasSubstr("write DISPLAY=VALUE"));
  EXPECT_THAT(error("envar: \"A B=c\""), HasSubstr("must be NAME=VALUE"));
}

TEST(SandboxConfig, StartsScriptsWhereAMountSaysThatThereIsAPlace) {
  EXPECT_TRUE(values("cwd: \"/tmp/\"").empty());
  EXPECT_EQ(values("cwd: \"/\"").at("working-directory"), std::vector<std::string>{"/"});
  const auto scratch =
      read("cwd: \"/work\" mount { dst: \"/work\" fstype: \"tmpfs\" options: \"size=1m\" rw: true }");
  EXPECT_EQ(scratch.values.at("working-directory"), std::vector<std::string>{"/work"});
  EXPECT_THAT(scratch.findings.at(1).text, HasSubstr("files of request and answer are there too"));
  const auto bound = read("mount { src: \"/opt/app\" dst: \"/app\" is_bind: true } cwd: \"/app\"");
  EXPECT_EQ(bound.values.at("working-directory"), std::vector<std::string>{"/app"});
  EXPECT_THAT(bound.findings.at(1).text, HasSubstr("stay in /tmp"));
  EXPECT_THAT(error("mount { src: \"/opt/app\" dst: \"/app\" is_bind: true } cwd: \"/app/none\""),
              HasSubstr("no such directory"));
  EXPECT_THAT(error("cwd: \"/app\""),
              HasSubstr("cwd = \"/app\": not supported: cells have no such directory"));
}

TEST(SandboxConfig, KnowsTheMountsThatCellsHave) {
  EXPECT_EQ(mount("src: \"/usr\" dst: \"/usr\" is_bind: true"), "");
  EXPECT_EQ(mount("src: \"/lib/\" dst: \"/lib\" is_bind: true mandatory: false"), "");
  EXPECT_EQ(mount("src: \"/dev/null\" dst: \"/dev/null\" is_bind: true rw: true"), "");
  EXPECT_EQ(mount("dst: \"/proc\" fstype: \"proc\""), "");
  EXPECT_EQ(mount("dst: \"/\" fstype: \"tmpfs\""), "");
  EXPECT_TRUE(values("mount { dst: \"/dev/shm\" fstype: \"tmpfs\" rw: true }").empty());
}

TEST(SandboxConfig, AddsReadOnlyBindsAndTmpfs) {
  EXPECT_EQ(values("mount { src: \"/opt/app\" dst: \"/app\" is_bind: true }\n"
                   "mount { src: \"/opt/app\" dst: \"/opt/app\" is_bind: true is_dir: true }\n"
                   "mount { src: \"/opt/none\" dst: \"/none\" is_bind: true mandatory: false }\n"
                   "mount { dst: \"/scratch\" fstype: \"tmpfs\" options: \"size=16M\" rw: true }\n"
                   "mount { dst: \"/tmp\" fstype: \"tmpfs\" options: \"size=5000000,nr_inodes=1k,mode=1777\" "
                   "rw: true }\n"),
            (Values{{"bind", {"/opt/app:/app", "/opt/app"}},
                    {"tmpfs", {"/scratch:16"}},
                    {"workdir-mb", {"4882KB"}},
                    {"workdir-inodes", {"1024"}}}));
  EXPECT_EQ(mount("src: \"/opt/file\" dst: \"/file\" is_bind: true"), "");
  EXPECT_THAT(mount("src: \"/opt/large\" dst: \"/file\" is_bind: true"), HasSubstr("1 MB"));
}

TEST(SandboxConfig, RefusesMountsThatWouldOpenAWall) {
  EXPECT_THAT(mount("src: \"/opt/app\" dst: \"/app\" is_bind: true rw: true"),
              HasSubstr("mount.rw = true: refused"));
  EXPECT_THAT(mount("src: \"/dev/kvm\" dst: \"/dev/kvm\" is_bind: true"), HasSubstr("refused"));
  EXPECT_THAT(mount("src: \"/etc/app\" dst: \"/app\" is_bind: true"),
              HasSubstr("dangerously-show-private-files"));
  EXPECT_THAT(mount("src: \"/opt/link\" dst: \"/app\" is_bind: true"), HasSubstr("refused"));
  EXPECT_THAT(mount("dst: \"/sys\" fstype: \"sysfs\""), HasSubstr("refused"));
  EXPECT_THAT(mount("dst: \"/proc\" fstype: \"proc\" rw: true"), HasSubstr("refused"));
  EXPECT_THAT(mount("dst: \"/\" fstype: \"tmpfs\" rw: true"), HasSubstr("refused"));
  const std::string private_bind = "mount { src: \"/etc/app\" dst: \"/app\" is_bind: true }";
  EXPECT_EQ(error(private_bind, true), "");
  EXPECT_THAT(error("mount { src: \"/proc/sys\" dst: \"/app\" is_bind: true }", true), HasSubstr("refused"));
}

TEST(SandboxConfig, WritesFilesAndLinksIntoTheTree) {
  EXPECT_EQ(values("mount { src_content: \"nameserver 8.8.8.8\\n\" dst: \"/etc/resolv.conf\" }\n"
                   "mount { src: \"/usr/bin/python3\" dst: \"/python\" is_symlink: true }\n"
                   "mount { src: \"/proc/self/fd\" dst: \"/dev/fd\" is_symlink: true }\n"
                   "mount { src_content: \"me:x:1:1::/:\" dst: \"/etc/passwd\" }\n"
                   "mount { src: \"/a\" dst: \"/proc/no/links/here\" is_symlink: true mandatory: false }"),
            (Values{{"cell-files", {"/etc/resolv.conf=nameserver 8.8.8.8\n"}},
                    {"cell-links", {"/python=/usr/bin/python3"}}}));
  EXPECT_EQ(read("mount { src_content: \"secret\" dst: \"/a\" }").findings.at(0).text, "cell-files = /a");
}

TEST(SandboxConfig, BoundsATmpfsThatAsksForNoSize) {
  EXPECT_EQ(values("mount { dst: \"/scratch\" fstype: \"tmpfs\" rw: true }").at("tmpfs"),
            std::vector<std::string>{"/scratch:64"});
}

TEST(SandboxConfig, TakesPlacesThatNothingIsStartedFrom) {
  EXPECT_EQ(
      values("mount { dst: \"/tmp\" fstype: \"tmpfs\" rw: true noexec: true nodev: true nosuid: true }\n"
             "mount { dst: \"/scratch\" fstype: \"tmpfs\" options: \"size=1m\" rw: true noexec: true }\n"
             "mount { src: \"/opt/app\" dst: \"/app\" is_bind: true noexec: true }\n"
             "mount { dst: \"/proc\" fstype: \"proc\" noexec: true }\n"
             "mount { dst: \"/dev/shm\" fstype: \"tmpfs\" options: \"size=8m\" rw: true noexec: true }"),
      (Values{{"bind", {"/opt/app:/app"}},
              {"tmpfs", {"/scratch:1"}},
              {"no-exec", {"/tmp", "/scratch", "/app"}},
              {"shm-mb", {"8MB"}}}));
}

TEST(SandboxConfig, BindsWritableOnlyWithAnAlarmingOption) {
  const std::string text = "mount { src: \"/opt/app\" dst: \"/app\" is_bind: true rw: true }";
  EXPECT_THAT(error(text), HasSubstr("refused"));
  EXPECT_THAT(error(text), HasSubstr("option dangerously-bind-writable allows it"));
  const SandboxConfig allowed = read(text, false, true);
  EXPECT_TRUE(allowed.usable());
  EXPECT_THAT(allowed.values.at("bind"), ElementsAre("/opt/app:/app:rw"));
  for (const char* fields : {"src: \"/usr\" dst: \"/usr\"", "src: \"/opt/app\" dst: \"/usr/local/bin\"",
                             "src: \"/opt/app\" dst: \"/etc/app\"", "src: \"/etc/app\" dst: \"/app\"",
                             "src: \"/opt/file\" dst: \"/app\""}) {
    EXPECT_FALSE(read("mount { is_bind: true rw: true " + std::string(fields) + " }", true, true).usable())
        << fields;
  }
}

TEST(SandboxConfig, TellsWhichMountsCantBeHad) {
  for (const char* fields : {"src: \"/opt/none\" dst: \"/none\" is_bind: true",
                             "src: \"/opt/app\" is_bind: true",
                             "dst: \"/app\" is_bind: true",
                             "src: \"/opt/app\" dst: \"/usr/lib/app\" is_bind: true",
                             "src: \"/opt/app\" dst: \"app\" is_bind: true",
                             "src: \"/opt/app\" dst: \"/a/../b\" is_bind: true",
                             "src: \"/opt/app\" dst: \"/app\" is_bind: true is_dir: false",
                             "src: \"/opt/app\" dst: \"/app\" is_bind: true options: \"x\"",
                             "dst: \"/app\"",
                             "prefix_src_env: \"HOME\" src: \"/a\" dst: \"/b\" is_bind: true",
                             "dst: \"/scratch\" fstype: \"tmpfs\" rw: true options: \"nr_inodes=9\"",
                             "dst: \"/scratch\" fstype: \"tmpfs\" options: \"size=16M\"",
                             "dst: \"/scratch\" fstype: \"tmpfs\" rw: true options: \"size=5\"",
                             "dst: \"/scratch\" fstype: \"tmpfs\" rw: true options: \"size=1x\"",
                             "dst: \"/tmp\" fstype: \"tmpfs\" rw: true options: \"uid=5\"",
                             "dst: \"/tmp\" fstype: \"tmpfs\"",
                             "dst: \"/tmp\" fstype: \"tmpfs\" rw: true options: \"size=99999999999g\"",
                             "dst: \"/dev/shm\" fstype: \"tmpfs\" rw: true options: \"nr_inodes=9\"",
                             "src: \"/usr\" dst: \"/usr\" is_bind: true noexec: true",
                             "src: \"/opt/file\" dst: \"/file\" is_bind: true noexec: true",
                             "src_content: \"x\" dst: \"/usr/lib/x\"",
                             "src_content: \"x\" dst: \"/x\" rw: true",
                             "src_content: \"\\377\" dst: \"/x\"",
                             "src: \"/a\" dst: \"/usr/lib/x\" is_symlink: true",
                             "src: \"a\" dst: \"/b\" is_symlink: true",
                             "dst: \"/b\" is_symlink: true"}) {
    EXPECT_NE(mount(fields), "") << fields;
  }
}

TEST(SandboxConfig, MapsIdsAsCellsHaveThem) {
  EXPECT_EQ(
      error("uidmap { inside_id: \"1000\" outside_id: \"1000\" count: 1 } gidmap { inside_id: \"1000\" }"),
      "");
  EXPECT_EQ(values("uidmap { inside_id: \"1000\" outside_id: \"100000\" }").at("uid-base"),
            std::vector<std::string>{"100000"});
  EXPECT_EQ(values("uidmap { inside_id: \"99999\" outside_id: \"\" } gidmap { inside_id: \"1\" }"),
            (Values{{"cell-uid", {"99999"}}, {"cell-gid", {"1"}}}));
  EXPECT_TRUE(values("uidmap { outside_id: \"0\" } gidmap { inside_id: \"\" }").empty());
  EXPECT_THAT(error("uidmap { inside_id: \"0\" }"),
              HasSubstr("uidmap.inside_id = \"0\": refused: root of its own"));
  EXPECT_THAT(error("uidmap { inside_id: \"nobody\" }"), HasSubstr("write the number"));
  EXPECT_THAT(error("uidmap { inside_id: \"4294967295\" }"), HasSubstr("cell-uid must be"));
  EXPECT_THAT(error("uidmap { inside_id: \"1000\" count: 2 }"), HasSubstr("refused"));
  EXPECT_THAT(error("uidmap { inside_id: \"1000\" } uidmap { inside_id: \"1000\" }"), HasSubstr("one id"));
  EXPECT_THAT(error("gidmap { inside_id: \"1000\" use_newidmap: true }"), HasSubstr("use_newidmap"));
}

TEST(SandboxConfig, TakesCallsAwayAndNeverGivesAny) {
  EXPECT_THAT(
      values("seccomp_string: \"ERRNO(1) { ptrace, mkdir, rmdir }\"\nseccomp_string: \"DEFAULT ALLOW\"")
          .at("refuse-calls"),
      ElementsAre("mkdir", "rmdir"));
  EXPECT_TRUE(values("seccomp_string: \"ALLOW { mount, reboot } DEFAULT ALLOW\"").empty());
  EXPECT_THAT(values("seccomp_policy_file: \"/opt/policy\"").at("refuse-calls"), ElementsAre("mkdir"));
  const auto all_but_few = values(
      "seccomp_string: \"POLICY a { ALLOW { read, write, newstat, sendmsg, openat, dup2, prlimit64 } } USE a "
      "DEFAULT KILL\"");
  EXPECT_GT(all_but_few.at("refuse-calls").size(), 100U);
  EXPECT_THAT(all_but_few.at("refuse-calls"), ::testing::Not(::testing::Contains("stat")));
  EXPECT_THAT(all_but_few.at("refuse-calls"), ::testing::Not(::testing::Contains("read")));
}

TEST(SandboxConfig, TellsTheLineOfAPolicyThatItCantTake) {
  EXPECT_THAT(error("\nseccomp_string: \"DEFAULT ALLOW\"\nseccomp_string: \"KILL { nothing_like_that }\""),
              HasSubstr("line 3, column 1: seccomp_string"));
  EXPECT_THAT(error("seccomp_string: \"LOG { read } DEFAULT ALLOW\""), HasSubstr("watched"));
  EXPECT_THAT(error("seccomp_string: \"DEFAULT\\nLOG\""), HasSubstr("DEFAULT"));
  EXPECT_THAT(error("seccomp_string: \"ALLOW { read, write }\"\nseccomp_string: \"DEFAULT KILL\""),
              HasSubstr("line 2, column 1"));
  EXPECT_THAT(error("seccomp_string: \"KILL { openat } DEFAULT ALLOW\""), HasSubstr("cells need 'openat'"));
  EXPECT_THAT(error("seccomp_string: \"KILL { write { fd == 5 } } DEFAULT ALLOW\""),
              HasSubstr("cells need 'write': the answer goes over a socket; its condition"));
  EXPECT_THAT(error("seccomp_string: \"KILL {\\n mkdir { mode == S_IRWXO } } DEFAULT ALLOW\""),
              HasSubstr("line 2 of the policy: 'S_IRWXO' is not known: #define it"));
}

TEST(SandboxConfig, RefusesACallAltogetherWhereAConditionMayHold) {
  const auto config = read("seccomp_string: \"KILL { mkdir { mode == 0 }, rmdir } DEFAULT ALLOW\"");
  EXPECT_THAT(config.values.at("refuse-calls"), ElementsAre("mkdir", "rmdir"));
  EXPECT_THAT(config.findings.at(0).text,
              HasSubstr("mkdir: with any arguments, which is more than the policy refuses"));
  // By default it would be refused where the condition does not hold.
  EXPECT_THAT(values("seccomp_string: \"ALLOW { mkdir { mode == 0 } } ERRNO(1) { mkdir } DEFAULT ALLOW\"")
                  .at("refuse-calls"),
              ElementsAre("mkdir"));
  EXPECT_THAT(values("seccomp_string: \"#define mine 83\\n KILL { SYSCALL[mine] } DEFAULT ALLOW\"")
                  .at("refuse-calls"),
              ElementsAre("mkdir"));
}

TEST(SandboxConfig, ChangesNothingByConditionsThatDecideNothing) {
  for (const char* policy :
       {// Cells can't make the call anyway, or not with these arguments.
        "KILL { reboot { magic == 1 } } DEFAULT ALLOW", "KILL { socket { domain == 16 } } DEFAULT ALLOW",
        "ERRNO(1) { clone { (clone_flags & CLONE_NEWUSER) } } DEFAULT ALLOW",
        "KILL { socket { domain != AF_UNIX } } DEFAULT ALLOW",
        "KILL { prctl { option == PR_SET_SECCOMP } } DEFAULT ALLOW",
        "KILL { mmap { (flags & MAP_HUGETLB) != 0 }, unshare, SYSCALL[101] } DEFAULT ALLOW",
        // Allowed either way.
        "ALLOW { mkdir { mode == 0 } } DEFAULT ALLOW", "ALLOW { read { fd == 0 }, write } DEFAULT ALLOW",
        "ALLOW { socket { domain == AF_UNIX } } ERRNO(1) { socket } DEFAULT ALLOW"}) {
    EXPECT_TRUE(values("seccomp_string: \"" + std::string(policy) + "\"").empty()) << policy;
  }
}

TEST(SandboxConfig, SaysNothingOfWhatIsNotThere) {
  EXPECT_THAT(read("").findings, IsEmpty());
  EXPECT_TRUE(read("").values.empty());
}

}  // namespace
}  // namespace cellblock::nsjail
