// Stands for another client library in namespace etcd (etcd-cpp-apiv3).

#include "other_client.h"

namespace etcd {

class Client {
 public:
  explicit Client(int number);
  ~Client();
  int number() const;

 private:
  int number_;
};

Client::Client(int number) : number_(number) {}
Client::~Client() {
  number_ = 0;
}
int Client::number() const {
  return number_;
}

}  // namespace etcd

int OtherClientNumber() {
  const etcd::Client client(42);
  return client.number();
}
