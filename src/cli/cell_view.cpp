#include "cli/cell_view.hpp"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/fd.hpp"
#include "cli/working_directory.hpp"
#include "cli/writable_bind.hpp"
#include "config/cell_view.hpp"
#include "sandbox/needed_calls.hpp"
#include "sandbox/seccomp_policy.hpp"

namespace cellblock::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestFile = 1ULL << 20U;
constexpr std::size_t kLargestConfig = std::size_t{1} << 20U;

base::Result<void> check_bind(const std::string& text, const config::Options& options) {
  const auto bind = config::read_bind(text);
  if (!bind) return base::make_error("read bind = " + text);
  std::error_code error;
  const fs::path real = fs::canonical(bind->path, error);
  if (error) return base::make_error("bind " + bind->path + ": " + error.message());
  if (const auto secret = config::private_at(real.string());
      secret && (secret->never || !options.show_private_files)) {
    return base::make_error("bind " + bind->path + ": shows scripts " + std::string(secret->reason),
                            secret->never ? "" : "dangerously-show-private-files allows it");
  }
  if (bind->writable) return check_writable(*bind, real.string(), options);
  if (fs::is_directory(real, error)) return {};
  if (!fs::is_regular_file(real, error))
    return base::make_error("bind " + bind->path + ": no file or directory");
  if (fs::file_size(real, error) > kLargestFile) {
    return base::make_error("bind " + bind->path + ": single files are copied, and 1 MB at most",
                            "bind its directory");
  }
  return {};
}

// One place within another would be covered by it, or have no directory to stand on.
base::Result<void> check_places(const config::Options& options) {
  std::vector<std::string> places = options.library_path;
  for (const std::string& text : options.binds)
    places.push_back(config::read_bind(text).value_or(config::Bind{}).place);
  for (const std::string& text : options.scratch) {
    places.push_back(config::read_scratch(text).value_or(config::Scratch{}).place);
  }
  for (const std::string& text : options.cell_files)
    places.push_back(config::read_cell_file(text).value_or(config::CellFile{}).place);
  for (const std::string& text : options.cell_links)
    places.push_back(config::read_cell_link(text).value_or(config::CellLink{}).place);
  for (std::size_t one = 0; one < places.size(); ++one) {
    for (std::size_t other = 0; other < places.size(); ++other) {
      // Two of library-path are in the order that somebody chose.
      const bool both_of_library_path = std::max(one, other) < options.library_path.size();
      if (one != other && !both_of_library_path && (places[one] + "/").starts_with(places[other] + "/")) {
        return base::make_error("show " + places[one] + " to cells: it lies within " + places[other],
                                "each place of library-path, bind, tmpfs, cell-files and cell-links has to "
                                "be apart from the others");
      }
    }
  }
  return {};
}

base::Result<void> check_no_exec(const config::Options& options) {
  std::vector<std::string> places = {"/tmp"};
  for (const std::string& text : options.binds)
    places.push_back(config::read_bind(text).value_or(config::Bind{}).place);
  for (const std::string& text : options.scratch)
    places.push_back(config::read_scratch(text).value_or(config::Scratch{}).place);
  for (const std::string& place : options.no_exec) {
    if (std::find(places.begin(), places.end(), place) != places.end()) continue;
    return base::make_error("no-exec: " + place + " is no place of bind or tmpfs, and not /tmp");
  }
  return {};
}

base::Result<void> check_calls(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!sandbox::syscall_number({.name = name, .tests = {}})) {
      return base::make_error("refuse-calls: no system call '" + name + "'");
    }
    if (const auto reason = sandbox::why_needed(name); !reason.empty()) {
      return base::make_error("refuse-calls: cells need '" + name + "': " + std::string(reason));
    }
  }
  return {};
}

}  // namespace

