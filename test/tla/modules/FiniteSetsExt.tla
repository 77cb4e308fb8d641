---------------------------- MODULE FiniteSetsExt ---------------------------
\* Of the community module of this name, what the specification of etcd/raft uses.
EXTENDS Integers, FiniteSets

Max(S) == CHOOSE x \in S : \A y \in S : x >= y
Min(S) == CHOOSE x \in S : \A y \in S : x <= y
=============================================================================
