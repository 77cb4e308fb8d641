#include "api/v3/client_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace v3 {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ClientRequestsTest, AreCountedByTypeAndVersion) {
  observe::Registry registry;
  ClientRequests requests(&registry);
  requests.Count(ClientRequests::Type::kUnary, "3.7");
  requests.Count(ClientRequests::Type::kUnary, "3.7");
  requests.Count(ClientRequests::Type::kStream, "unknown");
  const std::string text = registry.Scrape();
  EXPECT_THAT(text, HasSubstr("{client_api_version=\"3.7\",type=\"unary\"} 2"));
  EXPECT_THAT(text, HasSubstr("{client_api_version=\"unknown\",type=\"stream\"} 1"));
}

TEST(ClientRequestsTest, AClientCannotMakeSeriesWithoutEnd) {
  observe::Registry registry;
  ClientRequests requests(&registry);
  for (int i = 0; i < 1000; ++i) {
    requests.Count(ClientRequests::Type::kUnary, "v" + std::to_string(i));
  }
  const std::string text = registry.Scrape();
  EXPECT_THAT(text, HasSubstr("client_api_version=\"other\",type=\"unary\"} 968"));
  EXPECT_THAT(text, Not(HasSubstr("\"v999\"")));
}

}  // namespace
}  // namespace v3
