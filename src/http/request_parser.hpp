// From bytes to one request: Beast's parser, with the rules of this service on top.
//
// Beast allows what the standard leaves to a server. Refused here: folded lines, a hundred fields and more,
// chunks that are mostly framing, a body beyond what was admitted. Trailers are read and dropped, so that
// what comes after the body can't stand in for a header that was checked before it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/byte_budget.hpp"
#include "http/asio.hpp"

namespace cellblock::http {

class RequestParser final : public bhttp::basic_parser<true> {
 public:
  // More of it stays unparsed only in a line that is too long.
  static constexpr std::size_t kMostUnparsed = 64U << 10U;

  explicit RequestParser(std::uint32_t max_header_bytes);

  // Takes what it can from the buffer. need_more: call again with more bytes; success: the header, or the
  // whole message, is there; anything else is the end of the connection.
  [[nodiscard]] error_code read_header(beast::flat_buffer& buffer) { return take(buffer, false); }
  [[nodiscard]] error_code read_body(beast::flat_buffer& buffer) { return take(buffer, true); }

  // Between header and body: how much may come and on whose account it is kept. body_limit when more is
  // announced, not_enough_memory when there is no room for what is announced.
  [[nodiscard]] error_code admit_body(std::uint64_t limit, base::Lease& lease);

  // The line with method, target and version has been read.
  [[nodiscard]] bool begun() const { return begun_; }
  [[nodiscard]] Request& request() { return request_; }

 private:
  [[nodiscard]] error_code take(beast::flat_buffer& buffer, bool whole);
  // An empty line before a request is no fault: some clients send one after a body.
  [[nodiscard]] bool skip_empty_line(beast::flat_buffer& buffer);
  [[nodiscard]] bool folded(beast::string_view raw);
  [[nodiscard]] error_code keep(beast::string_view part);

  void on_request_impl(bhttp::verb method, beast::string_view name, beast::string_view target, int version,
                       error_code& fault) override;
  void on_field_impl(bhttp::field field, beast::string_view name, beast::string_view value,
                     error_code& fault) override;
  void on_header_impl(error_code& fault) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& fault) override;
  std::size_t on_body_impl(beast::string_view part, error_code& fault) override;
  void on_chunk_header_impl(std::uint64_t size, beast::string_view extensions, error_code& fault) override;
  std::size_t on_chunk_body_impl(std::uint64_t left, beast::string_view part, error_code& fault) override;
  void on_finish_impl(error_code& fault) override;
  void on_response_impl(int, beast::string_view, int, error_code&) override {}

  Request request_;
  std::size_t fields_ = 0;
  bool skipped_ = false;
  bool begun_ = false;
  char last_ = '\0';            // of the header bytes so far
  std::uint64_t raw_body_ = 0;  // bytes of the body as sent
  std::uint64_t body_limit_ = 0;
  base::Lease* lease_ = nullptr;  // borrowed from the session
};

}  // namespace cellblock::http
