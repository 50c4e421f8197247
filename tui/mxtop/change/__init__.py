"""One change to one Postfix instance, made so that it can be taken back.

Stage, preview, apply, watch, confirm, undo: one shell script does it on the machine whose Postfix it is (`run/`).
"""
