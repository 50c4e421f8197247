"""The words of mxtop: values that every other room speaks in.

Pure: no I/O, no asyncio, no third-party imports.  Promises nothing about where
the values come from.
"""
