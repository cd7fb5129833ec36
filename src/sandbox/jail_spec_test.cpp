#include "sandbox/jail_spec.hpp"

#include <gtest/gtest.h>

namespace cellblock::sandbox {
namespace {

TEST(JailSpec, RoundTripsThroughJson) {
  JailSpec spec;
  spec.service_id = "12-ab";
  spec.memory_bytes = 1;
  spec.preload = {{"json"}, {"numpy", "pandas"}};
  spec.walls.cgroups = false;
  spec.shown = {{"/opt/app", "/app", true, true}};
  spec.scratch = {{"/scratch", 5, true}};
  spec.written = {{WrittenEntry::Kind::kLink, "/a", "/b"}};
  spec.inside_uid = 7;
  spec.working_directory = "/app";
  spec.environment = {"A=\"b\""};
  spec.refused_calls = {"mkdir"};
  spec.hostname = "box";
  const auto back = jail_spec_from_json(to_json(spec));
  ASSERT_TRUE(back.has_value()) << back.error().message();
  EXPECT_EQ(to_json(*back), to_json(spec));
  EXPECT_EQ(back->preload, spec.preload);
  EXPECT_EQ(back->walls, spec.walls);
  EXPECT_EQ(back->shown, spec.shown);
  EXPECT_EQ(back->scratch, spec.scratch);
  EXPECT_EQ(back->written, spec.written);
  EXPECT_EQ(back->inside_uid, 7U);
  EXPECT_EQ(back->working_directory, "/app");
  EXPECT_EQ(back->environment, spec.environment);
  EXPECT_EQ(back->refused_calls, spec.refused_calls);
  EXPECT_EQ(back->hostname, "box");
}

TEST(JailSpec, FilesAreWhereScriptsStartIfThatIsTheirsAlone) {
  JailSpec spec;
  EXPECT_EQ(directory_for_files(spec), "/tmp");
  spec.scratch = {{"/work", 5}};
  spec.shown = {{"/opt/app", "/app"}};
  spec.working_directory = "/app";
  EXPECT_EQ(directory_for_files(spec), "/tmp");
  spec.working_directory = "/work";
  EXPECT_EQ(directory_for_files(spec), "/work");
}

TEST(JailSpec, AMissingFieldIsAnError) {
  EXPECT_FALSE(jail_spec_from_json("{}").has_value());
  EXPECT_FALSE(jail_spec_from_json("[").has_value());
}

}  // namespace
}  // namespace cellblock::sandbox
