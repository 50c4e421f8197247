"""mxtop: see which way a Postfix host's outgoing mail goes, and why."""

__version__ = "0.1.0"
