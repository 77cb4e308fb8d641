#include "runtime/posix/unfinished.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "runtime/posix/disk.h"
#include "runtime/unfinished.h"

namespace runtime::posix {
namespace {

class UnfinishedTest : public ::testing::Test {
 protected:
  UnfinishedTest() : folder_(::testing::TempDir() + "unfinished") {
    EXPECT_TRUE(disk_.RemoveAll(folder_).ok());
    EXPECT_TRUE(disk_.CreateDirectories(folder_).ok());
  }
  ~UnfinishedTest() override { EXPECT_TRUE(disk_.RemoveAll(folder_).ok()); }

  std::string Path(const std::string& name) { return folder_ + "/" + name; }
  base::Status MakeFile(const std::string& name) {
    return disk_.Open(Path(name), OpenMode::kCreate).status();
  }
  // A directory with more in it than is listed at once.
  void MakeTree(const std::string& name) {
    ASSERT_TRUE(disk_.CreateDirectories(Path(name) + "/below/this").ok());
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(MakeFile(name + "/below/a-file-with-a-long-name-" + std::to_string(i)).ok());
    }
  }
  std::vector<std::string> Listed() { return *disk_.List(folder_); }

  Disk disk_;
  const std::string folder_;
};

using Names = std::vector<std::string>;

TEST_F(UnfinishedTest, ASignalRemovesWhatIsUnfinishedAndEndsTheProgram) {
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    ASSERT_TRUE(MakeFile("whole").ok());
    ASSERT_TRUE(MakeFile("part").ok());
    MakeTree("tree");
    EXPECT_EXIT(
        {
          RemoveUnfinishedAtSignals();
          Making({Path("none"), Path("part"), Path("tree")});
          std::raise(signal);
        },
        ::testing::KilledBySignal(signal), "");
    EXPECT_EQ(Listed(), Names{"whole"});
    ASSERT_TRUE(disk_.Remove(Path("whole")).ok());
  }
}

TEST_F(UnfinishedTest, OneThatAnotherThreadGetsDoesSo) {
  ASSERT_TRUE(MakeFile("part").ok());
  EXPECT_EXIT(
      {
        RemoveUnfinishedAtSignals();
        Making({Path("part")});
        std::thread([] { std::raise(SIGTERM); }).join();
      },
      ::testing::KilledBySignal(SIGTERM), "");
  EXPECT_EQ(Listed(), Names{});
}

TEST_F(UnfinishedTest, NoneComesInTheMidstOfAChange) {
  EXPECT_EXIT(
      {
        RemoveUnfinishedAtSignals();
        EXPECT_TRUE(Making({Path("part")}, [&] {
                      std::raise(SIGINT);
                      return MakeFile("part");
                    }).ok());
      },
      ::testing::KilledBySignal(SIGINT), "");
  EXPECT_EQ(Listed(), Names{});
}

TEST_F(UnfinishedTest, WhatIsWholeStaysAndSoDoesWhatCouldNotBeMade) {
  ASSERT_TRUE(MakeFile("another").ok());
  EXPECT_EXIT(
      {
        RemoveUnfinishedAtSignals();
        Making({Path("part")}, [&] { return MakeFile("part"); }).IgnoreError();
        Making({}, [&] { return disk_.Rename(Path("part"), Path("whole")); }).IgnoreError();
        EXPECT_FALSE(Making({Path("another")}, [&] { return MakeFile("another"); }).ok());
        std::raise(SIGTERM);
      },
      ::testing::KilledBySignal(SIGTERM), "");
  EXPECT_EQ(Listed(), (Names{"another", "whole"}));
}

TEST_F(UnfinishedTest, WhatTheProgramIsToIgnoreItIgnores) {
  ASSERT_TRUE(MakeFile("part").ok());
  EXPECT_EXIT(
      {
        std::signal(SIGHUP, SIG_IGN);
        RemoveUnfinishedAtSignals();
        Making({Path("part")});
        std::raise(SIGHUP);
        std::_Exit(disk_.Exists(Path("part")).ok() ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
  EXPECT_EQ(Listed(), Names{"part"});
}

// As a script's shell has what it starts in the background ignore it.
TEST_F(UnfinishedTest, QuitAndTerminationAreHeededAllTheSame) {
  for (const int signal : {SIGQUIT, SIGTERM}) {
    ASSERT_TRUE(MakeFile("part").ok());
    EXPECT_EXIT(
        {
          std::signal(signal, SIG_IGN);
          RemoveUnfinishedAtSignals();
          Making({Path("part")});
          std::raise(signal);
        },
        ::testing::KilledBySignal(signal), "");
    EXPECT_EQ(Listed(), Names{});
  }
}

}  // namespace
}  // namespace runtime::posix
