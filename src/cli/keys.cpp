#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/fd.hpp"
#include "cli/commands.hpp"
#include "http/api_keys.hpp"
#include "http/private_file.hpp"

namespace cellblock::cli {
namespace {

int failed(const base::Error& error) {
  std::fprintf(stderr, "cellblock: %s\n", error.message().c_str());
  return kExitUsage;
}

// Exists and is not empty: one that is new has no keys, which is no mistake here.
bool has_content(const std::string& file) {
  const base::Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return opened.valid() && ::lseek(opened.get(), 0, SEEK_END) > 0;
}

// A service that root starts reads the file as root first, and at each reload as a user of its own. So a file
// that root makes is given to that user's group, to read; it has digests only, and nobody else is in the
// group.
base::Result<void> append(const KeysArguments& arguments, const std::string& line) {
  const std::string& file = arguments.file;
  const std::string what = "keys file " + file;
  base::Fd opened(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (opened.valid()) {
    // Where that group is not to be had, tell_of_reload() has the last word.
    if (::geteuid() == 0 && ::fchown(opened.get(), 0, arguments.service_id) == 0 &&
        ::fchmod(opened.get(), 0640) != 0) {
      return base::errno_error(what);
    }
  } else if (errno == EEXIST) {
    opened = base::Fd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  }
  if (!opened.valid()) return base::errno_error(what, "its folder must exist and be writable");
  if (auto written = base::write_all(opened.get(), line); !written) return written;
  // A key that was shown must not be lost.
  if (::fsync(opened.get()) != 0) return base::errno_error(what);
  return {};
}

// Whoever reads the file meanwhile sees the old one or the new one, whole. Owner and mode stay.
base::Result<void> replace(const std::string& file, const std::string& text) {
  const std::string what = "keys file " + file;
  struct stat old {};
  if (::stat(file.c_str(), &old) != 0) return base::errno_error(what);
  std::string name = file + ".XXXXXX";
  const base::Fd fresh(::mkostemp(name.data(), O_CLOEXEC));
  if (!fresh.valid()) return base::errno_error(what, "its folder must be writable");
  auto done = base::write_all(fresh.get(), text);
  if (done && (::fchown(fresh.get(), old.st_uid, old.st_gid) != 0 ||
               ::fchmod(fresh.get(), old.st_mode & 07777U) != 0 || ::fsync(fresh.get()) != 0 ||
               ::rename(name.c_str(), file.c_str()) != 0)) {
    done = base::errno_error(what);
  }
  if (!done) ::unlink(name.c_str());
  return done;
}

// Tried as that user, which alone tells all of it: the way to the file, its mode, its group.
bool service_reads(const std::string& file, std::uint32_t id) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool changed =
        ::setgroups(0, nullptr) == 0 && ::setresgid(id, id, id) == 0 && ::setresuid(id, id, id) == 0;
    ::_exit(!changed || ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK) >= 0 ? 0 : 1);
  }
  int status = 0;
  return child < 0 || ::waitpid(child, &status, 0) != child || status == 0;
}

// What the operator would else learn from a reload that is refused.
void tell_of_reload(const KeysArguments& arguments) {
  const std::string& file = arguments.file;
  if (::geteuid() != 0 || service_reads(file, arguments.service_id)) return;
  const std::string id = std::to_string(arguments.service_id);
  std::fprintf(
      stderr,
      "cellblock: WARNING: a service that root has started can't read %s when it reloads, and will refuse "
      "every\n"
      "cellblock: reload. It runs as user and group %s, which must be able to read the file and to enter its "
      "folder:\n"
      "cellblock:   chgrp %s %s && chmod 640 %s\n",
      file.c_str(), id.c_str(), id.c_str(), file.c_str(), file.c_str());
}

}  // namespace

int keys_revoke(const KeysArguments& arguments) {
  const auto keys = http::ApiKeys::read(arguments.file);
  if (!keys) return failed(keys.error());
  const auto found = std::find_if(keys->all().begin(), keys->all().end(),
                                  [&](const http::ApiKey& key) { return key.name == arguments.name; });
  if (found == keys->all().end()) {
    return failed({"key '" + arguments.name + "' is not in " + arguments.file, 0,
                   "cellblock keys list shows which are"});
  }
  if (found->revoked) return kExitOk;
  auto text =
      http::read_private_file(arguments.file, "keys file " + arguments.file, http::ApiKeys::kLargestFile);
  if (!text) return failed(text.error());
  const std::string revoked = http::with_key_revoked(*text, arguments.name);
  if (auto written = replace(arguments.file, revoked); !written) return failed(written.error());
  std::fprintf(stderr, "cellblock: a running service refuses it after SIGHUP\n");
  tell_of_reload(arguments);
  return kExitOk;
}

int keys_add(const KeysArguments& arguments) {
  if (!http::is_key_name(arguments.name)) {
    return failed({"key name '" + arguments.name + "'", 0, "1 to 64 letters, digits, '.', '_', '-'"});
  }
  const bool more = has_content(arguments.file);
  if (more) {
    const auto keys = http::ApiKeys::read(arguments.file);
    if (!keys) return failed(keys.error());
    const auto& all = keys->all();
    if (std::any_of(all.begin(), all.end(),
                    [&](const http::ApiKey& key) { return key.name == arguments.name; })) {
      return failed({"key '" + arguments.name + "' is in " + arguments.file, 0, "choose another name"});
    }
  }
  const std::string key = http::new_api_key();
  // The last line may have been written without its end; empty ones mean nothing.
  const std::string line = (more ? "\n" : "") + http::api_key_line(arguments.name, key);
  if (auto written = append(arguments, line); !written) return failed(written.error());
  std::printf("%s\n", key.c_str());
  std::fprintf(stderr, "cellblock: this is shown once; the file has only its digest\n");
  tell_of_reload(arguments);
  return kExitOk;
}

int keys_list(const KeysArguments& arguments) {
  const auto keys = http::ApiKeys::read(arguments.file);
  if (!keys) return failed(keys.error());
  for (const http::ApiKey& key : keys->all())
    std::printf("%s%s\n", key.name.c_str(), key.revoked ? " (revoked)" : "");
  return kExitOk;
}

}  // namespace cellblock::cli
