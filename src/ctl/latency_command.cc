#include "ctl/latency_command.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/go_text.h"
#include "cli/screen.h"
#include "cli/table.h"
#include "ctl/connection.h"
#include "ctl/interruption.h"
#include "ctl/latency_view.h"
#include "ctl/measured_calls.h"
#include "runtime/posix/clock.h"
#include "runtime/posix/parker.h"
#include "runtime/random.h"

namespace ctl {
namespace {

constexpr std::chrono::milliseconds kFramePeriod(250);
// Of what is done when the calls are over.
const etcd::CallOptions kAfterwards{.timeout = std::chrono::seconds(10)};

struct Plan {
  LoadOptions load;
  size_t kinds = std::size(kLatencyKinds);
  size_t value_bytes = 0;
  std::string key;
  bool keeps_key = false;
};

Outcome ReadPlan(const Flags& flags, Plan* plan) {
  if (flags.GetBool("read-only")) plan->kinds = kLatencyReads;
  const uint64_t requests = flags.GetUint("requests");
  plan->load.clients = flags.GetUint("clients");
  plan->load.rate = flags.GetFloat("rate");
  plan->value_bytes = flags.GetUint("value-size");
  plan->keeps_key = flags.GetBool("keep-key");
  constexpr uint64_t kClientsMax = 10'000;
  constexpr uint64_t kBytesMax = 1u << 30;
  constexpr uint64_t kRequestsMax = UINT32_MAX;
  if (requests == 0 || requests > kRequestsMax || plan->load.clients == 0 ||
      plan->load.clients > kClientsMax || plan->value_bytes > kBytesMax || plan->load.rate < 0) {
    return Failed(kExitBadArguments,
                  "--requests and --clients are 1 at least, --clients 10000 and --value-size a "
                  "gigabyte at most, --rate is not negative");
  }
  plan->load.total = requests * plan->kinds;
  // Of its own, so that nobody else's is written.
  plan->key =
      flags.GetString("prefix") + HexId(runtime::Random(runtime::posix::EntropySeed()).Next());
  return {};
}

// The calls at one endpoint.
class Probe {
 public:
  Probe(etcd::Client* client, const Plan& plan, const etcd::CallOptions& call)
      : client_(*client), plan_(plan), call_(call), value_(plan.value_bytes, 'v') {}

  void Begin(uint64_t number, MeasuredCalls::Ended ended) {
    const size_t kind = number % plan_.kinds;
    if (kind >= kLatencyReads) {
      client_.Put({.key = plan_.key, .value = value_}, call_, Telling(std::move(ended)));
    } else {
      client_.Get({.key = plan_.key, .serializable = kind == 0}, call_, Telling(std::move(ended)));
    }
  }

 private:
  struct Teller {
    MeasuredCalls::Ended ended;
    template <typename Response>
    void operator()(const etcd::Result<Response>& response) const {
      ended(response.ok() ? "" : response.status().ToString());
    }
  };
  static Teller Telling(MeasuredCalls::Ended ended) { return {std::move(ended)}; }

  etcd::Client& client_;
  const Plan& plan_;
  const etcd::CallOptions call_;
  const std::string value_;
};

// Measures one endpoint after the other.
class Measuring {
 public:
  Measuring(const Invocation& invocation, const Globals& globals, const Plan& plan,
            const Interruption& interruption, runtime::posix::Parker* parker)
      : invocation_(invocation),
        globals_(globals),
        plan_(plan),
        interruption_(interruption),
        parker_(*parker) {
    const bool is_for_people = globals.printer->format() == "simple";
    if (is_for_people && cli::IsTerminal(invocation.out)) screen_.emplace(invocation.out);
  }

