"""The project's tests; `tests.lab` is also a program (`python -m tests.lab`)."""
