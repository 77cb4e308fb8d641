#include "bench/measuring.h"

#include <ctime>
#include <utility>

#include "bench/keys.h"

namespace bench {
namespace {

double CpuSeconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

}  // namespace

cli::Outcome Open(const Measuring& measuring, size_t connections, size_t threads,
                  std::unique_ptr<Fleet>* fleet) {
  const Setup& setup = measuring.setup;
  *fleet = std::make_unique<Fleet>(setup.settings, connections, threads);
  const client::Session::Ending ending = (*fleet)->Open(setup.dial_timeout, measuring.control);
  if (ending.status.ok()) return {};
  fleet->reset();
  cli::PrintCause(measuring.invocation.err, ending.cause);
  return Refuse(measuring.invocation, "dial error: " + ErrorText(ending.status));
}

CpuMeter::CpuMeter(double* seconds) : seconds_(seconds), before_(CpuSeconds()) {}

CpuMeter::~CpuMeter() {
  *seconds_ += CpuSeconds() - before_;
}

std::unique_ptr<Progress> NewProgress(const Measuring& measuring, Fleet* fleet, uint64_t total) {
  return Progress::OnTerminal(measuring.invocation.err, total, &fleet->loop(0).clock());
}

RunResult RunMeasured(const Measuring& measuring, Fleet* fleet, RunOptions options) {
  const Setup& setup = measuring.setup;
  options.load.keeps_seconds = setup.keeps_seconds;
  options.load.from_due = options.load.from_due && setup.from_due;
  options.patience = setup.dial_timeout;
  const std::unique_ptr<Progress> progress = NewProgress(measuring, fleet, options.load.total);
  options.progress = progress.get();
  Measurement& result = *measuring.result;
  const CpuMeter cpu(&result.client_cpu_seconds);
  RunResult run = Run(fleet, measuring.control, options);
  result.rate = options.load.rate;
  result.from_due = options.load.from_due;
  result.cut = run.cut;
  return run;
}

void MeasureOneKind(const Measuring& measuring, Fleet* fleet, RunOptions options,
                    const std::string& after) {
  RunResult run = RunMeasured(measuring, fleet, std::move(options));
  measuring.result->series.push_back(
      {measuring.result->command, std::move(run.kinds[0]), run.took, "", after});
}

cli::Outcome ReadLoad(const Measuring& measuring, LoadOptions* load) {
  uint64_t rate = 0;
  cli::Outcome outcome = ReadCount(measuring.invocation, "rate", &rate);
  if (!outcome.ok()) return outcome;
  load->rate = static_cast<double>(rate);
  load->clients = measuring.setup.clients;
  return ReadCount(measuring.invocation, "total", &load->total);
}

cli::Outcome ReadKeySize(const Measuring& measuring, uint64_t key_space, size_t* size) {
  uint64_t read = 0;
  if (cli::Outcome outcome = ReadCount(measuring.invocation, "key-size", &read); !outcome.ok()) {
    return outcome;
  }
  if (!Keys::Fit(read, key_space)) {
    return Refuse(measuring.invocation, "--key-size of " + std::to_string(read) +
                                            " is too small for a --key-space-size of " +
                                            std::to_string(key_space));
  }
  *size = read;
  return {};
}

}  // namespace bench
