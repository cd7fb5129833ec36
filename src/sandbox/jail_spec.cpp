#include "sandbox/jail_spec.hpp"

#include <nlohmann/json.hpp>

namespace cellblock::sandbox {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Walls, namespaces, host_admin, own_uid, own_inodes, private_proc, cgroups,
                                   capabilities, landlock, seccomp)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ShownPath, path, place)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ScratchPlace, place, bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JailSpec, service_id, slots, uid_base, memory_bytes, processes,
                                   cpu_percent, tmp_bytes, tmp_inodes, work_root, cgroup_root, library_paths,
                                   shown, scratch, environment, refused_calls, hostname, preload, nsjail,
                                   walls, listening)

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
