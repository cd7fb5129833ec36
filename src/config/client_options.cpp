#include <algorithm>
#include <cctype>

#include "config/option_rows.hpp"

namespace cellblock::config {
namespace {

constexpr std::string_view kClients = "Clients";

bool host_name(std::string_view text) {
  return text == "*" || (!text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '-' || letter == '_' || letter == '.';
         }));
}

// As browsers write it: a scheme and a host, no path.
bool origin(std::string_view text) {
  const auto scheme = text.find("://");
  if (text == "*") return true;
  return scheme != std::string_view::npos && scheme > 0 && text.size() > scheme + 3 &&
         text.find_first_of("/ \"", scheme + 3) == std::string_view::npos;
}

}  // namespace

std::vector<OptionSpec> client_rows() {
  return {
      {.name = "keys-file",
       .target = &Options::keys_file,
       .accepts = empty_or_absolute_path,
       .expected = "an absolute path, or nothing",
       .group = kClients,
       .help = "File with the API keys that /execute and /batch ask for, made by 'cellblock keys add'; read "
               "again "
               "at SIGHUP; empty: nobody needs a key"},
      {.name = "metrics-key",
       .target = &Options::metrics_key,
       .standard = "false",
       .group = kClients,
       .help = "/metrics asks for a key too"},
      {.name = "client-rate",
       .target = &Options::client_rate,
       .standard = "0",
       .lowest = 0,
       .highest = 1'000'000,
       .group = kClients,
       .help =
           "Executions that a client may ask for in a second, in the long run; more are refused with 429. A "
           "client is an API key, or an address where there are no keys; 0: any number"},
      {.name = "client-burst",
       .target = &Options::client_burst,
       .standard = "20",
       .lowest = 1,
       .highest = 1'000'000,
       .group = kClients,
       .help = "Executions that a client may ask for in a row after it was quiet, where client-rate is set"},
      {.name = "client-executions",
       .target = &Options::client_executions,
       .standard = "0",
       .lowest = 0,
       .highest = 1'000'000,
       .group = kClients,
       .help =
           "Executions that one client may have at once, waiting ones too; more are refused with 429. 0: any "
           "number"},
      {.name = "allowed-hosts",
       .target = &Options::allowed_hosts,
       .accepts = host_name,
       .expected = "a comma-separated list of host names without ports, or *",
       .group = kClients,
       .help =
           "Names that requests may have as their Host, beside addresses, localhost and names without a dot. "
           "Checked on a loopback address, or when a name is given; * allows any"},
      {.name = "cors-origins",
       .target = &Options::cors_origins,
       .accepts = origin,
       .expected = "a comma-separated list such as https://app.example.org, or *",
       .group = kClients,
       .help = "Origins of web pages that may ask and read the answers; empty: none"},
  };
}

}  // namespace cellblock::config
