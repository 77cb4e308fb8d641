#include "runtime/posix/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace runtime::posix {
namespace {

// What listens at $NOTIFY_SOCKET, as systemd does.
class ServiceManagerTest : public ::testing::Test {
 protected:
  ~ServiceManagerTest() override {
    ::unsetenv("NOTIFY_SOCKET");
    if (socket_ >= 0) ::close(socket_);
    if (name_[0] == '/') ::unlink(name_.c_str());
  }

  void Listen(const std::string& name) {
    name_ = name;
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = 0;
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    ASSERT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  std::string Received() {
    char text[100];
    const ssize_t size = ::recv(socket_, text, sizeof text, MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(text, static_cast<size_t>(size));
  }

  std::string name_ = "none";
  int socket_ = -1;
};

TEST_F(ServiceManagerTest, IsToldAtASocketInTheFileSystem) {
  Listen(::testing::TempDir() + "notify_" + std::to_string(::getpid()));
  EXPECT_TRUE(NotifyReady().ok());
  EXPECT_EQ(Received(), "READY=1");
}

TEST_F(ServiceManagerTest, IsToldAtAnAbstractSocket) {
  Listen("@notify_" + std::to_string(::getpid()));
  EXPECT_TRUE(NotifyReady().ok());
  EXPECT_EQ(Received(), "READY=1");
}

TEST_F(ServiceManagerTest, NobodyNeedsToListen) {
  EXPECT_TRUE(NotifyReady().ok());
  ::setenv("NOTIFY_SOCKET", "/nowhere/socket", 1);
  EXPECT_FALSE(NotifyReady().ok());
  ::setenv("NOTIFY_SOCKET", std::string(200, 'x').c_str(), 1);
  EXPECT_FALSE(NotifyReady().ok());
}

}  // namespace
}  // namespace runtime::posix
