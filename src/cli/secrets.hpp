// What is read of files at the start, and again at each reload: API keys and the certificate.
#pragma once

#include <memory>

#include "base/error.hpp"
#include "config/options.hpp"
#include "config/parse.hpp"
#include "http/api_keys.hpp"
#include "http/tls.hpp"
#include "telemetry/log.hpp"

namespace cellblock::cli {

struct Secrets {
  std::shared_ptr<const http::ApiKeys> keys{};
  std::shared_ptr<http::TlsContext> tls{};
};

// All, or the first that can't be had.
[[nodiscard]] base::Result<Secrets> read_secrets(const config::Options& options);

// What `serve` would stumble over only after its options are read: files that can't be read, options that
// need each other, an address that is none. See config::CrossCheck.
[[nodiscard]] config::Problems server_problems(const config::Options& options, const config::Wrong& wrong);

// Asked once root is given up: warns of each file that the next reload won't be able to read.
void warn_of_unreadable(telemetry::Log& log, const config::Options& options);

}  // namespace cellblock::cli
