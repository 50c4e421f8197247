"""The front end with a screen: everything Textual, and nothing that others import.

`app.run_app` is the way in.  Takes snapshots and shows them; promises no state of its own
beyond what the user chose (selection, sort, filter, pause).
"""
