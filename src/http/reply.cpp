#include "http/reply.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace cellblock::http {

Reply error_reply(bhttp::status status, std::string_view error, std::string_view word) {
  using Json = nlohmann::ordered_json;
  Json json;
  json["error"] = error;
  json["status"] = word;
  Reply reply;
  reply.status = status;
  reply.reason = word;
  reply.body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return reply;
}

Reply busy_reply(std::string_view error, std::chrono::seconds retry_after) {
  Reply reply = error_reply(bhttp::status::service_unavailable, error, "overloaded");
  reply.retry_after = std::max(retry_after, std::chrono::seconds(1));
  return reply;
}

}  // namespace cellblock::http
