#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/http/client.h"
#include "net/peer/environment.h"

namespace peer {

// Where one other member can be reached: at its peer URLs, in turn. One is current until a request
// to it fails; then the next one is. Of the peer loop.
class Endpoints {
 public:
  struct Endpoint {
    std::string url;
    std::string authority;  // "host:port"
    std::unique_ptr<http::Client> client;
    // For what clients ask of this member's leader, so that raft's messages never wait behind it.
    std::unique_ptr<http::Client> questions;
  };

  // `environment` outlives this.
  Endpoints(const Environment* environment, std::vector<std::string> urls);

  // Begins anew, at the first of them. Requests to URLs that are there no more end. URLs that
  // cannot be used are left out, with a line in the log.
  void Set(std::vector<std::string> urls);
  const std::vector<std::string>& urls() const { return urls_; }

  // Null if none can be used.
  Endpoint* current() const { return usable_.empty() ? nullptr : usable_[current_].get(); }
  // A request to the client of `used` failed.
  void OnFailure(const http::Client* used);

 private:
  std::unique_ptr<Endpoint> Open(const std::string& url) const;

  const Environment& environment_;
  std::vector<std::string> urls_;
  std::vector<std::unique_ptr<Endpoint>> usable_;
  size_t current_ = 0;
};

}  // namespace peer
