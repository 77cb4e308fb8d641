// Any bytes reach the peer port of a member, in pieces of any size, whole requests among them.

#include <cstddef>
#include <cstdint>
#include <string>

#include "net/http/testing/world.h"
#include "net/peer/peers.h"
#include "net/peer/testing/node.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  peer::testing::World world(1);
  peer::testing::Node node(&world, 0xa);
  node.transport().SetMembers({{node.AsMember()}, {base::MemberId(0xdead)}});
  node.Start();
  const auto loop = world.scheduler.NewLoop("raw");
  auto network = world.wires.NewNetwork("raw", loop.get());
  std::unique_ptr<http::testing::RawClient> raw;
  std::unique_ptr<runtime::Connecting> attempt;
  world.Do(*loop, [&] {
    attempt = network->Connect({node.Host(), peer::testing::Node::kPort, ""}, [&](auto stream) {
      raw = std::make_unique<http::testing::RawClient>(std::move(stream).value());
    });
  });
  CHECK(world.RunUntil([&] { return raw != nullptr; }));
  // The first byte chooses a head that is believed, for what follows to be looked at.
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size > 0 && data[0] < 4) {
    const char* const lines[] = {"POST /raft", "POST /raft/snapshot", "GET /raft/stream/msgapp/b",
                                 "POST /raft/snapshot"};
    const bool are_records = data[0] == 3;
    bytes =
        std::string(lines[data[0]]) +
        " HTTP/1.1\r\nHost: a\r\nX-Server-Version: 3.7.1\r\nX-Min-Cluster-Version: 3.0.0\r\n" +
        (are_records ? "X-Cornerstore-Snapshot: records\r\n" : "") +
        "X-Etcd-Cluster-ID: c1\r\nX-Server-From: b\r\nContent-Length: " + std::to_string(size - 1) +
        "\r\n\r\n" + bytes.substr(1);
  }
  world.Do(*loop, [&] { raw->Send(bytes); });
  world.RunFor(std::chrono::seconds(1));
  world.Do(*loop, [&] {
    raw.reset();
    network.reset();
  });
  world.RunFor(std::chrono::minutes(6));
  CHECK_EQ(node.transport().shared_peers()->snapshots().under_way(), 0u);
  return 0;
}
