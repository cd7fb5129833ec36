#include "service/execute_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace cellblock::service {
namespace {

using engine::Policy;
using engine::Status;
using ::testing::StartsWith;

Parsed<engine::Job> parse(std::string_view body, Policy policy = Policy::kSandbox) {
  return parse_execute_request(body, {engine::Limits{}, policy});
}

TEST(ExecuteRequest, NeedsOnlyAScript) {
  const auto job = parse(R"({"script": "def main():\n  return \"gr\u00fc\u00df\""})");
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->script, "def main():\n  return \"gr\xc3\xbc\xc3\x9f\"");
  EXPECT_EQ(job->args_json, "[]");
  EXPECT_EQ(job->kwargs_json, "{}");
  EXPECT_EQ(job->stdin_text, "");
  EXPECT_EQ(job->limits, engine::Limits{});
  EXPECT_EQ(job->policy, Policy::kSandbox);
}

TEST(ExecuteRequest, TakesEveryField) {
  const auto job = parse(R"({"stdin": "a\nb", "kwargs": {"k": {"x": []}} , "policy": "strict",
      "args": [1, "\ud83d\ude00", 123456789012345678901234567890],
      "limits": {"wall_s": 1.5, "processes": 3, "cpu_s": null}, "script": "x"})");
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->args_json, R"([1, "\ud83d\ude00", 123456789012345678901234567890])");
  EXPECT_EQ(job->kwargs_json.substr(0, 16), R"({"k": {"x": []}})");
  EXPECT_EQ(job->stdin_text, "a\nb");
  EXPECT_EQ(job->policy, Policy::kStrict);
  EXPECT_EQ(job->limits.wall, std::chrono::milliseconds(1500));
  EXPECT_EQ(job->limits.processes, 3U);
  EXPECT_EQ(job->limits.cpu, engine::Limits{}.cpu);
}

TEST(ExecuteRequest, TreatsNullAsAbsentForOptionalFields) {
  const auto job = parse(
      R"({"script": "x", "args": null, "kwargs": null, "stdin": null, "limits": null, "policy": null})");
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->args_json, "[]");
  EXPECT_EQ(job->kwargs_json, "{}");
}

TEST(ExecuteRequest, LetsAPolicyOnlyBeTightened) {
  EXPECT_EQ(parse(R"({"script": "x"})", Policy::kStrict)->policy, Policy::kStrict);
  EXPECT_EQ(parse(R"({"script": "x", "policy": "strict"})", Policy::kStrict)->policy, Policy::kStrict);
  const auto looser = parse(R"({"script": "x", "policy": "sandbox"})", Policy::kStrict);
  ASSERT_FALSE(looser);
  EXPECT_EQ(looser.error().status, Status::kInvalidRequest);
  EXPECT_THAT(looser.error().message, StartsWith("Policy 'sandbox' is looser"));
}

