------------------------------- MODULE IOUtils ------------------------------
\* Of the community module of this name, what the specification of traces names: there is no
\* environment here, so that it takes the whole trace that module Json has.
LOCAL INSTANCE Integers
LOCAL INSTANCE TLC

IOEnv == [name \in {} |-> ""]
atoi(text) == CHOOSE number \in Int : ToString(number) = text
=============================================================================
