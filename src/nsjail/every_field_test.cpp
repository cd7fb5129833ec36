// Each field of the schema with a value that is wrong, one after the other and all together; made from the
// field table.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "nsjail/fake_surroundings_for_test.hpp"
#include "nsjail/field_table.hpp"

namespace cellblock::nsjail {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// "exec_bin { path: … }" for a field within a message.
std::string with_value(const std::string& path, const std::string& value) {
  const auto dot = path.find('.');
  if (dot == std::string::npos) return path + (value.starts_with('{') ? " " : ": ") + value;
  return path.substr(0, dot) + " { " + with_value(path.substr(dot + 1), value) + " }";
}

const FieldDescriptor* descriptor_of(const Descriptor& message, const std::string& path) {
  const auto dot = path.find('.');
  const auto* field = message.FindFieldByName(path.substr(0, dot));
  return dot == std::string::npos || field == nullptr
             ? field
             : descriptor_of(*field->message_type(), path.substr(dot + 1));
}

// Something that text format itself does not take for this field.
std::string of_wrong_type(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return "7";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "\"text\"";
    case FieldDescriptor::CPPTYPE_ENUM:
      return "NEVER_HEARD_OF";
    default:
      return "\"text\"";
  }
}

std::vector<Finding> errors_of(const std::string& text) {
  SandboxConfig read = read_sandbox_config(text, fake_surroundings());
  std::erase_if(read.findings, [](const Finding& finding) { return !is_error(finding.outcome); });
  EXPECT_EQ(read.usable(), read.findings.empty());
  return read.findings;
}

TEST(EveryField, HasOneRow) {
  std::set<std::string> listed;
  for (const FieldRow& row : field_table()) {
    EXPECT_TRUE(listed.insert(std::string(row.field)).second) << row.field;
    EXPECT_NE(descriptor_of(*NsJailConfig::descriptor(), std::string(row.field)), nullptr) << row.field;
  }
  for (int index = 0; index < NsJailConfig::descriptor()->field_count(); ++index) {
    EXPECT_TRUE(listed.contains(NsJailConfig::descriptor()->field(index)->name()))
        << NsJailConfig::descriptor()->field(index)->name();
  }
  for (int index = 0; index < Exe::descriptor()->field_count(); ++index) {
    EXPECT_TRUE(listed.contains("exec_bin." + Exe::descriptor()->field(index)->name()));
  }
}

TEST(EveryField, HasAReasonUnlessItSetsAnOption) {
  for (const FieldRow& row : field_table()) {
    const bool told_elsewhere = row.rule == Rule::kVariable || row.rule == Rule::kStart ||
                                row.rule == Rule::kRlimit || row.rule == Rule::kMount ||
                                row.rule == Rule::kIdMap || row.rule == Rule::kSeccomp ||
                                row.rule == Rule::kFields;
    EXPECT_TRUE(!row.reason.empty() || !row.option.empty() || told_elsewhere) << row.field;
  }
}

TEST(EveryField, OfAWrongTypeIsAnErrorInItsLine) {
  for (const FieldRow& row : field_table()) {
    const std::string path(row.field);
    const auto* field = descriptor_of(*NsJailConfig::descriptor(), path);
    const auto errors = errors_of("# the first line\n" + with_value(path, of_wrong_type(*field)) + "\n");
    ASSERT_FALSE(errors.empty()) << row.field;
    EXPECT_EQ(errors[0].outcome, Outcome::kWrong) << row.field;
    EXPECT_EQ(errors[0].line, 2) << row.field;
    EXPECT_EQ(errors[0].field, field->name());
  }
}

TEST(EveryField, WithAWrongValueIsAnErrorInItsLineWithItsName) {
  for (const FieldRow& row : field_table()) {
    if (row.wrong.empty()) continue;
    const std::string path(row.field);
    const auto errors = errors_of("name: \"a\"\n" + with_value(path, std::string(row.wrong)) + "\n");
    ASSERT_EQ(errors.size(), 1U) << row.field;
    EXPECT_EQ(errors[0].line, 2) << row.field;
    EXPECT_TRUE(errors[0].field.starts_with(path)) << errors[0].field << " for " << path;
    EXPECT_FALSE(errors[0].text.empty()) << row.field;
  }
}

TEST(EveryField, IsToldTogetherWithAllOthers) {
  std::string text;
  std::vector<int> expected;
  int line = 0;
  for (const FieldRow& row : field_table()) {
    // A type makes its value count no more, and a file of a policy belongs to its strings.
    if (row.wrong.empty() || row.field.ends_with("_type") || row.field == "seccomp_policy_file") continue;
    text += with_value(std::string(row.field), std::string(row.wrong)) + "\n";
    expected.push_back(++line);
  }
  std::set<int> lines;
  for (const Finding& error : errors_of(text)) lines.insert(error.line);
  EXPECT_GT(expected.size(), 80U);
  EXPECT_THAT(lines, ::testing::ElementsAreArray(expected));
}

TEST(EveryField, OfMountsAndIdMapsCanBeWrong) {
  for (const Descriptor* message : {MountPt::descriptor(), IdMap::descriptor()}) {
    const std::string name = message == MountPt::descriptor() ? "mount" : "uidmap";
    for (int index = 0; index < message->field_count(); ++index) {
      const auto& field = *message->field(index);
      const auto errors = errors_of(name + " {\n" + field.name() + ": " + of_wrong_type(field) + "\n}\n");
      ASSERT_FALSE(errors.empty()) << field.name();
      EXPECT_EQ(errors[0].line, 2) << field.name();
    }
  }
}

}  // namespace
}  // namespace cellblock::nsjail
