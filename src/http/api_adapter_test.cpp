#include "http/api_adapter.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include <boost/algorithm/string/case_conv.hpp>
#include <nlohmann/json.hpp>

namespace cellblock::embedded {
extern const std::string_view kOpenApi;
}  // namespace cellblock::embedded

namespace cellblock::http {
namespace {

TEST(OpenApi, DescribesEveryRouteAndNoOther) {
  const auto document = nlohmann::json::parse(embedded::kOpenApi, nullptr, false);
  ASSERT_TRUE(document.is_object());
  std::set<std::string> described;
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      std::string route = method;
      described.insert(route.append(" ").append(path));
    }
  }
  std::set<std::string> served;
  for (const Route& route : routes()) {
    const std::string method = boost::algorithm::to_lower_copy(std::string(bhttp::to_string(route.method)));
    served.insert(method + " " + std::string(route.path));
  }
  EXPECT_EQ(described, served);
}

}  // namespace
}  // namespace cellblock::http
