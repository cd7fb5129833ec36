// The body of POST /execute: whatever passes keeps the promises of execute_request.hpp.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/utf8.hpp"
#include "protocol/json_check.hpp"
#include "service/execute_request.hpp"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

bool is_json(std::string_view text, char first) {
  return text.starts_with(first) && cellblock::protocol::check_json(text, 200);
}

bool is_utf8(std::string_view text) {
  return cellblock::base::to_valid_utf8(text) == text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cellblock;
  service::RequestBounds bounds;
  bounds.limits.script_bytes = 1000;
  const auto job = service::parse_execute_request({reinterpret_cast<const char*>(data), size}, bounds);
  if (!job) {
    must(!job.error().message.empty() && is_utf8(job.error().message));
    return 0;
  }
  must(!job->script.empty() && job->script.size() <= bounds.limits.script_bytes && is_utf8(job->script));
  must(is_json(job->args_json, '[') && is_json(job->kwargs_json, '{') && is_utf8(job->stdin_text));
  const engine::Limits& limits = job->limits;
  must(limits.wall.count() > 0 && limits.wall <= bounds.limits.wall && limits.cpu.count() > 0 &&
       limits.cpu <= bounds.limits.cpu && limits.memory_bytes > 0 &&
       limits.memory_bytes <= bounds.limits.memory_bytes && limits.processes > 0 &&
       limits.processes <= bounds.limits.processes && limits.file_bytes <= bounds.limits.file_bytes &&
       limits.output_bytes <= bounds.limits.output_bytes);
  return 0;
}
