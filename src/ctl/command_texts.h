#pragma once

// The longer texts of etcdctl's help: etcdctl 3.7's, and those of commands that it has not.

namespace ctl {

inline constexpr char kPutLong[] = R"(
Puts the given key into the store.

When <value> begins with '-', <value> is interpreted as a flag.
Insert '--' for workaround:

$ put <key> -- <value>
$ put -- <key> <value>

If <value> isn't given as a command line argument and '--ignore-value' is not specified,
this command tries to read the value from standard input.

If <lease> isn't given as a command line argument and '--ignore-lease' is not specified,
this command tries to read the value from standard input.

For example,
$ cat file | put <key>
will store the content of the file to <key>.
)";

inline constexpr char kTxnLong[] =
    "Txn reads multiple etcd requests from standard input and applies them as a single atomic "
    "transaction.\n"
    R"(
A transaction consists of three components:
1) a list of conditions,
2) a list of requests to apply if all the conditions are true,
3) a list of requests to apply if any condition is false.

Example interactive stdin usage:

---
etcdctl txn -i
# compares:
mod("key1") > "0"

# success requests (get, put, delete):
put key1 "overwrote-key1"

# failure requests (get, put, delete):
put key1 "created-key1"
put key2 "some extra key"
---

Refer to https://github.com/etcd-io/etcd/blob/main/etcdctl/README.md#txn-options.)";

inline constexpr char kStatusLong[] =
    "When --write-out is set to simple, this command prints out comma-separated status lists for "
    "each endpoint.\n"
    "The items in the lists are endpoint, ID, version, db size, is leader, is learner, raft term, "
    "raft index, raft applied index, errors.\n";

inline constexpr char kMemberListLong[] =
    "When --write-out is set to simple, this command prints out comma-separated member lists for "
    "each endpoint.\n"
    "The items in the lists are ID, Status, Name, Peer Addrs, Client Addrs, Is Learner.\n";

inline constexpr char kAdmissionLong[] = R"(
Says how much a user, or a part of the keys, may ask of each member. A request that comes
too early is refused with ResourceExhausted, and told when it may come again.

Rules belong to the cluster, and each member counts for itself: what is asked of three
members may be three times as much. Where authentication is enabled only root may use
these commands. Not a command of etcd.
)";

inline constexpr char kDoctorLong[] = R"(
Asks the members for their status, their alarms and their metrics, changes nothing, and
says what it does not like: members that are down or behind, a quorum without a reserve,
versions and clocks that differ, slow disks and networks, space that runs out, alarms,
certificates that are about to expire. Each with what to do about it.

The exit status is 1 if something is an error now, and 0 if there are only warnings of what
may become one, or notes. With --write-out=json each finding is an object with severity,
subject, what and advice. Not a command of etcd.
)";

inline constexpr char kTopLong[] = R"(
Asks the members for their status and their metrics, changes nothing, and shows for each:
its role; calls, reads and writes a second; bytes from and to clients a second; at the 99th
percentile, of what was done since the last look, what calls, syncs of the log and commits
took at most; the bytes of the database that are in use, and their share of the quota;
memory and CPU. Below that what should be looked at: alarms, little space, slow disks,
members that are away.

On a terminal it goes on until Ctrl-C. Elsewhere, or with --once, it looks twice, prints
what was between and ends, with status 1 if a member is away or nothing can be read. With
--write-out=json that is one object, where null is what is not known. Not a command of etcd.
)";

inline constexpr char kLatencyLong[] = R"(
Measures at each endpoint, one after the other, what a client waits for: serializable reads,
which the member answers alone; linearizable reads, which ask a majority, too; and puts,
which a majority must have on disk. So what one kind takes longer than the one before is
the network between the members, and their disks. All three are of one key, whose name is
the prefix and a random number; it is deleted afterwards, and its history stays until the
next compaction. With --read-only nothing is written.

With a rate a latency counts from when the call was due, so that calls which had to wait
for slow ones are not left out. On a terminal histograms are shown meanwhile. When
--write-out is set to simple, the items in the lists are endpoint, call, done, failed, min,
p50, p90, p99, max. The exit status is 1 if a call failed. Not a command of etcd.
)";

inline constexpr char kLatencyExample[] =
    "  # All members of a cluster, as a table\n"
    "  etcdctl latency --cluster -w table\n"
    "  \n"
    "  # As fast as ten clients can, without a write\n"
    "  etcdctl latency --read-only --rate=0 --clients=10 --requests=10000";

inline constexpr char kDebugLong[] = R"(
Asks the members what a bug report should say, changes nothing, and writes it to one file
(tar.gz, etcdctl-debug-TIME.tar.gz if none is named), which only its owner may read: the
status, the members, alarms, metrics, versions, health, checksums of the keys, what
'etcdctl doctor' says, and the global flags; the last lines of a log, if one is named;
profiles, if they are asked for, which take five seconds a member. A file that is there
already is not overwritten.

