#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "service/request_files.hpp"
#include "service/request_reading.hpp"

namespace cellblock::service {
namespace {

namespace ondemand = simdjson::ondemand;

// One field of an entry, which must be a string.
Taken take_text(std::string_view name, ondemand::value& value, std::optional<std::string_view>& target) {
  std::string_view text;
  if (!is_kind(value, ondemand::json_type::string) || value.get_string().get(text) != simdjson::SUCCESS) {
    return must_be("files[]." + std::string(name), "a string");
  }
  if (target) return invalid_request("Field 'files[]." + std::string(name) + "' is given twice");
  target = text;
  return {};
}

Taken take_file(RequestFiles& files, ondemand::value& value) {
  ondemand::object object;
  if (!is_kind(value, ondemand::json_type::object) || value.get_object().get(object) != simdjson::SUCCESS) {
    return must_be("files", "an array of objects");
  }
  RequestFile entry;
  for (auto item : object) {
    std::string_view name;
    ondemand::value field;
    if (item.unescaped_key().get(name) != simdjson::SUCCESS || item.value().get(field) != simdjson::SUCCESS) {
      return invalid_request("Request body is not valid JSON");
    }
    auto* target = name == "path"             ? &entry.path
                   : name == "content"        ? &entry.text
                   : name == "content_base64" ? &entry.base64
                                              : nullptr;
    if (target == nullptr) {
      return invalid_request("Unknown field '" + shown(name) +
                             "' in 'files'; known are path, content, content_base64");
    }
    if (auto taken = take_text(name, field, *target); !taken) return taken;
  }
  return files.add(entry);
}

}  // namespace

Taken take_files(Reading& reading, ondemand::value& value) {
  ondemand::array items;
  if (!is_kind(value, ondemand::json_type::array) || value.get_array().get(items) != simdjson::SUCCESS) {
    return must_be("files", "an array of objects");
  }
  RequestFiles files(reading.bounds.limits.files_bytes);
  for (auto item : items) {
    ondemand::value entry;
    if (item.get(entry) != simdjson::SUCCESS) return invalid_request("Request body is not valid JSON");
    if (auto taken = take_file(files, entry); !taken) return taken;
  }
  auto taken = std::move(files).take();
  if (!taken) return tl::make_unexpected(std::move(taken.error()));
  reading.job.files = std::move(*taken);
  return {};
}

}  // namespace cellblock::service
