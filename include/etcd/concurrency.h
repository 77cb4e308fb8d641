#pragma once

// What is built on leases, watches and transactions.

#include <etcd/barrier.h>
#include <etcd/election.h>
#include <etcd/mutex.h>
#include <etcd/queue.h>
#include <etcd/semaphore.h>
#include <etcd/session.h>
#include <etcd/stm.h>
