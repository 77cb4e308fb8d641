#pragma once

// What is built on leases and watches: sessions, and the locks and elections that they hold.

#include <etcd/election.h>
#include <etcd/mutex.h>
#include <etcd/session.h>
