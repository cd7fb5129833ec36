#include "http/request_parser.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace cellblock::http {
namespace {

constexpr std::size_t kMostFields = 100;
// What the framing of a chunked body may cost: enough for chunks of a single byte, and for a trailer.
constexpr std::uint64_t kFramingOnce = 16U << 10U;
constexpr std::uint64_t kFramingPerByte = 8;

error_code no_memory() {
  return make_error_code(boost::system::errc::not_enough_memory);
}

}  // namespace

RequestParser::RequestParser(std::uint32_t max_header_bytes) {
  header_limit(max_header_bytes);
  // Beast's own check comes before the route is known. "No limit" would compare as smaller than any length.
  body_limit(std::numeric_limits<std::uint64_t>::max());
}

error_code RequestParser::take(beast::flat_buffer& buffer, bool whole) {
  if (!whole && !skip_empty_line(buffer)) return bhttp::error::need_more;
  eager(whole);
  while (whole ? !is_done() : !is_header_done()) {
    if (buffer.size() == 0) return bhttp::error::need_more;
    const bool in_header = !is_header_done();
    error_code fault;
    const auto bytes = buffer.data();
    const std::size_t used = put(bytes, fault);
    if (in_header && folded({static_cast<const char*>(bytes.data()), used})) {
      return bhttp::error::bad_obs_fold;
    }
    buffer.consume(used);
    if (whole) raw_body_ += used;
    if (raw_body_ > kFramingOnce + (kFramingPerByte + 1) * request_.body().size()) {
      return bhttp::error::bad_chunk_extension;
    }
    if (fault == bhttp::error::need_more && buffer.size() >= kMostUnparsed) {
      return whole ? bhttp::error::bad_chunk_extension : bhttp::error::header_limit;
    }
    if (fault) return fault;
  }
  return {};
}

error_code RequestParser::admit_body(std::uint64_t limit, base::Lease& lease) {
  body_limit_ = limit;
  lease_ = &lease;
  const auto length = content_length();
  if (!length) return {};
  if (*length > limit) return bhttp::error::body_limit;
  return lease.resize(*length) ? error_code() : no_memory();
}

bool RequestParser::skip_empty_line(beast::flat_buffer& buffer) {
  if (skipped_ || got_some()) return true;
  const std::string_view text(static_cast<const char*>(buffer.data().data()), buffer.size());
  if (text == "\r" || text.empty()) return false;
  skipped_ = true;
  if (text.starts_with("\r\n")) buffer.consume(2);
  return true;
}

// A line that begins with a space continues the one before it. Proxies disagree on where such a field ends.
bool RequestParser::folded(beast::string_view raw) {
  for (const char byte : raw) {
    if (last_ == '\n' && (byte == ' ' || byte == '\t')) return true;
    last_ = byte;
  }
  return false;
}

error_code RequestParser::keep(beast::string_view part) {
  std::string& body = request_.body();
  const std::size_t size = body.size() + part.size();
  if (size > body_limit_) return bhttp::error::body_limit;
  if (size > body.capacity()) {
    const std::size_t room = std::min<std::uint64_t>(std::max(size, 2 * body.capacity()), body_limit_);
    if (!lease_->resize(room)) return no_memory();
    body.reserve(room);
  }
  body.append(part.data(), part.size());
  return {};
}

void RequestParser::on_request_impl(bhttp::verb method, beast::string_view name, beast::string_view target,
                                    int version, error_code& fault) {
  fault = {};
  begun_ = true;
  if (method == bhttp::verb::unknown) {
    request_.method_string(name);
  } else {
    request_.method(method);
  }
  request_.target(target);
  request_.version(static_cast<unsigned>(version));
}

void RequestParser::on_field_impl(bhttp::field field, beast::string_view name, beast::string_view value,
                                  error_code& fault) {
  fault = {};
  if (++fields_ > kMostFields) {
    fault = bhttp::error::header_limit;
    return;
  }
  if (!is_header_done()) request_.insert(field, name, value);
}

void RequestParser::on_header_impl(error_code& fault) {
  fault = {};
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& fault) {
  fault = {};
  // Admitted, see admit_body(). Pages that are never written cost nothing.
  if (length) request_.body().reserve(*length);
}

std::size_t RequestParser::on_body_impl(beast::string_view part, error_code& fault) {
  fault = keep(part);
  return part.size();
}

void RequestParser::on_chunk_header_impl(std::uint64_t size, beast::string_view, error_code& fault) {
  fault = {};
  if (size > body_limit_ - request_.body().size()) fault = bhttp::error::body_limit;
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, beast::string_view part, error_code& fault) {
  fault = keep(part);
  return part.size();
}

void RequestParser::on_finish_impl(error_code& fault) {
  fault = {};
}

}  // namespace cellblock::http
