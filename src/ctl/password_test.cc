#include "ctl/password.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "ctl/testing/captured.h"

namespace ctl {
namespace {

constexpr char kPrompt[] = "Password: ";

// A file that holds this.
class Readable {
 public:
  explicit Readable(std::string text)
      : text_(std::move(text)), file_(fmemopen(text_.data(), text_.size(), "r")) {}
  ~Readable() { std::fclose(file_); }
  Readable(const Readable&) = delete;
  Readable& operator=(const Readable&) = delete;

  std::FILE* file() { return file_; }

 private:
  std::string text_;
  std::FILE* file_;
};

class PasswordTest : public ::testing::Test {
 protected:
  std::string Ask(std::FILE* in, std::FILE* out) {
    return AskPassword({flags_, arguments_, in, out, stderr}, kPrompt);
  }

  Flags flags_;
  std::vector<std::string> arguments_;
};

TEST_F(PasswordTest, IsTheLineThatCanBeRead) {
  Readable in("se cret\r\n  second \nthird");
  testing::Captured out;
  EXPECT_EQ(Ask(in.file(), out.file()), "se cret");
  EXPECT_EQ(Ask(in.file(), out.file()), "second");
  EXPECT_EQ(Ask(in.file(), out.file()), "third");
  EXPECT_EQ(Ask(in.file(), out.file()), "");
  EXPECT_EQ(Ask(nullptr, out.file()), "");
  EXPECT_EQ(out.text(), "Password: \nPassword: \nPassword: \nPassword: \nPassword: \n");
}

TEST_F(PasswordTest, AWordEndsWhereWhiteSpaceBegins) {
  for (const auto& [text, word] : std::vector<std::pair<std::string, std::string>>{
           {"secret", "secret"}, {" \tse cret\n", "se"}, {"\nsecret", ""}, {" \n", ""}}) {
    Readable in(text);
    EXPECT_EQ(ReadWord(in.file()), word);
  }
  EXPECT_EQ(ReadWord(nullptr), "");
}

// Somebody at a terminal.
class TerminalTest : public PasswordTest {
 protected:
  TerminalTest() : keyboard_(posix_openpt(O_RDWR | O_NOCTTY)) {
    EXPECT_EQ(grantpt(keyboard_), 0);
    EXPECT_EQ(unlockpt(keyboard_), 0);
    in_ = std::fopen(ptsname(keyboard_), "r");
    out_ = std::fopen(ptsname(keyboard_), "w");
  }
  ~TerminalTest() override {
    std::fclose(in_);
    std::fclose(out_);
    close(keyboard_);
  }

  bool shows_what_is_typed() {
    termios state;
    EXPECT_EQ(tcgetattr(fileno(in_), &state), 0);
    return (state.c_lflag & ECHO) != 0;
  }
  // What is on the screen as soon as it ends so.
  std::string Screen(const std::string& end) {
    while (!screen_.ends_with(end)) {
      char byte;
      if (read(keyboard_, &byte, 1) != 1) break;
      screen_ += byte;
    }
    return screen_;
  }

  const int keyboard_;
  std::FILE* in_;
  std::FILE* out_;
  std::string screen_;
};

TEST_F(TerminalTest, IsNotShownWhileItIsTyped) {
  std::thread person([this] {
    Screen(kPrompt);
    EXPECT_EQ(write(keyboard_, "secret\n", 7), 7);
  });
  EXPECT_EQ(Ask(in_, out_), "secret");
  person.join();
  EXPECT_EQ(Screen("\n"), "Password: \r\n");
  EXPECT_TRUE(shows_what_is_typed());
}

TEST_F(TerminalTest, ASignalEndsTheQuestionAndTheTerminalShowsAgainWhatIsTyped) {
  for (const int number : {SIGINT, SIGTERM}) {
    EXPECT_EXIT(
        {
          std::thread person([this, number] {
            Screen(kPrompt);
            kill(getpid(), number);
          });
          person.detach();  // the process ends before anybody could join it
          Ask(in_, out_);
        },
        ::testing::ExitedWithCode(255), "");
    EXPECT_TRUE(shows_what_is_typed());
  }
}

}  // namespace
}  // namespace ctl
