// TLS for connections, by OpenSSL: certificate and key, versions, and what a failed handshake means.
#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "http/asio.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnull-dereference"
#include <boost/asio/ssl.hpp>
#pragma GCC diagnostic pop

namespace cellblock::http {

struct TlsContext {
  net::ssl::context context{net::ssl::context::tls_server};
};

// TLS 1.2 and later, with the certificate, and those that lead from it to a root, in one PEM file, and its
// key in the other, which nobody else may read. Errors name the option and the file.
[[nodiscard]] base::Result<std::shared_ptr<TlsContext>> read_tls(const std::string& certificate,
                                                                 const std::string& key);

// The client speaks HTTP without TLS.
[[nodiscard]] bool is_plain_http(const error_code& failed);

}  // namespace cellblock::http
