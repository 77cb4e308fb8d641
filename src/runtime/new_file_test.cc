#include "runtime/new_file.h"

#include <gtest/gtest.h>

#include <list>
#include <utility>
#include <vector>

#include "runtime/posix/disk.h"
#include "runtime/unfinished.h"

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
    auto made = NewFile::Beside(disk_, folder_ + "/a", ".part");
    if (!made.ok()) return made.status().ToString();
    EXPECT_TRUE(made->file().WriteAt(0, made->path()).ok());
    made_.push_back(*std::move(made));
    return made_.back().path();
  }

  std::vector<std::string> Listed() { return *disk_.List(folder_); }

  posix::Disk disk_;
  const std::string folder_;
  std::list<NewFile> made_;
};

using Names = std::vector<std::string>;

TEST_F(NewFileTest, WhatIsThereStaysAsItIs) {
  ASSERT_TRUE(disk_.CreateDirectories(folder_ + "/a.part.2").ok());
  EXPECT_EQ(Made(), folder_ + "/a.part");
  EXPECT_EQ(Made(), folder_ + "/a.part.3");
  EXPECT_EQ(*ReadFile(disk_, folder_ + "/a.part"), folder_ + "/a.part");
}

TEST_F(NewFileTest, TheNamesAreBounded) {
  for (int i = 0; i < 100; ++i) Made();
  EXPECT_EQ(NewFile::Beside(disk_, folder_ + "/a", ".part").status().code(),
            base::Code::kAlreadyExists);
}

TEST_F(NewFileTest, WhereNoneCanBeMadeTheFirstIsNamed) {
  EXPECT_EQ(NewFile::Beside(disk_, folder_ + "/none/a", ".part").status().message(),
            folder_ + "/none/a.part: no such file or directory");
}

TEST_F(NewFileTest, OneThatIsFinishedTakesItsPlaceAndOthersGo) {
  Made();
  Made();
  EXPECT_EQ(Listed(), (Names{"a.part", "a.part.2"}));
  EXPECT_FALSE(made_.front().is_beside_another());
  EXPECT_TRUE(made_.back().is_beside_another());
  EXPECT_TRUE(made_.back().Finish().ok());
  made_.clear();
  EXPECT_EQ(Listed(), Names{"a"});
}

TEST_F(NewFileTest, OneMayBeMadeInItsPlace) {
  { EXPECT_TRUE(NewFile::At(disk_, folder_ + "/a").ok()); }
  EXPECT_EQ(Listed(), Names{});
  auto made = NewFile::At(disk_, folder_ + "/a");
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(made->Finish().ok());
  EXPECT_EQ(NewFile::At(disk_, folder_ + "/a").status().code(), base::Code::kAlreadyExists);
  EXPECT_EQ(Listed(), Names{"a"});
}

// Writes down what is unfinished.
class Account final : public UnfinishedKeeper {
 public:
  Account() { KeepUnfinished(this); }
  ~Account() override { KeepUnfinished(nullptr); }
  base::Status Change(Names names, base::Callback<base::Status()> change) override {
    base::Status status = change();
    if (status.ok()) names_ = std::move(names);
    return status;
  }
  const Names& names() const { return names_; }

 private:
  Names names_;
};

TEST_F(NewFileTest, AccountIsKeptOfWhatIsUnfinished) {
  const Account account;
  ASSERT_TRUE(disk_.CreateDirectories(folder_ + "/a.part").ok());
  {
    auto made = NewFile::Beside(disk_, folder_ + "/a", ".part");
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(account.names(), Names{folder_ + "/a.part.2"});
  }
  EXPECT_EQ(account.names(), Names{});
  auto made = NewFile::At(disk_, folder_ + "/b");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(account.names(), Names{folder_ + "/b"});
  EXPECT_TRUE(made->Finish().ok());
  EXPECT_EQ(account.names(), Names{});
}

}  // namespace
}  // namespace runtime
