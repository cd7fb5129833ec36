#include "config/cell_view.hpp"

#include <gtest/gtest.h>

namespace cellblock::config {
namespace {

TEST(CellView, ReadsABindWithAndWithoutAPlaceOfItsOwn) {
  EXPECT_EQ(read_bind("/opt/data")->place, "/opt/data");
  EXPECT_EQ(read_bind("/opt/data:/data")->path, "/opt/data");
  EXPECT_EQ(read_bind("/opt/data:/data")->place, "/data");
  for (const char* text :
       {"", "/", "opt", "/opt/", "/opt//data", "/opt/../etc", "/opt/./a", "/opt:", "/opt:data", "/opt:/a:/b",
        "/opt/a b", "/opt:/usr/lib/a", "/opt:/tmp", "/opt:/usr", "/opt:/etc"}) {
    EXPECT_FALSE(read_bind(text)) << text;
  }
}

TEST(CellView, BindsWritableOutsideOfWhatHasCode) {
  EXPECT_FALSE(read_bind("/opt/data:/data")->writable);
  EXPECT_TRUE(read_bind("/opt/data:/data:rw")->writable);
  EXPECT_EQ(read_bind("/opt/data:/data:rw")->place, "/data");
  EXPECT_EQ(read_bind("/opt/data:rw")->place, "/opt/data");
  EXPECT_TRUE(read_bind("/opt:/usr/local/lib"));
  for (const char* text : {"/opt:/usr/local/lib:rw", "/opt:/etc/app:rw", "/opt:/data:ro", "/opt:/data:rw:rw",
                           ":rw", "rw", "/opt:/root:rw"}) {
    EXPECT_FALSE(read_bind(text)) << text;
  }
  EXPECT_EQ(why_not_writable("/opt/data"), "");
  EXPECT_EQ(why_not_writable("/etcetera"), "");
  EXPECT_NE(why_not_writable("/usr/local/bin"), "");
  EXPECT_NE(why_not_writable("/"), "");
}

TEST(CellView, ReadsFilesAndLinksThatAreWritten) {
  EXPECT_EQ(read_cell_file("/motd=hello = world\n")->text, "hello = world\n");
  EXPECT_EQ(read_cell_file("/motd=")->text, "");
  EXPECT_TRUE(read_cell_file("/motd=" + std::string(65'536, 'x')));
  EXPECT_FALSE(read_cell_file("/motd=" + std::string(65'537, 'x')));
  for (const char* text : {"", "/motd", "motd=x", "/a/../b=x", "/etc/passwd=x", "/motd=\xff", "=x"})
    EXPECT_FALSE(read_cell_file(text)) << text;
  EXPECT_EQ(read_cell_link("/python=/usr/bin/python3")->target, "/usr/bin/python3");
  EXPECT_TRUE(read_cell_link("/root=/"));
  for (const char* text : {"", "/a", "/a=b", "/a=", "a=/b", "/usr/lib/a=/b", "/a=/b/../c"})
    EXPECT_FALSE(read_cell_link(text)) << text;
}

TEST(CellView, ReadsASizeOfScratchOnBothSidesOfItsLimits) {
  EXPECT_EQ(read_scratch("/scratch:1")->bytes, 1ULL << 20U);
  EXPECT_TRUE(read_scratch("/scratch:65536"));
  for (const char* text : {"/scratch", "/scratch:", "/scratch:0", "/scratch:65537", "/scratch:-1",
                           "/scratch:1x", "scratch:1", "/dev/shm:1", "/tmp/a:1", "/:1"}) {
    EXPECT_FALSE(read_scratch(text)) << text;
  }
}

TEST(CellView, KeepsPlacesOfCellsFree) {
  EXPECT_EQ(why_not_at("/opt/app"), "");
  EXPECT_EQ(why_not_at("/usr/libexec"), "");
  EXPECT_EQ(why_not_at("/etc/app.conf"), "");
  EXPECT_NE(why_not_at("/usr/lib/app"), "");
  EXPECT_NE(why_not_at("/usr"), "");
  EXPECT_NE(why_not_at("/"), "");
}

TEST(CellView, KnowsWhatIsPrivateOnAHost) {
  EXPECT_FALSE(private_at("/opt/app"));
  EXPECT_FALSE(private_at("/etcetera"));
  EXPECT_FALSE(private_at("/etc/shadow")->never);
  EXPECT_TRUE(private_at("/run/docker.sock")->never);
  EXPECT_TRUE(private_at("/")->never);
  EXPECT_FALSE(private_at("/usr/local"));
}

TEST(CellView, TakesHostNamesOfUpTo63Letters) {
  EXPECT_TRUE(is_host_name("NSJAIL"));
  EXPECT_TRUE(is_host_name(std::string(63, 'a')));
  EXPECT_FALSE(is_host_name(std::string(64, 'a')));
  for (const char* text : {"", "-a", "a-", "a b", "a/b", "a\n"}) EXPECT_FALSE(is_host_name(text)) << text;
}

}  // namespace
}  // namespace cellblock::config
