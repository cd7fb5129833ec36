#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "base/fd.hpp"
#include "cli/commands.hpp"
#include "http/api_keys.hpp"

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

base::Result<void> append(const std::string& file, const std::string& line) {
  const std::string what = "keys file " + file;
  const base::Fd opened(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!opened.valid()) return base::errno_error(what, "its folder must exist and be writable");
  if (auto written = base::write_all(opened.get(), line); !written) return written;
  // A key that was shown must not be lost.
  if (::fsync(opened.get()) != 0) return base::errno_error(what);
  return {};
}

}  // namespace

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
  if (auto written = append(arguments.file, line); !written) return failed(written.error());
  std::printf("%s\n", key.c_str());
  std::fprintf(stderr, "cellblock: this is shown once; the file has only its digest\n");
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