  Outcome Measure(const std::string& endpoint) {
    etcd::ClientOptions options = globals_.client;
    options.endpoints = {endpoint};
    std::unique_ptr<etcd::Client> client;
    if (Outcome outcome = Connect(options, &client); !outcome.ok()) return outcome;
    // The first call waits for the connection, which is no round trip; its failure ends this.
    const auto first = client->Get({.key = plan_.key, .serializable = true}, globals_.call);
    if (!first.ok()) return FailedCall(first.status());
    etcd::CallOptions call = globals_.call;
    call.cancellation = interruption_.handle();
    Probe probe(client.get(), plan_, call);
    {
      MeasuredCalls calls(
          plan_.kinds, plan_.load,
          [&probe](size_t, uint64_t number, MeasuredCalls::Ended ended) {
            probe.Begin(number, std::move(ended));
          },
          &parker_);
      calls.Wait(
          [&] {
            if (screen_.has_value()) Show({endpoint, calls.results()});
            return is_interrupted();
          },
          screen_.has_value() ? std::optional<runtime::Duration>(kFramePeriod) : std::nullopt);
      measured_.push_back({endpoint, calls.results()});
    }
    if (plan_.keeps_key || plan_.kinds == kLatencyReads) return {};
    const auto deleted = client->Delete(etcd::KeyRange(plan_.key), kAfterwards);
    return deleted.ok() ? Outcome{} : FailedCall(deleted.status());
  }

  bool is_interrupted() const { return interruption_.handle().canceled(); }

  // Behind the last one.
  std::vector<EndpointLatencies> Take() {
    screen_.reset();
    return std::move(measured_);
  }

 private:
  void Show(const EndpointLatencies& endpoint) {
    screen_->Show(LatencyBars(endpoint, cli::SizeOf(invocation_.out).columns) +
                  "\nCtrl-C ends this\n");
  }

  const Invocation& invocation_;
  const Globals& globals_;
  const Plan& plan_;
  const Interruption& interruption_;
  runtime::posix::Parker& parker_;
  std::optional<cli::Screen> screen_;
  std::vector<EndpointLatencies> measured_;
};

std::string Text(const std::vector<EndpointLatencies>& measured, const std::string& format,
                 const cli::Painter& paint) {
  if (format == "json") return LatencyJson(measured);
  const cli::Rows rows = LatencyRows(measured);
  if (format == "table") return cli::RenderTable(rows, paint);
  std::string text;
  for (const cli::Row& row : rows.rows) text += base::Join(row, ", ") + "\n";
  return text;
}

}  // namespace

Outcome RunLatency(const Invocation& invocation) {
  if (!invocation.arguments.empty()) {
    return Failed(kExitBadArguments, "latency command accepts no arguments");
  }
  Plan plan;
  if (Outcome outcome = ReadPlan(invocation.flags, &plan); !outcome.ok()) return outcome;
  Globals globals;
  if (Outcome outcome = ReadGlobals(invocation, &globals); !outcome.ok()) return outcome;
  const std::string& format = globals.printer->format();
  if (format != "simple" && format != "json" && format != "table") {
    return Failed(kExitBadFeature, "latency prints simple, json and table alone");
  }
  std::vector<std::string> endpoints;
  if (Outcome outcome = ListEndpoints(invocation, globals, &endpoints); !outcome.ok()) {
    return outcome;
  }
  runtime::posix::Parker parker;
  const Interruption interruption([&parker] { parker.Unpark(); });
  Measuring measuring(invocation, globals, plan, interruption, &parker);
  std::vector<std::pair<std::string, Outcome>> failures;
  for (const std::string& endpoint : endpoints) {
    if (measuring.is_interrupted()) break;
    Outcome outcome = measuring.Measure(endpoint);
    if (!outcome.ok()) failures.emplace_back(endpoint, std::move(outcome));
  }
  const bool is_interrupted = measuring.is_interrupted();
  const std::vector<EndpointLatencies> measured = measuring.Take();
  Print(invocation.out, Text(measured, format, globals.printer->paint()));
  const std::string errors = LatencyErrors(measured);
  // Of those that an interruption ended nobody wants to know.
  if (is_interrupted) return {kExitInterrupted};
  Print(invocation.err, errors);
  for (const auto& [endpoint, outcome] : failures) {
    PrintCause(invocation.err, outcome.cause);
    Print(invocation.err, endpoint + ": " + outcome.error + "\n");
  }
  return {failures.empty() && errors.empty() ? kExitSuccess : kExitError};
}

}  // namespace ctl
