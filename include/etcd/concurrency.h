#pragma once

// What is built on leases, watches and transactions: sessions, and what they hold.

#include <etcd/barrier.h>
#include <etcd/election.h>
#include <etcd/mutex.h>
#include <etcd/semaphore.h>
#include <etcd/session.h>
