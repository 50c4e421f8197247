"""Live SMTP connections of this machine: the kernel's TCP sockets, and which Postfix daemon owns each.

Sees its own network namespace only: what runs in a container with its own network is not here.
"""
