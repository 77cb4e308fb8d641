#include "ctl/migrate_command.h"

#include <map>
#include <memory>
#include <utility>

#include "client_v2/cluster.h"
#include "client_v2/keys.h"
#include "client_v2/tls_files.h"
#include "ctl/connection.h"
#include "ctl/flag_specs.h"
#include "ctl/program.h"
#include "ctl/v2_keys.h"

namespace ctl {
namespace {

// Of a transaction: what members take by default.
constexpr size_t kOpsMax = 128;

// A key that is to be written, and the revision at which it was seen; 0: it was not there.
struct Change {
  V2Key key;
  int64_t seen = 0;
};

struct Plan {
  std::vector<Change> changes;
  std::vector<std::string> others;  // keys that have another value
  size_t there = 0;                 // that have it already
};

base::Result<client_v2::Cluster::Options> V2Options(const Invocation& invocation,
                                                    const etcd::ClientOptions& client) {
  client_v2::Cluster::Options options;
  const bool has_tls =
      client.use_tls || !client.tls.ca_file.empty() || !client.tls.cert_file.empty();
  for (const std::string& text : client.endpoints) {
    const bool has_scheme = text.find("://") != std::string::npos;
    ASSIGN_OR_RETURN(
        client_v2::Endpoint endpoint,
        client_v2::ParseEndpoint(has_scheme ? text : (has_tls ? "https://" : "http://") + text));
    options.endpoints.push_back(std::move(endpoint));
  }
  ASSIGN_OR_RETURN(options.tls,
                   client_v2::OpenTls({.authorities = client.tls.ca_file,
                                       .certificate = client.tls.cert_file,
                                       .key = client.tls.key_file,
                                       .skip_verify = client.tls.insecure_skip_verify}));
  options.server_name = client.tls.server_name;
  options.timeout = invocation.flags.GetDuration("command-timeout");
  const std::string& user = invocation.flags.GetString("v2-user");
  options.username = user.substr(0, user.find(':'));
  if (user.find(':') != std::string::npos) options.password = user.substr(user.find(':') + 1);
  return options;
}

// All that is not hidden below --prefix.
Outcome ReadTree(const Invocation& invocation, const etcd::ClientOptions& client,
                 client_v2::Node* root) {
  auto options = V2Options(invocation, client);
  if (!options.ok()) return Failed(kExitBadArguments, std::string(options.status().message()));
  client_v2::Cluster cluster(*std::move(options));
  client_v2::Event event;
  const client_v2::KeyCall call{
      .method = "GET",
      .key = invocation.flags.GetString("prefix"),
      .query = {{"recursive", "true"}, {"sorted", "true"}, {"quorum", "true"}}};
  const auto failure = client_v2::AskKey(cluster, std::nullopt, call, &event);
  if (failure.has_value()) {
    return Failed(failure->is_connection ? kExitBadConnection : kExitError, failure->text);
  }
  *root = std::move(event.node);
  return {};
}

Outcome Transform(const Invocation& invocation, const std::vector<client_v2::Node>& nodes,
                  std::vector<V2Key>* keys) {
  const std::string& program = invocation.flags.GetString("transformer");
  if (program.empty()) {
    Print(invocation.out, "using default transformer\n");
    *keys = KeysOf(nodes);
    return {};
  }
  std::string output;
  const ProgramEnding ending = RunFilter({program}, TransformerInput(nodes), &output);
  if (!ending.failure.empty()) return Failed(kExitError, program + ": " + ending.failure);
  auto parsed = ParseTransformerOutput(output, nodes);
  if (!parsed.ok()) return Failed(kExitError, std::string(parsed.status().message()));
  *keys = *std::move(parsed);
  return {};
}

// What is to be done about keys [begin, end).
etcd::Status Compare(etcd::Client& client, const std::vector<V2Key>& keys, size_t begin, size_t end,
                     bool overwrites, Plan* plan) {
  etcd::TxnRequest reads;
  for (size_t i = begin; i < end; ++i) reads.success.push_back(etcd::OpGet({.key = keys[i].key}));
  const auto read = client.Txn(reads);
  if (!read.ok()) return read.status();
  for (size_t i = begin; i < end; ++i) {
    const auto& got = std::get<etcd::GetResponse>(read->responses[i - begin].response).kvs;
    if (got.empty()) {
      plan->changes.push_back({keys[i], 0});
    } else if (got[0].value == keys[i].value) {
      ++plan->there;
    } else if (overwrites) {
      plan->changes.push_back({keys[i], got[0].mod_revision});
    } else {
      plan->others.push_back(keys[i].key);
    }
  }
  return {};
}

// Leases by the time that they last: keys that run out together share one.
using Leases = std::map<int64_t, int64_t>;

etcd::Result<int64_t> LeaseFor(etcd::Client& client, int64_t ttl, Leases* leases) {
  if (ttl == 0) return int64_t{0};
  if (const auto found = leases->find(ttl); found != leases->end()) return found->second;
  const auto granted = client.LeaseGrant({.ttl = ttl});
  if (!granted.ok()) return granted.status();
  leases->emplace(ttl, granted->id);
  return granted->id;
}

// All of [begin, end), unless one has changed since it was seen.
etcd::Status Write(etcd::Client& client, const std::vector<Change>& changes, size_t begin,
                   size_t end, Leases* leases) {
  etcd::TxnRequest txn;
  for (size_t i = begin; i < end; ++i) {
    const V2Key& key = changes[i].key;
    const auto lease = LeaseFor(client, key.ttl, leases);
    if (!lease.ok()) return lease.status();
    txn.compares.push_back(
        etcd::CompareModRevision(key.key, etcd::Compare::kEqual, changes[i].seen));
    txn.success.push_back(etcd::OpPut({.key = key.key, .value = key.value, .lease = *lease}));
  }
  const auto written = client.Txn(txn);
  if (!written.ok()) return written.status();
  if (written->succeeded) return {};
  return {etcd::Code::kAborted,
          "keys have changed meanwhile; what was written so far is complete, "
          "and the rest comes when this is run once more"};
}

Outcome RefuseOthers(const std::vector<std::string>& others) {
  return Failed(kExitError, std::to_string(others.size()) + " keys have other values already, as " +
                                others.front() +
                                "; nothing was written (--overwrite writes over them)");
}

Outcome Carry(const Invocation& invocation, etcd::Client& client, const std::vector<V2Key>& keys) {
  Plan plan;
  const bool overwrites = invocation.flags.GetBool("overwrite");
  for (size_t begin = 0; begin < keys.size(); begin += kOpsMax) {
    const size_t end = std::min(begin + kOpsMax, keys.size());
    const etcd::Status status = Compare(client, keys, begin, end, overwrites, &plan);
    if (!status.ok()) return FailedCall(status);
  }
  if (!plan.others.empty()) return RefuseOthers(plan.others);
  Leases leases;
  for (size_t begin = 0; begin < plan.changes.size(); begin += kOpsMax) {
    const size_t end = std::min(begin + kOpsMax, plan.changes.size());
    const etcd::Status status = Write(client, plan.changes, begin, end, &leases);
    if (!status.ok()) return FailedCall(status);
  }
  Print(invocation.out, "migrated " + std::to_string(plan.changes.size()) + " keys with " +
                            std::to_string(leases.size()) + " leases; " +
                            std::to_string(plan.there) + " were there already\n");
  return {};
}

Outcome RunMigrate(const Invocation& invocation) {
  if (!invocation.arguments.empty()) {
    return Failed(kExitBadArguments, "migrate takes no arguments");
  }
  Connection connection;
  if (Outcome outcome = Open(invocation, &connection); !outcome.ok()) return outcome;
  client_v2::Node root;
  Outcome outcome = ReadTree(invocation, connection.globals.client, &root);
  if (!outcome.ok()) return outcome;
  const auto nodes = Flatten(root, invocation.flags.GetBool("no-ttl"));
  if (nodes.empty()) {
    Print(invocation.out, "no v2 keys to migrate\n");
    return {};
  }
  std::vector<V2Key> keys;
  if (outcome = Transform(invocation, nodes, &keys); !outcome.ok()) return outcome;
  Print(invocation.out, "finished transforming keys\n");
  return Carry(invocation, *connection.client, keys);
}

constexpr char kLong[] =
    "Copies the keys of the v2 API to keys of v3, in a cluster that serves both (--enable-v2). A\n"
    "file becomes a key that is its path; directories are left out. What runs out gets a lease "
    "for\n"
    "the time that it has left. Keys that have the same value already are left as they are, so "
    "that\n"
    "it can be run again; if one has another value, nothing is written, unless --overwrite is "
    "given.\n"
    "\n"
    "Hidden keys are those below a name that begins with _: they come along only if --prefix "
    "names\n"
    "it. A directory of etcd 2.3 to 3.5 is taken over by etcdutl import first.\n"
    "\n"
    "A transformer is a program that reads the nodes in JSON, one after the other, and writes "
    "keys:\n"
    "each the length of a mvccpb.KeyValue in eight bytes, least first, and its bytes.";

}  // namespace

Command MigrateCommand() {
  return {
      .name = "migrate",
      .use = "migrate",
      .short_text = "Migrates keys of the v2 API to keys of v3",
      .long_text = kLong,
      .group = kUtility,
      .flags = {Text("prefix", "the directory of the v2 API that is migrated", "/"),
                Switch("no-ttl", "leave out what runs out"),
                Text("transformer", "program that makes keys of nodes"),
                Switch("overwrite", "write over keys of v3 that have other values"),
                Text("v2-user", "username[:password] of the v2 API, where it has authentication")},
      .run = RunMigrate,
      .yields_prefixes = true,
  };
}

}  // namespace ctl
