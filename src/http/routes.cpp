#include "http/routes.hpp"

#include <array>
#include <string>

#include "http/api_adapter.hpp"
#include "http/batch_adapter.hpp"
#include "http/execute_adapter.hpp"
#include "http/health_adapter.hpp"

namespace cellblock::http {
namespace {

constexpr std::size_t kLongestPathShown = 200;

constexpr std::array kRoutes{
    Route{"/execute", bhttp::verb::post, execute, Access::kRun},
    Route{"/api/v1/execute", bhttp::verb::post, execute, Access::kRun},
    Route{"/batch", bhttp::verb::post, batch, Access::kBatch},
    Route{"/health", bhttp::verb::get, health, Access::kOpen},
    Route{"/healthz", bhttp::verb::get, liveness, Access::kProbe},
    Route{"/readyz", bhttp::verb::get, readiness, Access::kProbe},
    Route{"/version", bhttp::verb::get, version, Access::kOpen},
    Route{"/metrics", bhttp::verb::get, metrics, Access::kFigures},
    Route{"/openapi.json", bhttp::verb::get, openapi, Access::kOpen},
    Route{"/docs", bhttp::verb::get, docs_page, Access::kOpen},
    Route{"/docs/page.css", bhttp::verb::get, docs_style, Access::kOpen},
    Route{"/docs/page.js", bhttp::verb::get, docs_script, Access::kOpen},
};

void add_method(std::string& allow, bhttp::verb method) {
  if (!allow.empty()) allow += ", ";
  allow += method == bhttp::verb::get ? "GET, HEAD" : std::string(bhttp::to_string(method));
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

std::string_view path_of(std::string_view target) {
  target = target.substr(0, target.find_first_of("?#"));
  if (target.starts_with('/')) return target;
  const auto scheme = target.find("://");
  if (scheme == std::string_view::npos) return target;
  const auto path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

Found find_route(bhttp::verb method, std::string_view target) {
  const std::string_view path = path_of(target);
  const bhttp::verb wanted = method == bhttp::verb::head ? bhttp::verb::get : method;
  std::string allow;
  for (const Route& route : kRoutes) {
    if (route.path != path) continue;
    if (route.method == wanted) return {&route, {}};
    add_method(allow, route.method);
  }
  if (allow.empty()) {
    const std::string shown(path.substr(0, kLongestPathShown));
    return {nullptr, error_reply(bhttp::status::not_found, "No such path: " + shown, "not_found")};
  }
  Found found{nullptr, error_reply(bhttp::status::method_not_allowed,
                                   "Method not allowed for " + std::string(path) + ", use " + allow,
                                   "method_not_allowed")};
  found.refusal.allow = std::move(allow);
  return found;
}

}  // namespace cellblock::http
