#include "cli/secrets.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "http/listener.hpp"

namespace cellblock::cli {
namespace {

template <typename Value>
void add(config::Problems& problems, const base::Result<Value>& result) {
  if (!result) problems.push_back(result.error().message());
}

}  // namespace

base::Result<Secrets> read_secrets(const config::Options& options) {
  Secrets secrets;
  if (!options.keys_file.empty()) {
    auto keys = http::ApiKeys::read(options.keys_file);
    if (!keys) return tl::make_unexpected(std::move(keys.error()));
    secrets.keys = std::make_shared<const http::ApiKeys>(std::move(*keys));
  }
  if (!options.tls_certificate.empty()) {
    auto tls = http::read_tls(options.tls_certificate, options.tls_key);
    if (!tls) return tl::make_unexpected(std::move(tls.error()));
    secrets.tls = std::move(*tls);
  }
  return secrets;
}

config::Problems server_problems(const config::Options& options, const config::Wrong& wrong) {
  config::Problems problems;
  if (!wrong.contains("keys-file")) {
    if (options.metrics_key && options.keys_file.empty()) {
      problems.emplace_back("option metrics-key: there are no keys (name a file in keys-file)");
    }
    if (!options.keys_file.empty()) add(problems, http::ApiKeys::read(options.keys_file));
  }
  if (!wrong.contains("tls-certificate") && !wrong.contains("tls-key")) {
    if (options.tls_certificate.empty() != options.tls_key.empty()) {
      problems.emplace_back(
          "options tls-certificate and tls-key: only one of them is there (name both files, or neither)");
    } else if (!options.tls_certificate.empty()) {
      add(problems, http::read_tls(options.tls_certificate, options.tls_key));
    }
  }
  if (!wrong.contains("host")) add(problems, http::check_address(options.host));
  return problems;
}

void warn_of_unreadable(telemetry::Log& log, const config::Options& options) {
  const std::string group = std::to_string(::getegid());
  for (const std::string* file :
       {&options.config, &options.keys_file, &options.tls_certificate, &options.tls_key}) {
    if (file->empty() || ::access(file->c_str(), R_OK) == 0) continue;
    log.warn("reload would fail", {{"file", *file},
                                   {"error", std::string(std::strerror(errno))},
                                   {"fix", "chgrp " + group + " " + *file + " && chmod 640 " + *file}});
  }
}

}  // namespace cellblock::cli
