#include "observe/log_outputs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "base/go_text.h"
#include "runtime/posix/disk.h"

namespace observe {
namespace {

class LogOutputsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "log_outputs." + std::to_string(::getpid());
    ASSERT_TRUE(disk_.CreateDirectories(folder_).ok());
  }
  void TearDown() override { EXPECT_TRUE(disk_.RemoveAll(folder_).ok()); }

  std::string Path(const std::string& name) const { return runtime::JoinPath(folder_, name); }
  std::string Text(const std::string& name) {
    auto text = runtime::ReadFile(disk_, Path(name));
    EXPECT_TRUE(text.ok()) << text.status().ToString();
    return text.ok() ? *std::move(text) : "";
  }
  std::unique_ptr<LogSink> Opened(const LogOutputs& outputs) {
    auto sink = OpenLogOutputs(outputs);
    EXPECT_TRUE(sink.ok()) << sink.status().ToString();
    return sink.ok() ? *std::move(sink) : nullptr;
  }

  runtime::posix::Disk disk_;
  std::string folder_;
};

TEST_F(LogOutputsTest, AFlushedLineIsInEveryFile) {
  const auto sink = Opened({.names = {Path("a"), Path("b")}});
  sink->Write("one {} %v");
  sink->Write("two");
  sink->Flush();
  EXPECT_EQ(Text("a"), "one {} %v\ntwo\n");
  EXPECT_EQ(Text("b"), "one {} %v\ntwo\n");
}

TEST_F(LogOutputsTest, DestroyingWritesOutWhatWaits) {
  auto sink = Opened({.names = {Path("a")}});
  for (int i = 0; i < 500; ++i) sink->Write("line");
  sink.reset();
  EXPECT_EQ(Text("a").size(), 500 * 5u);
}

TEST_F(LogOutputsTest, FilesAreAppendedTo) {
  for (const char* line : {"first", "second"}) Opened({.names = {Path("a")}})->Write(line);
  EXPECT_EQ(Text("a"), "first\nsecond\n");
}

TEST_F(LogOutputsTest, AnOutputNamedTwiceCountsOnce) {
  Opened({.names = {Path("a"), Path("a")}})->Write("line");
  EXPECT_EQ(Text("a"), "line\n");
}

TEST_F(LogOutputsTest, LinesOfSeveralThreadsStayWhole) {
  auto sink = Opened({.names = {Path("a")}});
  std::vector<std::thread> threads;
  for (const char letter : {'x', 'y', 'z'}) {
    threads.emplace_back([&sink, letter] {
      for (int i = 0; i < 300; ++i) sink->Write(std::string(50, letter));
    });
  }
  for (std::thread& thread : threads) thread.join();
  sink.reset();
  const auto lines = base::Split(Text("a"), '\n');
  ASSERT_EQ(lines.size(), 901u);
  for (size_t i = 0; i < 900; ++i) EXPECT_EQ(lines[i], std::string(50, lines[i].at(0)));
}

TEST_F(LogOutputsTest, TooManyLinesAreDroppedAndFlushStillEnds) {
  const auto sink = Opened({.names = {Path("a")}, .queue_lines_max = 4});
  for (int i = 0; i < 2000; ++i) sink->Write("line " + std::to_string(i));
  sink->Flush();
  const std::string text = Text("a");
  EXPECT_EQ(text.substr(text.size() - 10), "line 1999\n");
}

TEST_F(LogOutputsTest, AFullFileIsSetAside) {
  auto sink = Opened({.names = {Path("a.log")}, .rotation = Rotation{.max_size_megabytes = 1}});
  const std::string line((64 << 10) - 1, 'x');
  for (int i = 0; i < 50; ++i) {
    sink->Write(line);
    sink->Flush();
  }
  sink.reset();
  const auto names = disk_.List(folder_);
  ASSERT_TRUE(names.ok());
  ASSERT_EQ(names->size(), 4u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(Text(names->at(i)).size(), 1u << 20) << names->at(i);
  EXPECT_EQ(names->at(3), "a.log");
  EXPECT_EQ(Text("a.log").size(), 2u * (64 << 10));
}

TEST_F(LogOutputsTest, TheFoldersOfAFileThatRotatesAreMade) {
  Opened({.names = {Path("b/c/a.log")}, .rotation = Rotation()})->Write("line");
  EXPECT_EQ(Text("b/c/a.log"), "line\n");
  const auto sink = OpenLogOutputs({.names = {"/proc/no/a.log"}, .rotation = Rotation()});
  EXPECT_EQ(sink.status().message(),
            "open sink \"/proc/no/a.log\": open /proc/no/a.log: no such file or directory");
}

TEST_F(LogOutputsTest, AFileThatCannotBeOpenedIsNamed) {
  const std::string path = "/proc/no/such/folder/log";
  const auto sink = OpenLogOutputs({.names = {path}});
  EXPECT_EQ(sink.status().code(), base::Code::kUnavailable);
  EXPECT_NE(sink.status().message().find(path), std::string_view::npos);
}

}  // namespace
}  // namespace observe
