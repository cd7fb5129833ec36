#include <algorithm>

#include "sandbox/probe.hpp"

namespace cellblock::sandbox {

bool needed_at(const WallProbe& wall, Level level) {
  switch (level) {
    case Level::kNone:
      return false;
    case Level::kRestricted:
      return wall.needed_at == NeededAt::kRestricted || wall.needed_at == NeededAt::kBoth;
    case Level::kFull:
      return wall.needed_at == NeededAt::kFull || wall.needed_at == NeededAt::kBoth;
  }
  return false;
}

Level level_of(const std::vector<WallProbe>& walls) {
  for (const Level level : {Level::kFull, Level::kRestricted}) {
    const bool reached = std::none_of(walls.begin(), walls.end(), [level](const WallProbe& wall) {
      return needed_at(wall, level) && !wall.stands;
    });
    if (reached) return level;
  }
  return Level::kNone;
}

Walls plan_of(const std::vector<WallProbe>& walls, Level level) {
  const auto stands = [&walls](std::string_view name) {
    return std::any_of(walls.begin(), walls.end(),
                       [name](const WallProbe& wall) { return wall.name == name && wall.stands; });
  };
  Walls plan;
  plan.namespaces = level == Level::kFull;
  plan.host_admin = stands("host_admin");
  plan.own_uid = stands("own_uid") && (plan.host_admin || !plan.namespaces);
  plan.own_inodes = stands("own_inodes");
  plan.private_proc = stands("private_proc");
  // Root without the host's rights takes on another uid for the sake of the cells, and that one owns no
  // cgroup.
  plan.cgroups = stands("cgroup") && (plan.host_admin || !plan.namespaces || !stands("own_uid"));
  plan.capabilities = stands("capabilities");
  plan.landlock = stands("landlock");
  plan.seccomp = stands("seccomp");
  return plan;
}

void tell_what_is_left_out(std::vector<WallProbe>& walls, const Walls& plan) {
  const auto miss = [&walls](std::string_view name, const char* means) {
    for (WallProbe& wall : walls) {
      if (wall.name != name || !wall.stands) continue;
      wall.stands = false;
      wall.means = means;
      wall.fix = "run as root with CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID";
    }
  };
  if (!plan.own_uid) miss("own_uid", "all cells are one user outside");
  if (!plan.cgroups) miss("cgroup", "the user that all cells have outside owns none");
}

std::vector<WallProbe> limits_of(const Walls& plan, const std::string& cgroup) {
  const std::string fix = "give the service a writable cgroup with memory, pids and cpu";
  std::vector<WallProbe> limits;
  const auto by = [&](const char* name, const std::string& otherwise) {
    limits.push_back({name, true, plan.cgroups ? cgroup : otherwise, {}, NeededAt::kNoLevel});
  };
  // A cell is sampled in its own /proc, or without namespaces in the host's: one that has neither is not.
  const bool summed = plan.cgroups || !plan.namespaces || plan.private_proc;
  const std::string own_proc =
      "don't mask paths below /proc of the service (docker: --security-opt systempaths=unconfined), or " +
      fix;
  if (summed) {
    by("memory_limit", "RLIMIT_DATA for each process, and the sum sampled from outside");
  } else {
    limits.push_back({"memory_limit", false, "RLIMIT_DATA for each process; nothing bounds their sum",
                      own_proc, NeededAt::kNoLevel});
  }
  by("process_limit",
     plan.own_uid ? "RLIMIT_NPROC of the slot's uid" : "RLIMIT_NPROC of the cell's user namespace");
  if (plan.cgroups) {
    by("cpu_share", {});
  } else {
    limits.push_back({"cpu_share", false,
                      "a cell may use every CPU until its time is up, at the lowest priority", fix,
                      NeededAt::kNoLevel});
  }
  if (summed) {
    limits.push_back({"cpu_time",
                      true,
                      plan.cgroups ? "RLIMIT_CPU for each process, and the sum by " + cgroup
                                   : "RLIMIT_CPU for each process, and the sum sampled from outside",
                      {},
                      NeededAt::kNoLevel});
  } else {
    limits.push_back({"cpu_time", false, "RLIMIT_CPU for each process; nothing bounds their sum", own_proc,
                      NeededAt::kNoLevel});
  }
  limits.push_back(
      {"workdir_limit",
       true,
       plan.namespaces ? "tmpfs of the cell, bytes and inodes" : "sampled from outside, counts as memory",
       {},
       NeededAt::kNoLevel});
  limits.push_back({"file_limits", true, "RLIMIT_FSIZE and RLIMIT_NOFILE", {}, NeededAt::kNoLevel});
  return limits;
}

}  // namespace cellblock::sandbox
