#include "app/net_thread.h"

#include <utility>

namespace app {

NetThread::NetThread(const std::string& name, runtime::posix::LoopPool* pool)
    : thread_(name, pool), network_(&thread_.loop()) {}

NetThread::~NetThread() = default;

void NetThread::Open(const NetServices::Parts& parts, const std::vector<ListenerPlan>& plans) {
  thread_.RunAndWait([&] {
    services_ = std::make_unique<NetServices>(parts, &thread_.loop());
    for (const ListenerPlan& plan : plans) services_->AddServer(plan.surface, &network_);
  });
}

runtime::asio::SharedListener::Taker NetThread::TakerOf(const ListenerPlan& plan) {
  http::Server* const server = &services_->ServerOf(plan.surface);
  return {&thread_.loop(), [server, listening = services_->ListeningOf(plan)](
                               std::unique_ptr<runtime::Stream> stream) {
            server->Take(std::move(stream), listening);
          }};
}

void NetThread::Drain(base::Callback<void()> on_drained) {
  thread_.loop().Post([this, on_drained = std::move(on_drained)]() mutable {
    if (services_ == nullptr) return on_drained();
    services_->Drain(std::move(on_drained));
  });
}

void NetThread::RunAfter(runtime::Duration delay, base::Callback<void()> task) {
  thread_.loop().Post([this, delay, task = std::move(task)]() mutable {
    timer_ = thread_.loop().NewTimer(std::move(task));
    timer_->Arm(delay);
  });
}

void NetThread::Close() {
  thread_.RunAndWait([this] {
    timer_.reset();
    if (services_ != nullptr) services_->Close();
  });
}

}  // namespace app
