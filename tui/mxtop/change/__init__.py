"""One change to one Postfix instance, made so that it can be taken back.

Stage, preview, apply, watch, confirm, undo: one shell script (`run/`) does it on the machine whose Postfix
it is; the modules here send it, and read what it tells.
"""
