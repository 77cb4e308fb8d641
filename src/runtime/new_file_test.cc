#include "runtime/new_file.h"

#include <gtest/gtest.h>

#include "runtime/posix/disk.h"

namespace runtime {
namespace {

class NewFileTest : public ::testing::Test {
 protected:
  NewFileTest() : folder_(::testing::TempDir() + "new_file") {
    EXPECT_TRUE(disk_.RemoveAll(folder_).ok());
    EXPECT_TRUE(disk_.CreateDirectories(folder_).ok());
  }
  ~NewFileTest() override { EXPECT_TRUE(disk_.RemoveAll(folder_).ok()); }

  std::string Made() {
    auto made = CreateBeside(disk_, folder_ + "/a", ".part");
    if (!made.ok()) return made.status().ToString();
    EXPECT_TRUE(made->file->WriteAt(0, made->path).ok());
    return made->path;
  }

  posix::Disk disk_;
  const std::string folder_;
};

TEST_F(NewFileTest, WhatIsThereStaysAsItIs) {
  ASSERT_TRUE(disk_.CreateDirectories(folder_ + "/a.part.2").ok());
  EXPECT_EQ(Made(), folder_ + "/a.part");
  EXPECT_EQ(Made(), folder_ + "/a.part.3");
  EXPECT_EQ(*ReadFile(disk_, folder_ + "/a.part"), folder_ + "/a.part");
}

TEST_F(NewFileTest, TheNamesAreBounded) {
  for (int i = 0; i < 100; ++i) Made();
  EXPECT_EQ(CreateBeside(disk_, folder_ + "/a", ".part").status().code(),
            base::Code::kAlreadyExists);
}

TEST_F(NewFileTest, WhereNoneCanBeMadeTheFirstIsNamed) {
  EXPECT_EQ(CreateBeside(disk_, folder_ + "/none/a", ".part").status().message(),
            folder_ + "/none/a.part: no such file or directory");
}

}  // namespace
}  // namespace runtime
