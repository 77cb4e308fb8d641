#include "bench/fleet.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "runtime/posix/clock.h"
#include "runtime/posix/descriptor_limit.h"

namespace bench {
namespace {

const base::Status kInterrupted(base::Code::kCanceled, "context canceled");

}  // namespace

Fleet::Fleet(const client::Settings& settings, size_t connections, size_t threads) {
  runtime::posix::RaiseDescriptorLimit();
  for (size_t i = 0; i < threads; ++i) {
    threads_.push_back(std::make_unique<Thread>("load-" + std::to_string(i)));
  }
  connections_.resize(connections);
  for (size_t i = 0; i < connections; ++i) {
    Thread& thread = *threads_[ThreadOf(i)];
    thread.loop.RunAndWait([&] {
      connections_[i] = std::make_unique<Connection>(&thread.loop.loop(), &thread.network, settings,
                                                     runtime::posix::EntropySeed());
    });
  }
}

Fleet::~Fleet() {
  for (size_t i = 0; i < connections_.size(); ++i) {
    RunAndWait(ThreadOf(i), [this, i] { connections_[i].reset(); });
  }
  kept_.clear();
}

void Fleet::RunAndWait(size_t thread, base::Callback<void()> task) {
  threads_[thread]->loop.RunAndWait(std::move(task));
}

client::Session::Ending Fleet::Open(runtime::Duration timeout, Control* control) {
  struct Opening {
    std::mutex mutex;  // guards what follows
    size_t missing;
    client::Session::Ending failure;
  };
  // It may be told of the end of calls when nobody waits any more.
  const auto opening = std::make_shared<Opening>();
  opening->missing = connections_.size();
  for (size_t i = 0; i < connections_.size(); ++i) {
    loop(ThreadOf(i)).Post([this, i, timeout, opening, control] {
      connections_[i]->Open(timeout, [opening, control](const client::Session::Ending& ending) {
        const std::lock_guard lock(opening->mutex);
        if (!ending.status.ok()) opening->failure = ending;
        --opening->missing;
        control->parker().Unpark();
      });
    });
  }
  while (true) {
    {
      const std::lock_guard lock(opening->mutex);
      if (!opening->failure.status.ok() || opening->missing == 0) return opening->failure;
    }
    if (control->interrupted()) return {kInterrupted};
    control->parker().Park();
  }
}

base::Result<base::Bytes> Fleet::Ask(size_t connection, const char* path,
                                     const base::Bytes& request, Control* control) {
  struct Asking {
    std::atomic<bool> answered = false;
    base::Status status;
    base::Bytes answer;
  };
  const auto asking = std::make_shared<Asking>();
  loop(ThreadOf(connection))
      .Post([this, connection, path, message = rpc::Message(request), asking, control]() mutable {
        connections_[connection]->Call(
            {path, std::move(message), /*wants_answer=*/true},
            [asking, control](const base::Status& status, base::ByteView answer) {
              asking->status = status;
              asking->answer = answer;
              asking->answered = true;
              control->parker().Unpark();
            });
      });
  while (!asking->answered) {
    if (control->interrupted()) return kInterrupted;
    control->parker().Park();
  }
  RETURN_IF_ERROR(asking->status);
  return asking->answer;
}

std::string Fleet::WhyNobodyAnswers() {
  std::string why;
  for (size_t i = 0; i < connections_.size() && why.empty(); ++i) {
    RunAndWait(ThreadOf(i), [&] { why = connections_[i]->WhyNobodyAnswers(); });
  }
  return why;
}

}  // namespace bench
