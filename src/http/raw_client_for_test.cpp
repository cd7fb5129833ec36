#include "http/raw_client_for_test.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace cellblock::http {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

}  // namespace

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{10, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ASSERT_GT(count, 0);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void RawClient::send_all_it_takes(const std::string& bytes) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t count = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool RawClient::read_more() {
  std::array<char, 65536> bytes{};
  const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<RawResponse> RawClient::receive(bool body_follows) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return std::nullopt;
  }
  RawResponse response;
  const std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  response.version = head.substr(0, 8);
  std::from_chars(head.data() + 9, head.data() + 12, response.status);
  for (std::size_t line = head.find("\r\n") + 2; line < head.size();) {
    const std::size_t colon = head.find(": ", line);
    const std::size_t line_end = head.find("\r\n", line);
    response.headers[lower(head.substr(line, colon - line))] = head.substr(colon + 2, line_end - colon - 2);
    line = line_end + 2;
  }
  std::size_t length = 0;
  const auto announced = response.headers.find("content-length");
  const std::string text = announced == response.headers.end() ? "" : announced->second;
  std::from_chars(text.data(), text.data() + text.size(), length);
  if (!body_follows) return response;
  while (buffer_.size() < length) {
    if (!read_more()) return std::nullopt;
  }
  response.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return response;
}

std::string RawClient::receive_chunk() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!read_more()) return {};
  }
  std::size_t size = 0;
  std::from_chars(buffer_.data(), buffer_.data() + end, size, 16);
  while (buffer_.size() < end + 2 + size + 2) {
    if (!read_more()) return {};
  }
  std::string chunk = buffer_.substr(end + 2, size);
  buffer_.erase(0, end + 2 + size + 2);
  return chunk;
}

std::string RawClient::rest() {
  while (read_more()) continue;
  return std::move(buffer_);
}

std::string RawClient::receive_until(std::string_view mark) {
  std::size_t at = 0;
  while ((at = buffer_.find(mark)) == std::string::npos && read_more()) {
  }
  std::string bytes = buffer_.substr(0, at == std::string::npos ? at : at + mark.size());
  buffer_.erase(0, bytes.size());
  return bytes;
}

bool RawClient::closed_by_peer() {
  if (!buffer_.empty()) return false;
  char byte = 0;
  return ::recv(socket_.get(), &byte, 1, 0) == 0;
}

void RawClient::close_sending() {
  EXPECT_EQ(::shutdown(socket_.get(), SHUT_WR), 0);
}

void RawClient::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket_.reset();
}

std::string execute_request(std::string_view body, std::string_view more_headers) {
  return "POST /execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
         std::string(more_headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

}  // namespace cellblock::http
