#include "http/reply.hpp"

#include <nlohmann/json.hpp>

namespace cellblock::http {

Reply error_reply(bhttp::status status, std::string_view error, std::string_view word) {
  using Json = nlohmann::ordered_json;
  Json json;
  json["error"] = error;
  json["status"] = word;
  Reply reply;
  reply.status = status;
  reply.body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return reply;
}

}  // namespace cellblock::http
