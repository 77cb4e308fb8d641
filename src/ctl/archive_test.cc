#include "ctl/archive.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace ctl {
namespace {

// What a program says, given a file to read.
std::string Output(const std::string& command) {
  std::string text;
  std::FILE* const pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  for (size_t size; (size = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    text.append(buffer.data(), size);
  }
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

TEST(ArchiveTest, TarReadsIt) {
  const std::string path = ::testing::TempDir() + "archive.tar.gz";
  const std::string large(100'000, 'x');
  const base::Bytes bytes =
      TarGz({{"d/empty", ""}, {"d/block", std::string(512, 'b')}, {"d/large", large}},
            {1'000'000'000'000'000'000});
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
  EXPECT_EQ(Output("tar -tzf " + path), "d/empty\nd/block\nd/large\n");
  EXPECT_EQ(Output("tar -xzOf " + path + " d/large"), large);
  EXPECT_EQ(Output("tar -xzOf " + path + " d/block"), std::string(512, 'b'));
  const std::string listed = Output("TZ=UTC tar -tvzf " + path + " d/empty");
  EXPECT_TRUE(listed.starts_with("-rw------- 0/0")) << listed;
  EXPECT_NE(listed.find("2001-09-09 01:46"), std::string::npos) << listed;
  std::remove(path.c_str());
}

}  // namespace
}  // namespace ctl
