"""Where log lines come from: a followed file, its history, the systemd journal, standard input.

Each source hands out `mxtop.mail.batch.Batch` values of whole lines, in the order in which they were
written.  Nothing is parsed here, and no line is left out in silence: what may be missing is said in `gap`.
"""
