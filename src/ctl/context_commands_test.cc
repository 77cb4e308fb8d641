#include "ctl/context_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/run.h"
#include "ctl/connection.h"
#include "ctl/context_file.h"
#include "ctl/testing/captured.h"

namespace ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ContextCommandsTest : public ::testing::Test {
 protected:
  ContextCommandsTest() : home_(::testing::TempDir() + "contexts") {
    std::filesystem::remove_all(home_);
    ::setenv("XDG_CONFIG_HOME", home_.c_str(), 1);
  }
  ~ContextCommandsTest() override {
    for (const char* name :
         {"XDG_CONFIG_HOME", "ETCDCTL_CONTEXT", "ETCDCTL_ENDPOINTS", "ETCDCTL_WRITE_OUT"}) {
      ::unsetenv(name);
    }
    std::filesystem::remove_all(home_);
  }

  // The whole program; `err_` is what it complained of.
  std::string Run(const std::vector<std::string>& words, int status = kExitSuccess) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(cli::Run(RootCommand(), words), status) << words.back();
    err_ = ::testing::internal::GetCapturedStderr();
    return ::testing::internal::GetCapturedStdout();
  }
  // What a command is told to do.
  Globals Read(const std::vector<std::string>& words) {
    Flags flags;
    for (const FlagSpec& spec : RootCommand().persistent_flags) flags.Add(spec);
    const auto arguments = flags.Parse(words);
    testing::Captured out;
    testing::Captured err;
    Globals globals;
    outcome_ = ReadGlobals({flags, *arguments, nullptr, out.file(), err.file()}, &globals);
    return globals;
  }
  static std::string FileText() { return TextOf(ContextFilePath()); }
  static std::string TextOf(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  const std::string home_;
  std::string err_;
  Outcome outcome_;
};

