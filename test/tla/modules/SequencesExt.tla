---------------------------- MODULE SequencesExt ----------------------------
\* Of the community module of this name, what the specification of etcd/raft uses.
EXTENDS Sequences, Naturals

ToSet(s) == {s[i] : i \in DOMAIN s}

IsPrefix(s, t) == Len(s) <= Len(t) /\ \A i \in 1..Len(s) : s[i] = t[i]

\* op(element, accumulated), from the first element on.
FoldSeq(op(_, _), base, s) ==
    LET upTo[i \in 0..Len(s)] == IF i = 0 THEN base ELSE op(s[i], upTo[i - 1])
    IN upTo[Len(s)]

\* The position of the first element that passes the test; 0 if none does.
SelectInSeq(s, Test(_)) ==
    LET from[i \in 1..(Len(s) + 1)] ==
            IF i > Len(s) THEN 0 ELSE IF Test(s[i]) THEN i ELSE from[i + 1]
    IN from[1]

\* Of those at from..to the position, counted from there, of the last one that passes it.
SelectLastInSubSeq(s, from, to, Test(_)) ==
    LET downFrom[i \in 0..(to - from + 1)] ==
            IF i = 0 THEN 0 ELSE IF Test(s[from + i - 1]) THEN i ELSE downFrom[i - 1]
    IN IF to < from THEN 0 ELSE downFrom[to - from + 1]
=============================================================================
