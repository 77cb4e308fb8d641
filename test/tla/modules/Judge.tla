-------------------------------- MODULE Judge -------------------------------
\* The published specification of traces, told what this model checker cannot: see Judge.cfg in
\* judge.py.
EXTENDS Traceetcdraft

\* Its assumptions ask TLCGet how the checker runs; judge.py runs it so.
Mode(what) == [mode |-> "bfs", worker |-> 1]

\* How far the trace was followed: the lines before this one were.
Reached == PrintT(<<"reached", l>>)
=============================================================================
