#include "http/tls.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

#include "base/fd.hpp"
#include "http/private_file.hpp"

namespace cellblock::http {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

net::const_buffer bytes_of(const std::string& text) {
  return {text.data(), text.size()};
}

// OpenSSL keeps what libraries did wrong before; an error is to tell of this step alone.
template <typename Step>
base::Result<void> attempt(const std::string& what, const std::string& hint, const Step& step) {
  ::ERR_clear_error();
  error_code failed;
  step(failed);
  if (failed) return base::make_error(what + ": " + failed.message(), hint);
  return {};
}

// What OpenSSL leaves open by default and nobody here needs.
base::Result<void> restrict(SSL_CTX* context) {
  if (::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
    return base::make_error("start TLS: OpenSSL does not know TLS 1.2");
  }
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Sessions are in tickets that clients keep; a cache would be memory that strangers fill.
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // An idle connection gives 34 KB back.
  ::SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return {};
}

}  // namespace

base::Result<std::shared_ptr<TlsContext>> read_tls(const std::string& certificate, const std::string& key) {
  const std::string about_certificate = "option tls-certificate, file " + certificate;
  const std::string about_key = "option tls-key, file " + key;
  const auto chain = base::read_file(AT_FDCWD, certificate, kLargestFile);
  if (!chain) {
    return base::make_error(about_certificate + ": " + chain.error().message(),
                            "the service's user must be able to read it");
  }
  auto secret = read_private_file(key, about_key, kLargestFile);
  if (!secret) return tl::make_unexpected(std::move(secret.error()));
  auto tls = std::make_shared<TlsContext>();
  net::ssl::context& context = tls->context;
  if (auto done = restrict(context.native_handle()); !done)
    return tl::make_unexpected(std::move(done.error()));
  error_code ignored;
  // Else OpenSSL would ask the terminal.
  context.set_password_callback(
      [](std::size_t, net::ssl::context::password_purpose) { return std::string(); }, ignored);
  auto done = attempt(about_certificate, "it must have the certificate first, then those above it, as PEM",
                      [&](error_code& failed) { context.use_certificate_chain(bytes_of(*chain), failed); });
  if (done) {
    done =
        attempt(about_key,
                "it must have the key of the certificate in " + certificate + ", as PEM, without a password",
                [&](error_code& failed) {
                  context.use_private_key(bytes_of(*secret), net::ssl::context::pem, failed);
                });
  }
  ::OPENSSL_cleanse(secret->data(), secret->size());
  if (!done) return tl::make_unexpected(std::move(done.error()));
  return tls;
}

bool is_plain_http(const error_code& failed) {
  return failed.category() == net::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(failed.value())) == SSL_R_HTTP_REQUEST;
}

}  // namespace cellblock::http
