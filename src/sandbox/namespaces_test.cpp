#include "sandbox/namespaces.hpp"

#include <gtest/gtest.h>

namespace cellblock::sandbox {
namespace {

TEST(Namespaces, NamesAllSevenKindsOfThisProcess) {
  const auto own = own_namespaces();
  ASSERT_TRUE(own);
  for (const char* kind : {"user:[", "pid:[", "mnt:[", "net:[", "ipc:[", "uts:[", "cgroup:["}) {
    EXPECT_NE(own->find(kind), std::string::npos) << kind << " in " << *own;
  }
  EXPECT_EQ(shared_namespaces(*own, *own), *own);
}

TEST(Namespaces, TellsTheOnesThatAreShared) {
  EXPECT_EQ(shared_namespaces("user:[1] net:[2]", "user:[3] net:[4]"), "");
  EXPECT_EQ(shared_namespaces("user:[1] net:[2]", "user:[3] net:[2]"), "net:[2]");
  // The number alone says nothing, nor does the beginning of one.
  EXPECT_EQ(shared_namespaces("user:[2] net:[22]", "net:[2]"), "");
}

}  // namespace
}  // namespace cellblock::sandbox
