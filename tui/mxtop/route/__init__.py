"""Pure reasoning: the order Postfix will try, the share of first tries over IPv6, and the why.

Values in, values out: no I/O, no clock, no randomness.
"""
