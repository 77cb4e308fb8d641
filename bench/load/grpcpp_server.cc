// cornerstore.interop.Interop's unary call on grpc++'s callback API: what ours is measured beside.
//
//   grpcpp_server PORT

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <string>

#include "interop.grpc.pb.h"

namespace {

class Service final : public cornerstore::interop::Interop::CallbackService {
 public:
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context,
                                  const cornerstore::interop::Request* request,
                                  cornerstore::interop::Reply* reply) override {
    if (request->size() > 0) {
      reply->set_payload(std::string(static_cast<size_t>(request->size()), 'u'));
    } else {
      reply->set_payload(request->payload());
    }
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: grpcpp_server PORT\n");
    return 2;
  }
  Service service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + argv[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("listening on 127.0.0.1:%s\n", argv[1]);
  std::fflush(stdout);
  server->Wait();
  return 0;
}
