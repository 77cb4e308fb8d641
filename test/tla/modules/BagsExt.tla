------------------------------- MODULE BagsExt ------------------------------
\* Of the community module of this name, what the specification of etcd/raft uses.
LOCAL INSTANCE Bags
LOCAL INSTANCE Naturals

BagAdd(B, x) == B (+) SetToBag({x})

\* op(accumulated, element), once for each copy of an element.
RECURSIVE FoldBag(_, _, _)
FoldBag(op(_, _), base, B) ==
    IF DOMAIN B = {} THEN base
    ELSE LET x == CHOOSE e \in DOMAIN B : TRUE
         IN FoldBag(op, op(base, x), B (-) SetToBag({x}))
=============================================================================