Keys and values of the store, passwords, tokens and keys of certificates are left out. What
a log says is not ours to know: look through the file before you hand it on. What could not
be had is told on standard error, and in the file. Not a command of etcd.
)";

inline constexpr char kContextLong[] = R"(
Names for clusters: each context keeps the global flags that say how to reach one, in
$XDG_CONFIG_HOME/etcdctl/contexts.yaml, or below ~/.config, which nobody else may read.
A command uses the context that --context or ETCDCTL_CONTEXT names. Else, if neither flags
nor environment say which endpoints, the one that is in use. Flags and environment win over
what a context says. Not a command of etcd.
)";

inline constexpr char kContextExample[] =
    "  # Keep how to reach a cluster, and use it from now on\n"
    "  etcdctl context set prod --endpoints=https://10.0.0.1:2379 --cacert=/etc/etcd/ca.crt "
    "--user=root\n"
    "  etcdctl context use prod\n"
    "  etcdctl endpoint health\n"
    "  \n"
    "  # Ask another cluster for once\n"
    "  etcdctl --context=test endpoint health";

inline constexpr char kContextSetLong[] = R"(
Makes a context of the global flags of this command line, or changes those of one that is
there; an empty value takes one out. What is kept: endpoints and discovery, certificates,
the user, timeouts. A password or a token is kept only with --store-password. No cluster is
asked.
)";

inline constexpr char kUsageLong[] = R"(
Says what fills the store: of the keys that begin with the prefix, or of all, the parts up
to the next delimiter that take the most bytes. When --write-out is set to simple, this
command prints out comma-separated parts. The items in the lists are prefix, keys, bytes
of keys and newest values, and revisions, which is how often the keys were written since
they were created. A key without a further delimiter is a part of its own; the last line,
without a prefix, is the sum of what is not told.

Where authentication is enabled it needs the right to read all of these keys. Not a command
of etcd.
)";

inline constexpr char kUsageExample[] =
    "  # The largest parts of the store\n"
    "  etcdctl du\n"
    "  \n"
    "  # The ten largest namespaces of Kubernetes' pods\n"
    "  etcdctl du /registry/pods/ --limit=10";

inline constexpr char kAdmissionSetLong[] = R"(
Adds a rule, or replaces the one of that name. It holds at once, at all members, for the
requests of the user, or of everybody if none is named, that touch a key with the prefix,
or any key if there is none. A request for which several rules hold needs the room of
each. What is not given is not limited; one limit there must be.

The first rule is refused if a member of the cluster does not understand rules. Once there
was one, no such member can join. To etcd the cluster goes back by 'etcdutl export'.
)";

inline constexpr char kAdmissionSetExample[] =
    "  # The user batch may ask for 200 requests and a megabyte a second of each member\n"
    "  etcdctl admission set batch --for-user=batch --requests-per-second=200 "
    "--bytes-per-second=1000000\n"
    "  \n"
    "  # All that touches keys below /jobs/, together\n"
    "  etcdctl admission set jobs --prefix=/jobs/ --requests-per-second=50 --burst=5s\n"
    "  \n"
    "  # The connections of batch may hold a tenth of what a member holds for clients\n"
    "  etcdctl admission set batch-memory --for-user=batch --memory-percent=10";

inline constexpr char kAdmissionListLong[] =
    "When --write-out is set to simple, this command prints out comma-separated rules.\n"
    "The items in the lists are name, user, prefix, requests/s, bytes/s, burst, memory %; what is "
    "not limited is empty.\n";

// The empty lines hold two spaces, as etcdctl prints them.
inline constexpr char kSnapshotExample[] =
    "  # Save snapshot to a given file\n"
    "  etcdctl snapshot save /backup/etcd-snapshot.db\n"
    "  \n"
    "  # Get snapshot from given address and save it to file\n"
    "  etcdctl snapshot save --endpoints=127.0.0.1:3000 /backup/etcd-snapshot.db\n"
    "  \n"
    "  # Get snapshot from given address with certificates\n"
    "  etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/etcd/ca.crt "
    "--cert=/etc/etcd/etcd.crt --key=/etc/etcd/etcd.key snapshot save /backup/etcd-snapshot.db\n"
    "  \n"
    "  # Get snapshot with certain user and password\n"
    "  etcdctl --user=root --password=password123 snapshot save /backup/etcd-snapshot.db\n"
    "  \n"
    "  # Get snapshot from given address with timeout\n"
    "  etcdctl --endpoints=https://127.0.0.1:2379 --dial-timeout=20s snapshot save "
    "/backup/etcd-snapshot.db\n"
    "  \n"
    "  # Save snapshot with desirable time format\n"
    "  etcdctl snapshot save /mnt/backup/etcd/backup_$(date +%Y%m%d_%H%M%S).db";

}  // namespace ctl
