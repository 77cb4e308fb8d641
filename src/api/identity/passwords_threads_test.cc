#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "api/identity/passwords.h"
#include "base/errors.h"
#include "runtime/asio/loop.h"
#include "runtime/posix/workers.h"

namespace identity {
namespace {

constexpr int kCallsOfALoop = 200;

TEST(PasswordsThreadsTest, LoopsAskAtTheSameTime) {
  const std::string hash =
      auth::HashPassword("secret", auth::kBcryptCostMin, "sixteen of bytes").value();
  runtime::asio::LoopThread home("home");
  runtime::asio::LoopThread loops[] = {runtime::asio::LoopThread("net-0"),
                                       runtime::asio::LoopThread("net-1")};
  runtime::posix::Workers workers("bcrypt", 2, 100);  // ends first: it answers to the loops
  std::optional<Passwords> passwords;
  passwords.emplace(Passwords::Options{.bcrypt_cost = auth::kBcryptCostMin}, &home.loop(),
                    PasswordRunner::Lanes{&workers, &workers});
  std::atomic<int> answers = 0;
  for (auto& thread : loops) {
    runtime::Loop* const loop = &thread.loop();
    loop->Post([&, loop] {
      for (int i = 0; i < kCallsOfALoop; ++i) {
        const std::string user = "user " + std::to_string(i % 20);
        passwords->Check({user, hash, "secret", "10.0.0.1"}, loop,
                         [&, loop](base::Result<bool> is_right) {
                           EXPECT_TRUE(loop->IsCurrent());
                           EXPECT_TRUE(is_right.ok() && *is_right);
                           ++answers;
                         });
        if (i % 10 != 0) continue;
        passwords->Hash("secret", loop, [&](const base::Result<std::string>& made) {
          EXPECT_TRUE(made.ok() && auth::IsPasswordOf(*made, "secret"));
          ++answers;
        });
      }
    });
  }
  constexpr int kAnswers = 2 * (kCallsOfALoop + kCallsOfALoop / 10);
  while (answers < kAnswers) std::this_thread::yield();
  // What is under way when it goes is never answered.
  for (int i = 0; i < 20; ++i) {
    passwords->Hash("secret", &loops[0].loop(), [&](const auto&) { ++answers; });
  }
  home.RunAndWait([&] { passwords.reset(); });
  EXPECT_LE(answers, kAnswers + 20);
}

}  // namespace
}  // namespace identity