TEST_F(ContextCommandsTest, WhoChangesThemAtTheSameTimeLosesNothing) {
  constexpr int kChildren = 8;
  for (int i = 0; i < kChildren; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child != 0) continue;
    if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(kExitError);
    const std::vector<std::string> words = {"context", "set", "c" + std::to_string(i),
                                            "--endpoints=one:2379"};
    ::_exit(cli::Run(RootCommand(), words));
  }
  for (int i = 0; i < kChildren; ++i) {
    int status = -1;
    ASSERT_GT(::wait(&status), 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(LoadContexts(ContextFilePath())->all.size(), size_t{kChildren});
}

TEST_F(ContextCommandsTest, AContextThatIsInUseSaysHowToReachTheCluster) {
  EXPECT_EQ(Run({"--endpoints=a:1,b:2", "--user=root", "--dial-timeout=7s", "context", "set", "x"}),
            "context x is set\n");
  EXPECT_THAT(Read({"--password=p"}).client.endpoints, ElementsAre("127.0.0.1:2379"));
  EXPECT_EQ(Run({"context", "use", "x"}), "context x is in use\n");
  const Globals globals = Read({});
  EXPECT_THAT(globals.client.endpoints, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(globals.client.dial_timeout, std::chrono::seconds(7));
  EXPECT_EQ(Run({"context", "list"}), "* x\n");
  EXPECT_EQ(Run({"context", "list", "-w", "json"}), "[{\"name\":\"x\",\"current\":true}]\n");
  EXPECT_EQ(Run({"context", "show"}),
            "name: x\ndial-timeout: 7s\nendpoints: a:1,b:2\nuser: root\n");
  EXPECT_EQ(Run({"context", "use", "--none"}), "no context is in use\n");
  EXPECT_THAT(Read({}).client.endpoints, ElementsAre("127.0.0.1:2379"));
}

TEST_F(ContextCommandsTest, FlagsAndEnvironmentWin) {
  Run({"--endpoints=a:1", "--user=ann:secret", "context", "set", "x", "--store-password"});
  Run({"--endpoints=b:1", "context", "set", "y"});
  Run({"context", "use", "x"});
  EXPECT_EQ(Read({}).client.password, "secret");
  EXPECT_THAT(Read({"--context=y"}).client.endpoints, ElementsAre("b:1"));
  ::setenv("ETCDCTL_CONTEXT", "y", 1);
  EXPECT_THAT(Read({}).client.endpoints, ElementsAre("b:1"));
  EXPECT_THAT(Read({"--context", "x"}).client.endpoints, ElementsAre("a:1"));
  EXPECT_TRUE(outcome_.ok()) << outcome_.error;
  ::setenv("ETCDCTL_ENDPOINTS", "c:1", 1);
  EXPECT_THAT(Read({"--context", "x"}).client.endpoints, ElementsAre("c:1"));
  // Another user's password is not taken.
  const Globals other = Read({"--context=x", "--user=bob:own"});
  EXPECT_EQ(other.client.user, "bob");
  EXPECT_EQ(other.client.password, "own");
}

TEST_F(ContextCommandsTest, WhereEndpointsAreSaidTheOneInUseIsNotAsked) {
  Run({"--endpoints=a:1", "--user=ann:secret", "context", "set", "x", "--store-password"});
  Run({"context", "use", "x"});
  const Globals globals = Read({"--endpoints=elsewhere:1"});
  EXPECT_THAT(globals.client.user, IsEmpty());
  EXPECT_THAT(globals.client.password, IsEmpty());
}

TEST_F(ContextCommandsTest, APasswordIsKeptOnlyIfThatIsAskedFor) {
  Run({"--user=ann:secret", "context", "set", "x"});
  EXPECT_THAT(err_, HasSubstr("--store-password keeps it"));
  EXPECT_THAT(FileText(), Not(HasSubstr("secret")));
  Run({"--user=ann", "--password=secret", "context", "set", "x"});
  EXPECT_THAT(FileText(), Not(HasSubstr("secret")));
  Run({"--auth-jwt-token=secret", "context", "set", "x"});
  EXPECT_THAT(FileText(), Not(HasSubstr("secret")));
  Run({"--password=secret", "context", "set", "x", "--store-password"});
  EXPECT_THAT(FileText(), HasSubstr("secret"));
  EXPECT_THAT(err_, IsEmpty());
  EXPECT_EQ(Run({"context", "show", "x"}), "name: x\npassword: ***\nuser: ann\n");
  // Of another user it is forgotten.
  Run({"--user=bob", "context", "set", "x", "--store-password"});
  EXPECT_THAT(FileText(), Not(HasSubstr("secret")));
}

TEST_F(ContextCommandsTest, TheFileIsItsOwnersAlone) {
  Run({"--user=ann:secret", "context", "set", "x", "--store-password"});
  struct stat info {};
  ASSERT_EQ(::stat(ContextFilePath().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ::chmod(ContextFilePath().c_str(), 0644);
  Read({});
  EXPECT_EQ(outcome_.exit_code, kExitBadArguments);
  EXPECT_THAT(outcome_.error, HasSubstr("others may read the password in it (rw-r--r--)"));
  Read({"--endpoints=a:1"});
  EXPECT_TRUE(outcome_.ok());
  Run({"context", "list"}, kExitError);
  ::chmod(ContextFilePath().c_str(), 0600);
  // Without a secret anybody may.
  Run({"--user=ann", "context", "set", "x"});
  ::chmod(ContextFilePath().c_str(), 0644);
  Read({});
  EXPECT_TRUE(outcome_.ok()) << outcome_.error;
}

TEST_F(ContextCommandsTest, WhatLiesBesideTheFileStays) {
  std::filesystem::create_directories(home_ + "/etcdctl");
  const std::string beside = ContextFilePath() + ".new";
  const std::string lock = ContextFilePath() + ".lock";
  for (const std::string& path : {beside, lock}) std::ofstream(path) << "mine";
  Run({"--endpoints=a:1", "context", "set", "x"});
  for (const std::string& path : {beside, lock}) EXPECT_EQ(TextOf(path), "mine");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(home_ + "/etcdctl"), {}), 3);
}

TEST_F(ContextCommandsTest, AFileThatIsALinkStaysOne) {
  std::filesystem::create_directories(home_ + "/etcdctl");
  std::ofstream(home_ + "/kept.yaml") << "contexts: {}\n";
  std::filesystem::create_symlink(home_ + "/kept.yaml", ContextFilePath());
  Run({"--endpoints=a:1", "context", "set", "x"});
  EXPECT_TRUE(std::filesystem::is_symlink(ContextFilePath()));
  EXPECT_THAT(TextOf(home_ + "/kept.yaml"), HasSubstr("a:1"));
}

TEST_F(ContextCommandsTest, TheEnvironmentSaysHowTheyArePrinted) {
  Run({"--endpoints=a:1", "context", "set", "x"});
  ::setenv("ETCDCTL_WRITE_OUT", "json", 1);
  EXPECT_EQ(Run({"context", "list"}), "[{\"name\":\"x\",\"current\":false}]\n");
  EXPECT_EQ(Run({"context", "show", "x"}), "{\"name\":\"x\",\"endpoints\":\"a:1\"}\n");
  EXPECT_EQ(Run({"context", "list", "-w", "simple"}), "  x\n");
}

TEST_F(ContextCommandsTest, AValueThatCannotBeReadIsRefused) {
  std::filesystem::create_directories(home_ + "/etcdctl");
  std::ofstream(ContextFilePath()) << "contexts: {x: {dial-timeout: soon}}\n";
  Read({"--context=x"});
  EXPECT_EQ(outcome_.exit_code, kExitBadArguments);
  EXPECT_EQ(outcome_.error, "context \"x\": dial-timeout: time: invalid duration \"soon\"");
}

TEST_F(ContextCommandsTest, WhatIsNotThereIsRefused) {
  Run({"--endpoints=a:1", "context", "set", "prod"});
  Run({"context", "use", "prd"}, kExitBadArguments);
  EXPECT_EQ(err_, "Error: there is no context \"prd\"\n\nDid you mean this?\n\tprod\n");
  Run({"context", "show"}, kExitBadArguments);
  Run({"context", "delete", "x"}, kExitBadArguments);
  Run({"context", "set", "a b", "--endpoints=x"}, kExitBadArguments);
  Run({"context", "set", "x"}, kExitBadArguments);
  EXPECT_THAT(Run({"context", "list"}), "  prod\n");
  Read({"--context=nope"});
  EXPECT_EQ(outcome_.exit_code, kExitBadArguments);
  EXPECT_EQ(Run({"context", "delete", "prod"}), "context prod is deleted\n");
  EXPECT_THAT(Run({"context", "list"}), IsEmpty());
}

TEST_F(ContextCommandsTest, ABrokenFileIsToldAndNotReplaced) {
  std::filesystem::create_directories(home_ + "/etcdctl");
  std::ofstream(ContextFilePath()) << "contexts: [\n";
  Run({"--endpoints=a:1", "context", "set", "x"}, kExitError);
  EXPECT_THAT(err_, HasSubstr("contexts.yaml: line 2: this is no YAML"));
  EXPECT_EQ(FileText(), "contexts: [\n");
  Read({});
  EXPECT_EQ(outcome_.exit_code, kExitBadArguments);
}

}  // namespace
}  // namespace ctl
