"""One Postfix instance of a host: its settings, next hops, queue counts and the place of its log."""
