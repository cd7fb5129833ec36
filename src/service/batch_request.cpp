#include "service/batch_request.hpp"

#include "service/request_object.hpp"

namespace cellblock::service {
namespace {

namespace ondemand = simdjson::ondemand;

// That of one execution, and the two levels around it.
constexpr std::size_t kMaxLineNesting = 202;

Parsed<std::vector<std::string>> take_requests(ondemand::value& value) {
  std::vector<std::string> requests;
  ondemand::array items;
  if (value.get_array().get(items) != simdjson::SUCCESS) {
    return invalid_request("Field 'requests' must be an array");
  }
  for (auto item : items) {
    ondemand::value entry;
    std::string_view text;
    if (item.get(entry) != simdjson::SUCCESS ||
        simdjson::to_json_string(entry).get(text) != simdjson::SUCCESS) {
      return invalid_request("Request body is not valid JSON");
    }
    if (requests.size() == kMostBatched) {
      return invalid_request("Field 'requests' must have at most " + std::to_string(kMostBatched) +
                             " entries");
    }
    requests.emplace_back(text);
  }
  if (requests.empty()) return invalid_request("Field 'requests' must have at least one entry");
  return requests;
}

Parsed<std::vector<std::string>> read_fields(ondemand::object& object) {
  std::vector<std::string> requests;
  for (auto item : object) {
    std::string_view name;
    ondemand::value value;
    if (item.unescaped_key().get(name) != simdjson::SUCCESS || item.value().get(value) != simdjson::SUCCESS) {
      return invalid_request("Request body is not valid JSON");
    }
    if (name != "requests") return invalid_request("Unknown field '" + shown(name) + "'; known is requests");
    if (!requests.empty()) return invalid_request("Field 'requests' is given twice");
    auto taken = take_requests(value);
    if (!taken) return taken;
    requests = std::move(*taken);
  }
  if (requests.empty()) return invalid_request("Field 'requests' is required and must be an array");
  return requests;
}

}  // namespace

Parsed<std::vector<std::string>> parse_batch_request(std::string_view body) {
  return read_object(body, kMaxLineNesting, read_fields);
}

}  // namespace cellblock::service
