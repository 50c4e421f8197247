"""DNS as the mail host sees it: MX, SRV, A and AAAA, through the resolvers that Postfix would ask.

Facts only: which address Postfix tries first is `mxtop.route`'s affair.  Nothing here reads a file or
runs a command; the text of resolv.conf is handed in.  Inside this package `import dns` is dnspython.
"""
