#include "net/reflection/reflection.h"

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "net/reflection/answers.h"

namespace reflection {
namespace {

std::set<std::string> ServicesOf(const rpc::Server& server) {
  std::set<std::string> services;
  for (const auto& method : server.methods()) services.insert(method->service);
  return services;
}

// One ServerReflectionInfo call.
class InfoCall final : public rpc::CallHandler {
 public:
  InfoCall(const rpc::Server& server, std::shared_ptr<rpc::ServerCall> call)
      : call_(std::move(call)), answers_(ServicesOf(server)) {}

  void OnMessage(base::ByteView message) override {
    base::Result<base::Bytes> answer = answers_.Answer(message);
    if (!answer.ok()) return call_->Finish(answer.status());
    call_->Send(rpc::Message(*answer));
    if (!call_->writable()) call_->PauseReading();
  }
  void OnWritable() override { call_->ResumeReading(); }
  void OnHalfClose() override { call_->Finish({}); }

 private:
  const std::shared_ptr<rpc::ServerCall> call_;
  Answers answers_;
};

}  // namespace

void AddTo(rpc::Server& server) {
  // The versions differ in their names alone.
  for (const char* const service :
       {"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}) {
    server.AddStreaming(service, "ServerReflectionInfo", rpc::Kind::kBidiStreaming,
                        [&server](std::shared_ptr<rpc::ServerCall> call) {
                          return std::make_unique<InfoCall>(server, std::move(call));
                        });
  }
}

}  // namespace reflection