TEST(ExecuteRequest, BoundsTheScriptInBytesOfUtf8) {
  const std::string allowed(204'800, 'x');
  EXPECT_TRUE(parse("{\"script\": \"" + allowed + "\"}"));
  std::string umlauts;
  for (int i = 0; i < 102'400; ++i) umlauts += "\\u00fc";
  EXPECT_TRUE(parse("{\"script\": \"" + umlauts + "\"}"));
  const auto over = parse("{\"script\": \"" + umlauts + "x\"}");
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().status, Status::kScriptTooLarge);
  EXPECT_EQ(over.error().message, "Invalid script size: 204801 bytes (limit 204800)");
}

TEST(ExecuteRequest, BoundsNesting) {
  const auto nested = [](std::size_t depth) {
    return "{\"script\":\"x\",\"args\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(parse(nested(199)));
  const auto over = parse(nested(200));
  ASSERT_FALSE(over);
  EXPECT_THAT(over.error().message, StartsWith("Request body is not valid JSON: nesting is deeper than 200"));
}

TEST(ExecuteRequest, ShortensTheNameOfAnUnknownField) {
  const auto fault = parse("{\"script\":\"x\",\"" + std::string(10'000, 'n') + "\":1}");
  ASSERT_FALSE(fault);
  EXPECT_LT(fault.error().message.size(), 300U);
}

TEST(ExecuteRequest, TakesTheFormsOfDisplay) {
  using Mode = engine::DisplayMode;
  for (const auto& [display, mode] :
       {std::pair{"true", Mode::kPng}, std::pair{"false", Mode::kOff}, std::pair{"null", Mode::kOff},
        std::pair{"{}", Mode::kPng}, std::pair{R"({"figures": "svg"})", Mode::kSvg},
        std::pair{R"({"figures": "png"})", Mode::kPng}}) {
    const auto job = parse_execute_request(std::string(R"({"script": "x", "display": )") + display + "}",
                                           {engine::Limits{}, engine::Policy::kSandbox});
    ASSERT_TRUE(job.has_value()) << display;
    EXPECT_EQ(job->display, mode) << display;
  }
}

struct BadBody {
  const char* name;
  std::string_view body;
  std::string_view message;  // its beginning
};

class BadRequest : public ::testing::TestWithParam<BadBody> {};

TEST_P(BadRequest, IsRefusedWithAnInstructiveMessage) {
  const auto job = parse(GetParam().body);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().status, Status::kInvalidRequest);
  EXPECT_THAT(job.error().message, StartsWith(std::string(GetParam().message)));
}

constexpr std::string_view kNeedsScript = "Field 'script' is required and must be a string";

INSTANTIATE_TEST_SUITE_P(
    Bodies, BadRequest,
    ::testing::Values(
        BadBody{"empty", "", "Request body is not valid JSON: the text is empty"},
        BadBody{"word", "hello", "Request body is not valid JSON: a value is malformed at byte 0"},
        BadBody{"cut_off", "{\"script\": \"x\"", "Request body is not valid JSON: "},
        BadBody{"trailing", "{\"script\": \"x\"} x", "Request body is not valid JSON: "},
        BadBody{"bad_utf8", "{\"script\": \"\xff\"}",
                "Request body is not valid JSON: the text is not valid UTF-8"},
        BadBody{"lone_surrogate", R"({"script": "\ud800"})",
                "Request body is not valid JSON: a string has a lone surrogate \\ud800 at byte 12"},
        BadBody{"array", "[]", "Request body must be a JSON object"},
        BadBody{"string", "\"script\"", "Request body must be a JSON object"},
        BadBody{"null", "null", "Request body must be a JSON object"},
        BadBody{"number", "12", "Request body must be a JSON object"},
        BadBody{"no_script", "{}", kNeedsScript}, BadBody{"null_script", R"({"script": null})", kNeedsScript},
        BadBody{"number_script", R"({"script": 1})", kNeedsScript},
        BadBody{"list_script", R"({"script": ["x"]})", kNeedsScript},
        BadBody{"empty_script", R"({"script": ""})",
                "Field 'script' is required and must be a string that is not empty"},
        BadBody{"misnamed_script", R"({"code": "x"})",
                "Field 'script' is required and must be a string; unknown field 'code'"},
        BadBody{"unknown", R"({"script": "x", "skript": {"a": [1]}, "args": []})",
                "Unknown field 'skript'; known are script, args, kwargs, stdin, files, limits, policy, "
                "display"},
        BadBody{"empty_name", R"({"script": "x", "": 1})", "Unknown field ''"},
        BadBody{"display_no_word", R"({"script": "x", "display": "svg"})",
                "Field 'display' must be true, false or an object"},
        BadBody{"display_number", R"({"script": "x", "display": 1})",
                "Field 'display' must be true, false or an object"},
        BadBody{"display_unknown", R"({"script": "x", "display": {"figure": "svg"}})",
                "Unknown field 'figure' in 'display'; known is figures"},
        BadBody{"display_twice", R"({"script": "x", "display": {"figures": "svg", "figures": "png"}})",
                "Field 'display.figures' is given twice"},
        BadBody{"display_format", R"({"script": "x", "display": {"figures": "pdf"}})",
                "Field 'display.figures' must be \"png\" or \"svg\""},
        BadBody{"files_no_array", R"({"script": "x", "files": {}})",
                "Field 'files' must be an array of objects"},
        BadBody{"file_no_object", R"({"script": "x", "files": ["a"]})",
                "Field 'files' must be an array of objects"},
        BadBody{"file_unknown_field", R"({"script": "x", "files": [{"path": "a", "mode": 1}]})",
                "Unknown field 'mode' in 'files'; known are path, content, content_base64"},
        BadBody{"file_path_no_string", R"({"script": "x", "files": [{"path": 1}]})",
                "Field 'files[].path' must be a string"},
        BadBody{"file_path_twice", R"({"script": "x", "files": [{"path": "a", "path": "b", "content": ""}]})",
                "Field 'files[].path' is given twice"},
        BadBody{"file_above", R"({"script": "x", "files": [{"path": "../a", "content": ""}]})",
                "Field 'files[0]': path '../a' must not contain '.' or '..'"},
        BadBody{"duplicate", R"({"script": "x", "script": "y"})", "Field 'script' is given twice"},
        BadBody{"duplicate_escaped", R"({"script": "x", "args": null, "\u0061rgs": []})",
                "Field 'args' is given twice"},
        BadBody{"args", R"({"script": "x", "args": {}})", "Field 'args' must be an array"},
        BadBody{"kwargs", R"({"script": "x", "kwargs": []})", "Field 'kwargs' must be an object"},
        BadBody{"stdin", R"({"script": "x", "stdin": 1})", "Field 'stdin' must be a string"},
        BadBody{"limits", R"({"script": "x", "limits": []})", "Field 'limits' must be an object"},
        BadBody{"policy", R"({"script": "x", "policy": "none"})",
                "Field 'policy' must be \"sandbox\" or \"strict\""},
        BadBody{"policy_type", R"({"script": "x", "policy": true})",
                "Field 'policy' must be \"sandbox\" or \"strict\""},
        BadBody{"unknown_limit", R"({"script": "x", "limits": {"wall": 1}})",
                "Unknown limit 'wall'; known are wall_s, cpu_s, memory_mb, processes, file_mb, output_kb"},
        BadBody{"duplicate_limit", R"({"script": "x", "limits": {"wall_s": 1, "wall_s": 2}})",
                "Field 'limits.wall_s' is given twice"},
        BadBody{"limit_type", R"({"script": "x", "limits": {"wall_s": "1"}})",
                "Field 'limits.wall_s' must be a positive number, not a string"},
        BadBody{"limit_bool", R"({"script": "x", "limits": {"processes": true}})",
                "Field 'limits.processes' must be a positive whole number, not a boolean"},
        BadBody{"kwarg_twice", R"({"script": "x", "kwargs": {"a": 1, "\u0061": 2}})",
                "Field 'kwargs.a' is given twice"},
        BadBody{"word_of_python", R"({"script": "x", "args": [NaN]})",
                "Request body is not valid JSON: 'NaN' is no JSON value but null may do, at byte 25"},
        BadBody{"number_too_large", R"({"script": "x", "args": [-1e400]})",
                "Request body is not valid JSON: the number -1e400 is too large for a float at byte 25"},
        BadBody{"limit_zero", R"({"script": "x", "limits": {"memory_mb": 0}})",
                "Field 'limits.memory_mb' must be a positive number"},
        BadBody{"limit_negative", R"({"script": "x", "limits": {"output_kb": -1}})",
                "Field 'limits.output_kb' must be a positive number"},
        BadBody{"limit_infinite", R"({"script": "x", "limits": {"cpu_s": 1e999}})",
                "Request body is not valid JSON: the number 1e999 is too large for a float at byte 36"},
        BadBody{"limit_fraction", R"({"script": "x", "limits": {"processes": 1.5}})",
                "Field 'limits.processes' must be a whole number, not 1.5"},
        BadBody{"limit_raised", R"({"script": "x", "limits": {"wall_s": 31}})",
                "Field 'limits.wall_s' is 31, but at most 30 is allowed"},
        BadBody{"limit_below_the_least", R"({"script": "x", "limits": {"memory_mb": 15}})",
                "Field 'limits.memory_mb' is 15, but at least 16 is needed"},
        BadBody{"limit_raised_far", R"({"script": "x", "limits": {"memory_mb": 100000000000000000000000}})",
                "Field 'limits.memory_mb' is 1e+23, but at most 512 is allowed"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace cellblock::service
