#include "dump/metrics_command.h"

#include <etcd/client.h>

#include <string_view>

#include "cli/command.h"
#include "client/http_page.h"
#include "dump/go_program.h"
#include "dump/metrics_text.h"
#include "observe/log_outputs.h"
#include "runtime/posix/clock.h"

namespace dump {
namespace {

using cli::FlagSpec;
using Type = FlagSpec::Type;

constexpr int kPanicked = 2;
constexpr const char* kKey = "____test";

std::vector<FlagSpec> FlagSpecs() {
  return {{"addr", 0, Type::kString, "", "etcd metrics URL to fetch from (must be given)"},
          {"download-ver", 0, Type::kString, "",
           "etcd binary version to download and fetch metrics from (refused: nothing is "
           "downloaded)"},
          {"debug", 0, Type::kBool, "false", "true to enable debug logging"}};
}

constexpr const char* kAbout =
    "\nPuts, gets and deletes the key \"____test\" at the member first, so that its metrics of "
    "such\n"
    "calls are there.\n";

struct Address {
  std::string endpoint;  // with its scheme
  std::string path;
};

Address SplitAddress(const std::string& text) {
  constexpr std::string_view kScheme = "://";
  const size_t scheme = text.find(kScheme);
  const size_t host = scheme == std::string::npos ? 0 : scheme + kScheme.size();
  const size_t path = text.find('/', host);
  if (path == std::string::npos) return {text, "/"};
  return {text.substr(0, path), text.substr(path)};
}

base::Status Failed(const std::string& what, const etcd::Status& why) {
  return {base::Code::kUnavailable,
          what + ": " + why.message() + (why.cause().empty() ? "" : " (" + why.cause() + ")")};
}

// Has the member count calls of each kind.
base::Status CallMember(const etcd::ClientOptions& options) {
  const auto client = etcd::Client::New(options);
  if (!client.ok()) return Failed("failed to create client", client.status());
  const auto put = (*client)->Put({.key = kKey});
  if (!put.ok()) return Failed("failed to write test key", put.status());
  const auto got = (*client)->Get({.key = kKey});
  if (!got.ok()) return Failed("failed to read test key", got.status());
  const auto removed = (*client)->Delete({.key = kKey});
  if (!removed.ok()) return Failed("failed to delete test key", removed.status());
  return {};
}

base::Result<base::Bytes> Fetch(const Address& address) {
  etcd::ClientOptions options;
  options.endpoints = {address.endpoint};
  RETURN_IF_ERROR(CallMember(options));
  auto page = client::FetchPage(options, address.path);
  if (page.ok()) return page;
  return base::Status(page.status().code(),
                      "failed to fetch metrics: " + std::string(page.status().message()));
}

int Run(const cli::Flags& flags, const std::vector<std::string>&) {
  const runtime::posix::Clock clock;
  const auto sink = observe::OpenLogOutputs({});
  const observe::Level level =
      flags.GetBool("debug") ? observe::Level::kDebug : observe::Level::kInfo;
  const observe::Logger logger(&clock, sink->get(), {.level = level});
  const auto panic = [&logger](std::string_view why) {
    logger.Log(observe::Level::kPanic, why);
    return kPanicked;
  };
  const std::string& addr = flags.GetString("addr");
  const bool is_download = !flags.GetString("download-ver").empty();
  if (is_download && !addr.empty()) return panic("specify either 'addr' or 'download-ver'");
  if (is_download) {
    return panic("nothing is downloaded here: start that etcd and give -addr its metrics URL");
  }
  if (addr.empty()) {
    return panic(
        "no etcd is started here: start one and give -addr its metrics URL, such as "
        "http://localhost:2379/metrics");
  }
  logger.Debug("fetching metrics", {{"endpoint", addr}});
  const auto page = Fetch(SplitAddress(addr));
  if (!page.ok()) return panic(page.status().message());
  cli::Print(stdout, MetricsText(*page));
  return 0;
}

}  // namespace

int RunDumpMetrics(const std::string& name, const std::vector<std::string>& words) {
  return RunGoProgram({.name = name, .flags = FlagSpecs(), .about = kAbout, .run = Run}, words);
}

}  // namespace dump
