// What a jail is, as plain values. The server fills it from the options and hands it to the jailer and
// the zygote as JSON; nothing here is secret and nothing here comes from a request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "sandbox/seccomp_listener.hpp"
#include "sandbox/walls.hpp"

namespace cellblock::sandbox {

// The uid and gid that a script sees itself as, where nobody wants others.
inline constexpr std::uint32_t kInsideId = 1000;
// A cell's own place, which is there whatever else is.
inline constexpr std::string_view kOwnDirectory = "/tmp";

// Something of the host that the tree shows at `place`: a directory, or a file as a copy.
struct ShownPath {
  std::string path;
  std::string place;
  bool writable = false;  // a directory whose inodes are the host's
  bool no_exec = false;

  bool operator==(const ShownPath&) const = default;
};

// An empty directory that a cell's own tmpfs is mounted on.
struct ScratchPlace {
  std::string place;
  std::uint64_t bytes = 0;
  bool no_exec = false;

  bool operator==(const ScratchPlace&) const = default;
};

// What the operator writes into the tree: a file with this text, or a link to this place.
struct WrittenEntry {
  enum class Kind : std::uint8_t { kFile, kLink };
  Kind kind = Kind::kFile;
  std::string place;
  std::string content;

  bool operator==(const WrittenEntry&) const = default;
};

struct JailSpec {
  std::string service_id;                  // names the cgroup directory: "cellblock-<service_id>"
  std::uint32_t slots = 64;                // cells at once
  std::uint32_t uid_base = 1'900'000'000;  // slot n runs as the outside uid and gid uid_base + n
  std::uint64_t memory_bytes = 512ULL << 20U;
  std::uint32_t processes = 128;
  std::uint32_t cpu_percent = 100;  // of one CPU
  std::uint64_t tmp_bytes = 64ULL << 20U;
  std::uint64_t tmp_inodes = 4096;
  bool tmp_no_exec = false;
  std::uint64_t shm_bytes = 64ULL << 20U;
  std::string work_root;                   // holds the slots' directories where there are no namespaces
  std::string cgroup_root;                 // directory for the service's cgroups; empty: the own cgroup
  std::vector<std::string> library_paths;  // further read-only directories of the tree
  std::vector<ShownPath> shown;            // further still, at places of their own
  std::vector<ScratchPlace> scratch;
  std::vector<WrittenEntry> written;
  std::vector<std::string> environment;    // NAME=VALUE, beside what cells have anyway
  std::vector<std::string> refused_calls;  // system calls that the policy allows and this service does not
  std::string hostname = "cell";
  std::uint32_t inside_uid = kInsideId;
  std::uint32_t inside_gid = kInsideId;
  std::string working_directory{kOwnDirectory};  // where scripts start; exists in every cell
  // The Python modules that each zygote imports, one zygote for each pool of cells; a zygote is told its own.
  std::vector<std::vector<std::string>> preload;
  std::string nsjail;  // the program that makes the jails; empty: the jailer makes cells
  Walls walls;
  Listening listening = Listening::kNone;  // whether refused system calls are explained

  // The outside uid and gid of the jailer and all cells where root has no rights over the host. No slot's: a
  // service without namespaces ends a cell by killing all that it sees under the slot's uid, and it may see
  // the processes of this one, with the same uid_base.
  [[nodiscard]] std::uint32_t uid_of_all() const { return uid_base + kMostSlots; }
  static constexpr std::uint32_t kMostSlots = 65'535;
};

// Where the files of a request are put and `output/` is looked for, in a cell with namespaces: where scripts
// start if that is a place of their own, else in the one that they always have.
[[nodiscard]] std::string directory_for_files(const JailSpec& spec);

[[nodiscard]] std::string to_json(const JailSpec& spec);
base::Result<JailSpec> jail_spec_from_json(std::string_view text);

}  // namespace cellblock::sandbox
