// etcd-failpoints: etcd with failpoints, for tests: runtime/failpoint.h. GOFAIL_HTTP in the
// environment is the address at which they are set, GOFAIL_FAILPOINTS is set from the start.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "app/command.h"
#include "failpoints/listener.h"
#include "runtime/failpoint.h"
#include "runtime/posix/signals.h"
#include "runtime/posix/standard_streams.h"

namespace {

const char* Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

int Fail(const base::Status& status) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  runtime::posix::OpenStandardStreams();
  runtime::posix::HoldSignals();
  const base::Status set = runtime::Failpoints().SetAll(Variable("GOFAIL_FAILPOINTS"));
  if (!set.ok()) return Fail(set);
  std::unique_ptr<failpoints::Listener> listener;
  const std::string address = Variable("GOFAIL_HTTP");
  if (!address.empty()) {
    auto opened = failpoints::Listener::Open(address, &runtime::Failpoints());
    if (!opened.ok()) return Fail(opened.status());
    listener = *std::move(opened);
  }
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return app::Main(arguments);
}
