#include "net/reflection/reflection.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "net/http/plain.h"
#include "net/http/testing/world.h"
#include "net/rpc/channel.h"
#include "net/rpc/health.h"
#include "proto/reflection.pb.h"

namespace reflection {
namespace {

using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

constexpr char kPath[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kAlphaPath[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

// What a call brought.
struct Outcome {
  std::vector<ServerReflectionResponse> responses;
  base::Status status{base::Code::kUnknown, "not finished"};
};

class Recorder final : public rpc::ClientHandler {
 public:
  explicit Recorder(Outcome* to) : to_(*to) {}
  void OnMessage(base::ByteView bytes) override {
    EXPECT_TRUE(to_.responses.emplace_back().ParseFromString(std::string(bytes)));
  }
  void OnFinished(const base::Status& status, const http::Headers&) override {
    to_.status = status;
  }

 private:
  Outcome& to_;
};

ServerReflectionRequest Symbol(const std::string& name) {
  ServerReflectionRequest request;
  request.set_file_containing_symbol(name);
  return request;
}

std::vector<std::string> FileNames(const ServerReflectionResponse& response) {
  std::vector<std::string> names;
  for (const auto& encoded : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(encoded));
    names.push_back(file.name());
  }
  return names;
}

std::vector<std::string> Services(const ServerReflectionResponse& response) {
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  return names;
}

class ReflectionTest : public ::testing::Test, private http::Service {
 protected:
  ReflectionTest() {
    table_.AddUnary("etcdserverpb.KV", "Range", [](auto, base::ByteView) {});
    table_.AddUnary("etcdserverpb.KV", "Put", [](auto, base::ByteView) {});
    health_.AddTo(table_);
    AddTo(table_);
    world_.Do([this] {
      rpc::Channel::Options options;
      options.endpoints = {http::testing::World::kAddress};
      channel_ = std::make_unique<rpc::Channel>(&world_.client_loop(), &world_.client_network(),
                                                std::move(options));
    });
  }
  ~ReflectionTest() override {
    world_.Do([this] { channel_.reset(); });
    world_.DestroyServer();
  }

  Outcome Ask(const std::vector<ServerReflectionRequest>& requests, const char* path = kPath) {
    Outcome outcome;
    world_.Do([&] {
      auto call = channel_->Start(path, {}, std::make_unique<Recorder>(&outcome));
      for (const auto& request : requests) call->Send(rpc::Message(request.SerializeAsString()));
      call->HalfClose();
    });
    world_.Settle();
    return outcome;
  }
  // The answer to a call's only request.
  ServerReflectionResponse AskOne(const ServerReflectionRequest& request,
                                  const char* path = kPath) {
    const Outcome outcome = Ask({request}, path);
    EXPECT_EQ(outcome.status.ToString(), "OK");
    EXPECT_EQ(outcome.responses.size(), 1u);
    return outcome.responses.empty() ? ServerReflectionResponse() : outcome.responses.front();
  }

 private:
  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override {
    return table_.OnRequest(exchange);
  }

  http::testing::World world_{this};
  http::PlainService plain_{1000};
  rpc::Health health_;
  rpc::Server table_{&world_.server_loop(), &plain_, rpc::MessageLimits{}};
  std::unique_ptr<rpc::Channel> channel_;
};

TEST_F(ReflectionTest, ListsTheServicesOfTheTable) {
  ServerReflectionRequest request;
  request.set_list_services("*");
  for (const char* const path : {kPath, kAlphaPath}) {
    EXPECT_EQ(Services(AskOne(request, path)),
              (std::vector<std::string>{"etcdserverpb.KV", "grpc.health.v1.Health",
                                        "grpc.reflection.v1.ServerReflection",
                                        "grpc.reflection.v1alpha.ServerReflection"}));
  }
}

TEST_F(ReflectionTest, DescribesEveryServiceThatItLists) {
  ServerReflectionRequest list;
  list.set_list_services("*");
  const std::vector<std::string> services = Services(AskOne(list));
  EXPECT_EQ(services.size(), 4u);
  for (const std::string& service : services) {
    const auto response = AskOne(Symbol(service)).file_descriptor_response();
    EXPECT_GE(response.file_descriptor_proto_size(), 1) << service;
  }
}

TEST_F(ReflectionTest, AnswersCarryTheRequestAndItsHost) {
  ServerReflectionRequest request = Symbol("etcdserverpb.KV");
  request.set_host("example");
  const ServerReflectionResponse response = AskOne(request);
  EXPECT_EQ(response.valid_host(), "example");
  EXPECT_EQ(response.original_request().SerializeAsString(), request.SerializeAsString());
}

TEST_F(ReflectionTest, FilesComeWithAllTheyImport) {
  const std::vector<std::string> names = FileNames(AskOne(Symbol("etcdserverpb.KV.Range")));
  EXPECT_EQ(names,
            (std::vector<std::string>{"proto/rpc.proto", "proto/auth.proto", "proto/gateway.proto",
                                      "proto/kv.proto", "google/protobuf/descriptor.proto"}));
}

TEST_F(ReflectionTest, AClientBuildsTheServiceFromTheFiles) {
  const ServerReflectionResponse response = AskOne(Symbol("etcdserverpb.KV"));
  google::protobuf::DescriptorPool pool;
  const auto& files = response.file_descriptor_response().file_descriptor_proto();
  for (int i = files.size() - 1; i >= 0; --i) {  // imports first
    google::protobuf::FileDescriptorProto file;
    ASSERT_TRUE(file.ParseFromString(files[i]));
    ASSERT_NE(pool.BuildFile(file), nullptr) << file.name();
  }
  const auto* const range = pool.FindMethodByName("etcdserverpb.KV.Range");
  ASSERT_NE(range, nullptr);
  EXPECT_EQ(range->input_type()->full_name(), "etcdserverpb.RangeRequest");
}

TEST_F(ReflectionTest, OneStreamIsGivenAnImportOnce) {
  ServerReflectionRequest by_name;
  by_name.set_file_by_filename("proto/kv.proto");
  const Outcome outcome =
      Ask({Symbol("etcdserverpb.KV"), Symbol("etcdserverpb.PutRequest"), by_name});
  ASSERT_EQ(outcome.responses.size(), 3u);
  EXPECT_EQ(FileNames(outcome.responses[1]), std::vector<std::string>{"proto/rpc.proto"});
  EXPECT_EQ(FileNames(outcome.responses[2]), std::vector<std::string>{"proto/kv.proto"});
}

TEST_F(ReflectionTest, FindsExtensions) {
  ServerReflectionRequest numbers;
  numbers.set_all_extension_numbers_of_type("google.protobuf.MethodOptions");
  const auto response = AskOne(numbers).all_extension_numbers_response();
  EXPECT_EQ(response.base_type_name(), "google.protobuf.MethodOptions");
  ASSERT_EQ(response.extension_number_size(), 1);
  EXPECT_EQ(response.extension_number(0), 50100);

  ServerReflectionRequest extension;
  extension.mutable_file_containing_extension()->set_containing_type(
      "google.protobuf.MethodOptions");
  extension.mutable_file_containing_extension()->set_extension_number(50100);
  EXPECT_EQ(FileNames(AskOne(extension)).front(), "proto/gateway.proto");
}

TEST_F(ReflectionTest, WhatDoesNotExistIsAnAnswer) {
  std::vector<ServerReflectionRequest> requests(5);
  requests[0].set_file_by_filename("proto/none.proto");
  requests[1].set_file_containing_symbol("etcdserverpb.None");
  requests[2].set_all_extension_numbers_of_type("etcdserverpb.None");
  requests[3].mutable_file_containing_extension()->set_containing_type("etcdserverpb.None");
  requests[4].mutable_file_containing_extension()->set_containing_type(
      "google.protobuf.MethodOptions");
  const Outcome outcome = Ask(requests);
  EXPECT_EQ(outcome.status.ToString(), "OK");
  ASSERT_EQ(outcome.responses.size(), requests.size());
  for (const auto& response : outcome.responses) {
    EXPECT_EQ(response.error_response().error_code(), 5) << response.ShortDebugString();
    EXPECT_EQ(response.error_response().error_message(), "proto: not found");
  }
}

TEST_F(ReflectionTest, ARequestForNothingEndsTheCall) {
  EXPECT_EQ(Ask({ServerReflectionRequest()}).status.code(), base::Code::kInvalidArgument);
}

}  // namespace
}  // namespace reflection
