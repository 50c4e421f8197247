"""How to reach a machine: run a command, read a file, open a TCP stream; here or elsewhere."""