base::Result<void> check_cell_view(const config::Options& options, bool namespaces) {
  if (!namespaces) {
    const auto chosen = [&options](const char* option) {
      return options.source(option) != config::Source::kDefault;
    };
    for (const auto& [option, used] :
         {std::pair{"hostname", chosen("hostname")}, std::pair{"bind", !options.binds.empty()},
          std::pair{"tmpfs", !options.scratch.empty()}, std::pair{"cell-files", !options.cell_files.empty()},
          std::pair{"cell-links", !options.cell_links.empty()},
          std::pair{"no-exec", !options.no_exec.empty()}, std::pair{"shm-mb", options.shm_bytes != 0},
          std::pair{"cell-uid", chosen("cell-uid")}, std::pair{"cell-gid", chosen("cell-gid")},
          std::pair{"working-directory", chosen("working-directory")}}) {
      if (!used) continue;
      return base::make_error(std::string("use option ") + option + ": this host allows cells no namespaces",
                              "it needs isolation level full; 'cellblock doctor' tells what is missing");
    }
  }
  for (const std::string& text : options.binds) {
    if (auto checked = check_bind(text, options); !checked) return checked;
  }
  if (auto checked = check_places(options); !checked) return checked;
  if (auto checked = check_no_exec(options); !checked) return checked;
  if (auto checked = check_working_directory(options); !checked) return checked;
  return check_calls(options.refused_calls);
}

void add_cell_view(sandbox::JailSpec& spec, const config::Options& options) {
  spec.hostname = options.hostname;
  spec.inside_uid = options.cell_uid;
  spec.inside_gid = options.cell_gid;
  spec.working_directory = options.working_directory;
  spec.environment = options.cell_environment;
  spec.refused_calls = options.refused_calls;
  spec.shm_bytes = options.shm_bytes != 0 ? options.shm_bytes : options.workdir_bytes;
  const auto no_exec = [&options](std::string_view place) {
    return std::find(options.no_exec.begin(), options.no_exec.end(), place) != options.no_exec.end();
  };
  spec.tmp_no_exec = no_exec(sandbox::kOwnDirectory);
  for (const std::string& text : options.binds) {
    if (auto bind = config::read_bind(text))
      spec.shown.push_back({bind->path, bind->place, bind->writable, no_exec(bind->place)});
  }
  for (const std::string& text : options.scratch) {
    if (auto scratch = config::read_scratch(text))
      spec.scratch.push_back({scratch->place, scratch->bytes, no_exec(scratch->place)});
  }
  using Kind = sandbox::WrittenEntry::Kind;
  for (const std::string& text : options.cell_files) {
    if (auto file = config::read_cell_file(text))
      spec.written.push_back({Kind::kFile, file->place, file->text});
  }
  for (const std::string& text : options.cell_links) {
    if (auto link = config::read_cell_link(text))
      spec.written.push_back({Kind::kLink, link->place, link->target});
  }
}

base::Result<nsjail::SandboxConfig> load_sandbox_config(const std::string& path,
                                                        const config::Options& options) {
  const auto text = base::read_file(AT_FDCWD, path, kLargestConfig + 1);
  if (!text) return tl::make_unexpected(text.error());
  if (text->size() > kLargestConfig) return base::make_error("read " + path + ": larger than 1 MB");
  nsjail::Surroundings surroundings = nsjail::real_surroundings();
  surroundings.show_private_files = options.show_private_files;
  surroundings.bind_writable = options.bind_writable;
  return nsjail::read_sandbox_config(*text, surroundings);
}

config::ForeignValues read_sandbox_config(const std::string& path, const config::Options& others) {
  config::ForeignValues foreign;
  auto read = load_sandbox_config(path, others);
  if (!read) {
    foreign.problems.push_back("file " + path + ": " + read.error().message());
    return foreign;
  }
  for (const nsjail::Finding& finding : read->findings) {
    if (nsjail::is_error(finding.outcome)) {
      foreign.problems.push_back("file " + path + ": " + nsjail::describe(finding));
    }
  }
  if (foreign.problems.empty()) {
    foreign.values = std::move(read->values);
  } else {
    foreign.problems.push_back("'cellblock config explain " + path + "' shows the whole");
  }
  return foreign;
}

}  // namespace cellblock::cli
