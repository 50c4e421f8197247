"""One change to one Postfix instance, made so that it can be taken back: stage, preview, apply, watch, confirm,
undo.  The work is done by one shell script on the machine whose Postfix it is (`run/`)."""
