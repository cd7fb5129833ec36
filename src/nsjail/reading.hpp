// The state of one reading, which the rules of the single fields write into.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/option_table.hpp"
#include "nsjail/config_text.hpp"
#include "nsjail/sandbox_config.hpp"

namespace cellblock::nsjail {

// One value of one field, and where it stands.
struct Place {
  const google::protobuf::Message* message = nullptr;
  const google::protobuf::FieldDescriptor* field = nullptr;
  int index = -1;  // of a repeated field
  const Places* places = nullptr;
  std::string path{};  // "mount.rw"
};

class Reading {
 public:
  explicit Reading(const Surroundings& surroundings);

  [[nodiscard]] const Surroundings& surroundings() const { return *surroundings_; }

  void add(const Place& place, Outcome outcome, std::string text);

  // Sets an option. Of several values for one that is a number the lowest counts: `weight` is compared. What
  // the option's own range does not allow is an error. A `remark` is told beside it.
  void apply(const Place& place, std::string_view option, std::uint64_t weight, const std::string& value,
             std::string_view remark = {});
  // More elements of an option that is a list. A `remark` is told beside it.
  // `shown` stands for elements that are too long to be told.
  void append(const Place& place, std::string_view option, const std::vector<std::string>& elements,
              std::string_view remark = {}, std::string_view shown = {});

  // What an option that is a list has by now.
  [[nodiscard]] std::vector<std::string> elements_of(std::string_view option) const;

  [[nodiscard]] SandboxConfig take() { return std::move(result_); }
  void add_faults(std::vector<Finding> faults);

 private:
  struct Lowest {
    std::uint64_t weight = 0;
    std::size_t finding = 0;  // the one that set it
  };

  const Surroundings* surroundings_;
  config::Options scratch_;
  SandboxConfig result_;
  std::map<std::string, Lowest, std::less<>> lowest_;
};

// The rules that look at more than one field; called for each place of their field.
void read_variable(Reading& reading, const Place& place);
void read_rlimit(Reading& reading, const Place& place);
void read_mount(Reading& reading, const Place& place);
void read_id_map(Reading& reading, const Place& place);
// Where scripts start; asks for the mounts that have been read.
void read_start(Reading& reading, const ParsedText& parsed);
// All of the policy's strings together, and the file.
void read_seccomp(Reading& reading, const ParsedText& parsed);

// The place of a field within the message that `place` is.
[[nodiscard]] Place within(const Place& place, std::string_view field, int index = -1);

// Plain reading of a field by its name.
[[nodiscard]] bool has(const google::protobuf::Message& message, std::string_view field);
[[nodiscard]] std::string text_of(const google::protobuf::Message& message, std::string_view field);
[[nodiscard]] bool flag_of(const google::protobuf::Message& message, std::string_view field);
// Any number, or the number of an enum's value; negative ones are very large.
[[nodiscard]] std::uint64_t number_of(const Place& place);

// "256MB" or, where it is no whole number of them, "4882KB"; rounded down.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace cellblock::nsjail
