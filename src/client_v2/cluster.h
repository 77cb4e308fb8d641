#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "client_v2/endpoint.h"
#include "net/http/client.h"
#include "net/http/tls_context.h"
#include "runtime/asio/loop.h"
#include "runtime/asio/network.h"
#include "runtime/posix/clock.h"
#include "runtime/random.h"
#include "runtime/time.h"

namespace client_v2 {

// Why there is no answer, or not the one that was wanted; in the words of etcd's client.
struct Failure {
  std::string text;
  // Of a cluster that could not be asked: what each endpoint said.
  std::string detail = {};
  // The members could not be reached, all of them.
  bool is_connection = false;
};

// A call of the API.
struct Request {
  std::string method;
  std::string path;                      // not escaped
  std::string query = {};                // encoded
  std::optional<std::string> body = {};  // nothing: it has none
  std::string content_type = {};
  bool waits = false;  // for a change, as long as that takes
  bool once = false;   // goes to no second endpoint, because it may have been carried out
};

struct Reply {
  int status = 0;
  std::string index;  // X-Etcd-Index
  base::Bytes body;
};

// How long a command may take.
using Deadline = std::optional<runtime::TimePoint>;

// The members of a cluster, which are asked in turn, from the one that answered last: one that
// cannot be reached, or says that it has no leader, makes the next one be asked. Blocks the thread
// that calls.
class Cluster {
 public:
  struct Options {
    std::vector<Endpoint> endpoints;
    std::shared_ptr<const http::TlsContext> tls;          // for https; null if there is none
    std::string server_name;                              // of certificates; empty: the host's
    runtime::Duration timeout = std::chrono::seconds(2);  // of a request
    runtime::Duration total_timeout = std::chrono::seconds(5);
    std::string username;  // empty: nobody
    std::string password;
    std::FILE* debug = nullptr;  // where each request is shown as a line for a shell, if not null
  };
  explicit Cluster(Options options);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // What the total timeout leaves to what begins now.
  Deadline NewDeadline() const { return clock_.Now() + options_.total_timeout; }

  // Whatever its status, but for 5xx.
  std::optional<Failure> Ask(const Request& request, const Deadline& deadline, Reply* reply);
  // One answer of that URL, whatever its status.
  std::optional<Failure> AskUrl(const std::string& url, const Deadline& deadline, Reply* reply);
  // Goes on with other members than until now.
  void SetEndpoints(std::vector<Endpoint> endpoints);

  // Their URLs.
  std::vector<std::string> endpoints() const;

 private:
  struct Member {
    Endpoint endpoint;
    std::unique_ptr<http::Client> client;  // of the loop
  };
  struct Outcome {
    std::optional<Failure> failure;
    bool is_late = false;  // the deadline has passed
  };

  Member NewMember(Endpoint endpoint);
  void CloseMembers();
  Outcome AskMember(Member& member, const Request& request, const Deadline& deadline, Reply* reply);
  Failure WhyNot(const Endpoint& endpoint, const base::Status& status) const;
  void Show(const Endpoint& endpoint, const Request& request) const;

  const Options options_;
  const runtime::posix::Clock clock_;
  runtime::Random random_;
  runtime::asio::LoopThread thread_;
  runtime::asio::Network network_;
  std::vector<Member> members_;
  size_t pinned_ = 0;
};

}  // namespace client_v2
