#include "backends/nsjail/jail_config.hpp"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "jailer/zygote_process.hpp"
#include "nsjail/config.pb.h"
#include "protocol/in_jail.hpp"

namespace cellblock::backends::nsjail {
namespace {

namespace fs = std::filesystem;
using cellblock::nsjail::MountPt;
using cellblock::nsjail::NsJailConfig;
using cellblock::nsjail::RLimit;

// Above the numbers that the runner moves its own descriptors to; a script gets its own, lower bound.
constexpr std::uint64_t kOpenFiles = 2048;
constexpr std::uint64_t kStackMegabytes = 8;
constexpr std::uint64_t kLockedKilobytes = 64;

void set_namespaces(NsJailConfig& config, const sandbox::JailSpec& spec, std::uint32_t outside_id) {
  config.set_clone_newuser(true);
  config.set_clone_newpid(true);
  config.set_clone_newns(true);
  config.set_clone_newnet(true);
  config.set_clone_newipc(true);
  config.set_clone_newuts(true);
  config.set_clone_newcgroup(true);
  // An empty network has no loopback either.
  config.set_iface_no_lo(true);
  config.set_hostname(spec.hostname);
  for (const auto& [map, inside_id] :
       {std::pair{config.add_uidmap(), spec.inside_uid}, std::pair{config.add_gidmap(), spec.inside_gid}}) {
    map->set_inside_id(std::to_string(inside_id));
    map->set_outside_id(std::to_string(outside_id));
    map->set_count(1);
  }
}

// Bounds for the time before the request's own limits are known, which the runner sets in every cell. CPU
// time, file size and address space have none here: Python's start and the request's files are no script's
// doing.
void set_rlimits(NsJailConfig& config, const sandbox::JailSpec& spec) {
  config.set_rlimit_as_type(RLimit::INF);
  config.set_rlimit_cpu_type(RLimit::INF);
  config.set_rlimit_fsize_type(RLimit::INF);
  // The one that the keeper has set: nsjail's own number would be megabytes.
  config.set_rlimit_core_type(RLimit::HARD);
  config.set_rlimit_nofile(kOpenFiles);
  config.set_rlimit_nproc_type(RLimit::VALUE);
  // nsjail itself is not of the jail's user.
  config.set_rlimit_nproc(spec.processes + kOwnProcesses - 1);
  config.set_rlimit_stack_type(RLimit::VALUE);
  config.set_rlimit_stack(kStackMegabytes);
  config.set_rlimit_memlock_type(RLimit::VALUE);
  config.set_rlimit_memlock(kLockedKilobytes);
  config.set_rlimit_rtprio_type(RLimit::VALUE);
  config.set_rlimit_rtprio(0);
  config.set_rlimit_msgqueue_type(RLimit::VALUE);
  config.set_rlimit_msgqueue(0);
}

void add_tree(NsJailConfig& config, const std::vector<TreeTop>& tops) {
  for (const TreeTop& top : tops) {
    MountPt& mount = *config.add_mount();
    mount.set_dst(top.path);
    mount.set_src(top.link.empty() ? top.path : top.link);
    mount.set_is_symlink(!top.link.empty());
    mount.set_is_bind(top.link.empty());
    mount.set_rw(false);
    mount.set_mandatory(true);
  }
}

void add_own(NsJailConfig& config, const std::string& place, const char* type, const std::string& options,
             bool executable) {
  MountPt& mount = *config.add_mount();
  mount.set_dst(place);
  mount.set_fstype(type);
  mount.set_options(options);
  mount.set_rw(true);
  mount.set_mandatory(true);
  mount.set_nosuid(true);
  mount.set_nodev(true);
  mount.set_noexec(!executable);
}

// What furnish_cell() mounts in a cell.
void add_own_mounts(NsJailConfig& config, const sandbox::JailSpec& spec) {
  const auto bounds = [&spec](std::uint64_t bytes, const char* mode) {
    return "size=" + std::to_string(bytes) + ",nr_inodes=" + std::to_string(spec.tmp_inodes) +
           ",mode=" + mode;
  };
  add_own(config, std::string(sandbox::kOwnDirectory), "tmpfs", bounds(spec.tmp_bytes, "0700"),
          !spec.tmp_no_exec);
  add_own(config, "/dev/shm", "tmpfs", bounds(spec.shm_bytes, "1777"), false);
  for (const sandbox::ScratchPlace& scratch : spec.scratch) {
    add_own(config, scratch.place, "tmpfs", bounds(scratch.bytes, "0700"), !scratch.no_exec);
  }
  add_own(config, "/proc", "proc", "subset=pid", false);
}

void set_program(NsJailConfig& config, const sandbox::JailSpec& spec) {
  config.set_cwd(spec.working_directory);
  config.set_keep_env(false);
  for (std::string& variable : jailer::cell_environment(spec)) config.add_envar(std::move(variable));
  for (const int fd : {protocol::kJailLine, protocol::kJailSpec, protocol::kJailChannel, protocol::kJailOut,
                       protocol::kJailErr})
    config.add_pass_fd(fd);
  if (spec.listening != sandbox::Listening::kNone) config.add_pass_fd(protocol::kJailSupervisor);
  auto& program = *config.mutable_exec_bin();
  program.set_path("/proc/self/fd/" + std::to_string(kProgram));
  program.set_arg0("cellblock-zygote");
  program.add_arg(protocol::kInJail);
  // By its descriptor: no tree shows it.
  program.set_exec_fd(true);
}

}  // namespace

std::vector<TreeTop> tree_tops() {
  std::vector<TreeTop> tops;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/", error)) {
    const std::string path = entry.path().string();
    if (path == "/proc" || path == sandbox::kOwnDirectory) continue;
    if (entry.is_symlink(error)) {
      tops.push_back({path, fs::read_symlink(entry.path(), error).string()});
    } else {
      tops.push_back({path});
    }
  }
  std::sort(tops.begin(), tops.end(),
            [](const auto& one, const auto& other) { return one.path < other.path; });
  return tops;
}

std::string jail_config(const sandbox::JailSpec& spec, std::uint32_t outside_id,
                        const std::vector<TreeTop>& tops) {
  NsJailConfig config;
  config.set_name("cellblock");
  config.set_mode(cellblock::nsjail::Mode::ONCE);
  // It would count from the start of the jail, which is ahead of the script: the engine's clock is the one.
  config.set_time_limit(0);
  config.set_nice_level(0);
  config.set_log_fd(kLog);
  config.set_log_level(cellblock::nsjail::LogLevel::WARNING);
  // Not the keeper's; what nsjail has to say goes to its log.
  config.set_silent(true);
  config.set_keep_caps(false);
  config.set_disable_no_new_privs(false);
  set_namespaces(config, spec, outside_id);
  set_rlimits(config, spec);
  add_tree(config, tops);
  add_own_mounts(config, spec);
  set_program(config, spec);
  std::string text;
  google::protobuf::TextFormat::PrintToString(config, &text);
  return text;
}

}  // namespace cellblock::backends::nsjail
