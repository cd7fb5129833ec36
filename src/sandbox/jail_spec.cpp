#include "sandbox/jail_spec.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace cellblock::sandbox {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Walls, namespaces, host_admin, own_uid, own_inodes, private_proc, cgroups,
                                   capabilities, landlock, seccomp)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ShownPath, path, place, writable, no_exec)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ScratchPlace, place, bytes, no_exec)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WrittenEntry, kind, place, content)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JailSpec, service_id, slots, uid_base, memory_bytes, processes,
                                   cpu_percent, tmp_bytes, tmp_inodes, tmp_no_exec, shm_bytes, work_root,
                                   cgroup_root, library_paths, shown, scratch, written, environment,
                                   refused_calls, hostname, inside_uid, inside_gid, working_directory,
                                   preload, nsjail, walls, listening)

std::string directory_for_files(const JailSpec& spec) {
  const bool own =
      std::any_of(spec.scratch.begin(), spec.scratch.end(),
                  [&spec](const ScratchPlace& scratch) { return scratch.place == spec.working_directory; });
  return own ? spec.working_directory : std::string(kOwnDirectory);
}

std::string to_json(const JailSpec& spec) {
  return nlohmann::json(spec).dump();
}

base::Result<JailSpec> jail_spec_from_json(std::string_view text) {
  // nlohmann reports a missing field by throwing; the exception ends here.
  try {
    return nlohmann::json::parse(text).get<JailSpec>();
  } catch (const nlohmann::json::exception& error) {
    return base::make_error(std::string("read the jail specification: ") + error.what(),
                            "the cellblock programs are not of the same build");
  }
}

}  // namespace cellblock::sandbox
