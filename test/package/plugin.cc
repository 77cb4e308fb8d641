// A shared library with the client library in it.

#include "plugin.h"

#include <etcd/client.h>

int PluginPut(const char* endpoint, const char* key, const char* value) {
  etcd::ClientOptions options;
  options.endpoints = {endpoint};
  const auto client = etcd::Client::New(options);
  if (!client.ok()) return 1;
  if (!(*client)->Put({.key = key, .value = value}).ok()) return 2;
  const auto got = (*client)->Get({.key = key});
  return got.ok() && got->kvs.size() == 1 && got->kvs[0].value == value ? 0 : 3;
}
