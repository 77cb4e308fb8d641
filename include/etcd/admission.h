#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include <etcd/client.h>

namespace etcd {
inline namespace v1 {

// How much a user, or a part of the keys, may ask of each member. Holds for the requests of `user`,
// or of everybody if it is empty, that touch a key with `prefix`, or any if it is empty. What is 0
// is not limited; something must be.
struct AdmissionRule {
  // 1 to 64 letters, digits, '.', '_' and '-'.
  std::string name = {};
  std::string user = {};
  std::string prefix = {};
  uint64_t requests_per_second = 0;
  uint64_t bytes_per_second = 0;  // of requests and of their answers
  // For how long what is not used may be saved up, up to a minute; 0: a second.
  std::chrono::milliseconds burst = {};
  // Of what a member may hold for clients, by the connections of the user. Only of one with a user
  // and without a prefix.
  uint32_t memory_percent = 0;
};

// Of what changes a rule.
struct AdmissionChangeResponse {
  ResponseHeader header = {};
};

struct AdmissionRuleListResponse {
  ResponseHeader header = {};
  std::vector<AdmissionRule> rules = {};  // by name
};

// The calls of a client about admission rules, which members of etcd's own do not have
// (kUnimplemented). Threads, errors and the three forms of a call are the client's, which outlives
// this. Where authentication is enabled they need the role "root" (kPermissionDenied).
//
// What is refused by a rule ends with kResourceExhausted, "etcdserver: admission rule ..."; see
// Status::retry_after and the client's comment on retries.
class Admission {
 public:
  template <typename T>
  using Callback = Client::Callback<T>;

  explicit Admission(Client* client) : client_(*client) {}

  // Adds a rule, or replaces the one of that name. kInvalidArgument, naming what is wrong with it;
  // kFailedPrecondition if the cluster has a member that does not understand rules, naming it;
  // kResourceExhausted if there are too many.
  Result<AdmissionChangeResponse> RuleSet(const AdmissionRule& rule,
                                          const CallOptions& options = {});
  void RuleSet(const AdmissionRule& rule, const CallOptions& options,
               Callback<AdmissionChangeResponse> done);
  std::future<Result<AdmissionChangeResponse>> RuleSetAsync(const AdmissionRule& rule,
                                                            const CallOptions& options = {}) {
    return Client::Future<AdmissionChangeResponse>(
        [&](auto done) { RuleSet(rule, options, std::move(done)); });
  }

  // kNotFound if there is none of that name.
  Result<AdmissionChangeResponse> RuleDelete(const std::string& name,
                                             const CallOptions& options = {});
  void RuleDelete(const std::string& name, const CallOptions& options,
                  Callback<AdmissionChangeResponse> done);
  std::future<Result<AdmissionChangeResponse>> RuleDeleteAsync(const std::string& name,
                                                               const CallOptions& options = {}) {
    return Client::Future<AdmissionChangeResponse>(
        [&](auto done) { RuleDelete(name, options, std::move(done)); });
  }

  // Tried again as other reads are.
  Result<AdmissionRuleListResponse> RuleList(const CallOptions& options = {});
  void RuleList(const CallOptions& options, Callback<AdmissionRuleListResponse> done);
  std::future<Result<AdmissionRuleListResponse>> RuleListAsync(const CallOptions& options = {}) {
    return Client::Future<AdmissionRuleListResponse>(
        [&](auto done) { RuleList(options, std::move(done)); });
  }

 private:
  Client::Impl* Impl();

  Client& client_;
};

}  // namespace v1
}  // namespace etcd
