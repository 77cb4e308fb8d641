#include "runtime/simulated/network.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace runtime::simulated {
namespace {

using std::chrono::milliseconds;

// Keeps what a stream brings.
class Recorder final : public StreamHandler {
 public:
  void OnData(base::ByteView bytes) override { received += bytes; }
  void OnEndOfInput() override {}
  void OnWritable() override {}
  void OnError(base::Status) override {}

  std::string received;
};

// Two hosts, and a stream from one to the other.
class ClogTest : public ::testing::Test {
 protected:
  ClogTest() {
    listener_ = there_
                    ->Listen(kThere, {},
                             [this](std::unique_ptr<Stream> stream) {
                               accepted_ = std::move(stream);
                               accepted_->Start(&heard_there_);
                             })
                    .value();
    Connect();
    scheduler_.RunFor(milliseconds(10));
  }
  ~ClogTest() override {
    attempt_.reset();
    connected_.reset();
    accepted_.reset();
    listener_.reset();
  }

  void Connect() {
    attempt_ = here_->Connect(kThere, [this](base::Result<std::unique_ptr<Stream>> result) {
      connected_ = std::move(result).value();
      connected_->Start(&heard_here_);
    });
  }
  static void Send(Stream& stream, const std::string& text) {
    const base::ByteView piece = text;
    EXPECT_EQ(stream.Write({&piece, 1}).value(), text.size());
  }

  inline static const Address kThere{"there", 1, ""};
  Scheduler scheduler_{1};
  Wires wires_{&scheduler_};
  const std::unique_ptr<Loop> here_loop_ = scheduler_.NewLoop("here");
  const std::unique_ptr<Loop> there_loop_ = scheduler_.NewLoop("there");
  const std::unique_ptr<Network> here_ = wires_.NewNetwork("here", here_loop_.get());
  const std::unique_ptr<Network> there_ = wires_.NewNetwork("there", there_loop_.get());
  Recorder heard_here_;
  Recorder heard_there_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Connecting> attempt_;
  std::unique_ptr<Stream> connected_;
  std::unique_ptr<Stream> accepted_;
};

TEST_F(ClogTest, OneDirectionCanBeClogged) {
  wires_.Clog("here", "there");
  Send(*connected_, "question");
  Send(*accepted_, "answer");
  scheduler_.RunFor(milliseconds(100));
  EXPECT_EQ(heard_here_.received, "answer");
  EXPECT_EQ(heard_there_.received, "");
  wires_.Join("there", "here");
  scheduler_.RunFor(milliseconds(100));
  EXPECT_EQ(heard_there_.received, "question");
}

TEST_F(ClogTest, NoConnectionComesAboutThroughAClog) {
  for (const auto& [from, to] : {std::pair("here", "there"), std::pair("there", "here")}) {
    connected_.reset();
    wires_.Clog(from, to);
    Connect();
    scheduler_.RunFor(milliseconds(100));
    EXPECT_EQ(connected_, nullptr);
    wires_.JoinAll();
    scheduler_.RunFor(milliseconds(100));
    EXPECT_NE(connected_, nullptr);
  }
}

TEST_F(ClogTest, WhatIsSentLaterArrivesLaterIfTheWiresAreSlower) {
  wires_.SetLatency(milliseconds(50), milliseconds(60));
  Send(*connected_, "question");
  scheduler_.RunFor(milliseconds(49));
  EXPECT_EQ(heard_there_.received, "");
  scheduler_.RunFor(milliseconds(30));
  EXPECT_EQ(heard_there_.received, "question");
}

}  // namespace
}  // namespace runtime::simulated
