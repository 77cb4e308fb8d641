// A program that has messages of etcd's names itself, another library's etcd::Client, and the
// client library twice: in itself and in a shared library. Usage: host ENDPOINT

#include <etcd/client.h>

#include <cstdio>

#include "other_client.h"
#include "plugin.h"
#include "proto/rpc.pb.h"

namespace {

// Says in the program's own message of the name what it must hold.
bool OwnMessageWorks() {
  etcdserverpb::PutRequest message;
  message.add_words("a");
  message.add_words("b");
  message.set_value(7);
  etcdserverpb::PutRequest copy;
  if (!copy.ParseFromString(message.SerializeAsString())) return false;
  const auto* descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          "etcdserverpb.PutRequest");
  return copy.words_size() == 2 && copy.value() == 7 && descriptor != nullptr &&
         descriptor->field_count() == 2;
}

bool OwnClientWorks(const char* endpoint) {
  etcd::ClientOptions options;
  options.endpoints = {endpoint};
  const auto client = etcd::Client::New(options);
  return client.ok() && (*client)->Get({.key = "from the plugin"}).ok();
}

}  // namespace

int main(int, char** argv) {
  const int plugin = PluginPut(argv[1], "from the plugin", "works");
  std::printf("plugin %d, own client %d, own message %d, other client %d\n", plugin,
              OwnClientWorks(argv[1]), OwnMessageWorks(), OtherClientNumber());
  return 0;
}
