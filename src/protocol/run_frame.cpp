#include "protocol/run_frame.hpp"

#include "protocol/frame.hpp"

namespace cellblock::protocol {

std::string encode_run(const RunRequest& request) {
  std::string payload;
  payload.reserve(request.script.size() + request.args_json.size() + request.kwargs_json.size() +
                  request.stdin_text.size() + request.files.size() + 128);
  append_u64(payload, request.cpu_seconds);
  append_u64(payload, request.file_bytes);
  append_u64(payload, request.open_files);
  append_u64(payload, request.processes);
  append_u64(payload, request.memory_bytes);
  append_u64(payload, request.result_bytes);
  append_u64(payload, request.files_bytes);
  append_u64(payload, request.strict ? 1 : 0);
  append_u64(payload, static_cast<std::uint64_t>(request.display.figures));
  append_u64(payload, request.display.items);
  append_u64(payload, request.display.item_bytes);
  append_u64(payload, request.display.bytes);
  append_segment(payload, request.script);
  append_segment(payload, request.args_json);
  append_segment(payload, request.kwargs_json);
  append_segment(payload, request.stdin_text);
  append_segment(payload, request.files);
  return payload;
}

std::optional<RunRequest> decode_run(std::string_view payload) {
  RunRequest request;
  std::uint64_t strict = 0;
  std::uint64_t figures = 0;
  for (std::uint64_t* number :
       {&request.cpu_seconds, &request.file_bytes, &request.open_files, &request.processes,
        &request.memory_bytes, &request.result_bytes, &request.files_bytes, &strict, &figures,
        &request.display.items, &request.display.item_bytes, &request.display.bytes}) {
    const auto value = take_u64(payload);
    if (!value) return std::nullopt;
    *number = *value;
  }
  request.strict = strict != 0;
  if (figures > static_cast<std::uint64_t>(DisplayWish::Figures::kLast)) return std::nullopt;
  request.display.figures = static_cast<DisplayWish::Figures>(figures);
  for (std::string* text :
       {&request.script, &request.args_json, &request.kwargs_json, &request.stdin_text, &request.files}) {
    const auto segment = take_segment(payload);
    if (!segment) return std::nullopt;
    *text = *segment;
  }
  if (!payload.empty()) return std::nullopt;
  return request;
}

}  // namespace cellblock::protocol
