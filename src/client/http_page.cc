#include "client/http_page.h"

#include <future>
#include <memory>
#include <utility>

#include "client/settings.h"
#include "net/http/client.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/posix/disk.h"

namespace client {
namespace {

constexpr size_t kLargestPage = 64 * 1024 * 1024;
constexpr std::chrono::seconds kTimeout(30);
constexpr int kFound = 200;

}  // namespace

base::Result<base::Bytes> FetchPage(const etcd::ClientOptions& options, const std::string& path) {
  etcd::ClientOptions first = options;
  first.endpoints.resize(1);
  runtime::posix::Disk disk;
  ASSIGN_OR_RETURN(const Settings settings, CheckOptions(first, disk));
  http::Client::Options http_options;
  if (settings.plain_endpoints.empty()) {
    http_options.address = settings.endpoints.front();
    http_options.server_name = settings.server_name;
    if (settings.tls != nullptr) http_options.tls = [&settings] { return settings.tls; };
  } else {
    http_options.address = settings.plain_endpoints.front();
  }
  runtime::asio::LoopThread thread("http-page");
  runtime::asio::Network network(&thread.loop());
  std::unique_ptr<http::Client> client;
  std::promise<base::Result<http::Client::Answer>> answered;
  thread.RunAndWait([&] {
    client = std::make_unique<http::Client>(&thread.loop(), &network, std::move(http_options));
    client->Fetch({{":method", "GET"}, {":path", path}}, {}, kLargestPage, kTimeout,
                  [&answered](base::Result<http::Client::Answer> answer) {
                    answered.set_value(std::move(answer));
                  });
  });
  base::Result<http::Client::Answer> answer = answered.get_future().get();
  thread.RunAndWait([&client] { client.reset(); });
  if (!answer.ok()) return answer.status();
  if (answer->status != kFound) {
    return base::Status(base::Code::kUnknown, path + ": status " + std::to_string(answer->status));
  }
  return std::move(answer->body);
}

}  // namespace client
