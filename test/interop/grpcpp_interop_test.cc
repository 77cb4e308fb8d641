// grpc++ as the client of rpc_test_server, whose address is in INTEROP_ADDRESS.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "interop.grpc.pb.h"

namespace {

using cornerstore::interop::Interop;
using cornerstore::interop::Reply;
using cornerstore::interop::Request;

class GrpcppInterop : public ::testing::Test {
 protected:
  GrpcppInterop() {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(64 << 20);
    stub_ = Interop::NewStub(grpc::CreateCustomChannel(
        std::getenv("INTEROP_ADDRESS"), grpc::InsecureChannelCredentials(), arguments));
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }

  std::unique_ptr<Interop::Stub> stub_;
  grpc::ClientContext context_;
  Request request_;
  Reply reply_;
};

TEST_F(GrpcppInterop, Unary) {
  request_.set_payload("hello");
  ASSERT_TRUE(stub_->Unary(&context_, request_, &reply_).ok());
  EXPECT_EQ(reply_.payload(), "hello");
}

TEST_F(GrpcppInterop, ErrorsKeepCodeAndOddText) {
  request_.set_code(9);
  request_.set_message("50% d\xc3\xa9j\xc3\xa0 vu\nnext line");
  const grpc::Status status = stub_->Unary(&context_, request_, &reply_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(), request_.message());
}

TEST_F(GrpcppInterop, TwentyMegabytesInOneMessageEachWay) {
  request_.set_payload(std::string(20 << 20, 'x'));
  ASSERT_TRUE(stub_->Unary(&context_, request_, &reply_).ok());
  EXPECT_EQ(reply_.payload(), request_.payload());
}

TEST_F(GrpcppInterop, GzipBothWays) {
  context_.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  request_.set_payload(std::string(500'000, 'z'));
  ASSERT_TRUE(stub_->Unary(&context_, request_, &reply_).ok());
  EXPECT_EQ(reply_.payload(), request_.payload());
}

TEST_F(GrpcppInterop, ServerStreamToAReaderThatPauses) {
  request_.set_count(2000);
  request_.set_size(10'000);
  const auto reader = stub_->ServerStream(&context_, request_);
  int64_t received = 0;
  while (reader->Read(&reply_)) {
    EXPECT_EQ(reply_.payload().size(), 10'000u);
    EXPECT_EQ(reply_.messages(), ++received);
    if (received == 10) std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(received, 2000);
}

TEST_F(GrpcppInterop, ServerStreamThatEndsWithAnError) {
  request_.set_count(3);
  request_.set_code(8);
  request_.set_message("enough");
  const auto reader = stub_->ServerStream(&context_, request_);
  int received = 0;
  while (reader->Read(&reply_)) ++received;
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(received, 3);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "enough");
}

TEST_F(GrpcppInterop, ClientStreamCountsTwentyThousandMessages) {
  const auto writer = stub_->ClientStream(&context_, &reply_);
  request_.set_payload("abc");
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(writer->Write(request_));
  writer->WritesDone();
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(reply_.messages(), 20'000);
  EXPECT_EQ(reply_.bytes(), 60'000);
}

TEST_F(GrpcppInterop, BidiStreamEchoes) {
  const auto stream = stub_->BidiStream(&context_);
  for (int i = 0; i < 1000; ++i) {
    request_.set_payload(std::to_string(i));
    ASSERT_TRUE(stream->Write(request_));
    ASSERT_TRUE(stream->Read(&reply_));
    EXPECT_EQ(reply_.payload(), request_.payload());
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(GrpcppInterop, AnEarlyErrorOnAnOpenRequestStreamArrivesAsItIs) {
  const auto stream = stub_->BidiStream(&context_);
  request_.set_code(7);
  request_.set_message("not you");
  stream->Write(request_);
  EXPECT_FALSE(stream->Read(&reply_));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(status.error_message(), "not you");
}

TEST_F(GrpcppInterop, DeadlineExceeded) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  request_.set_hang(true);
  EXPECT_EQ(stub_->Unary(&context_, request_, &reply_).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(GrpcppInterop, Cancellation) {
  request_.set_count(1);
  request_.set_hang(true);
  const auto reader = stub_->ServerStream(&context_, request_);
  ASSERT_TRUE(reader->Read(&reply_));
  context_.TryCancel();
  EXPECT_FALSE(reader->Read(&reply_));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(GrpcppInterop, MessageTooLarge) {
  request_.set_payload(std::string((64 << 20) + 1, 'x'));
  const grpc::Status status = stub_->Unary(&context_, request_, &reply_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(),
            "grpc: received message larger than max (67108870 vs. 67108864)");
}

TEST_F(GrpcppInterop, FiveHundredParallelCalls) {
  struct Call {
    grpc::ClientContext context;
    Request request;
    Reply reply;
    bool ok = false;
  };
  std::vector<Call> calls(500);
  std::atomic<int> done = 0;
  for (size_t i = 0; i < calls.size(); ++i) {
    Call& call = calls[i];
    call.request.set_payload(std::to_string(i));
    stub_->async()->Unary(&call.context, &call.request, &call.reply,
                          [&call, &done](const grpc::Status& status) {
                            call.ok = status.ok();
                            ++done;
                          });
  }
  while (done < 500) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (size_t i = 0; i < calls.size(); ++i) {
    EXPECT_TRUE(calls[i].ok);
    EXPECT_EQ(calls[i].reply.payload(), std::to_string(i));
  }
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (std::getenv("INTEROP_ADDRESS") == nullptr) {
    std::fprintf(stderr, "INTEROP_ADDRESS is not set\n");
    return 2;
  }
  return RUN_ALL_TESTS();
}
