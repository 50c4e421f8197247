# follow.sh FILE OFFSET PAUSE LOG: hand out one file of a log as it grows, by its inode, until the reader goes.
# POSIX sh with dd(1) and a stat(1) that knows -c (GNU, busybox); read by mxtop/sources/remotetail.py.
#   S DEVICE INODE SIZE MTIME [the same of LOG now]   after every change, and as a sign of life
#   D LENGTH                                           LENGTH bytes follow, then the file's first bytes again
offset=$2 pause=$3 log=$4 last= quiet=0
exec 3<"$1"
# Children share descriptor 3 and its place: a dd with one block moves it by exactly what it handed out.
dd bs=65536 skip=$((offset / 65536)) count=0 <&3 2>/dev/null
dd bs=1 skip=$((offset % 65536)) count=0 <&3 2>/dev/null
while :; do
    seen=$(stat -L -c '%d %i %s %Y' /proc/self/fd/3 "$log" 2>/dev/null)
    set -- $seen
    [ $# -ge 4 ] || exit 3
    if [ "$seen" != "$last" ] || [ $quiet -ge 4 ]; then
        echo "S $*" || exit 5
        last=$seen quiet=0
    fi
    length=$(($3 - offset))
    if [ $length -lt 0 ]; then
        exit 0
    elif [ $length -gt 0 ]; then
        [ $length -le 1048576 ] || length=1048576
        echo "D $length" || exit 5
        dd bs=$length count=1 <&3 2>/dev/null || exit 4
        head=$((offset < 256 ? offset : 256))
        [ $head -eq 0 ] || dd bs=$head count=1 </proc/self/fd/3 2>/dev/null || exit 4
        offset=$((offset + length)) last=
    else
        sleep "$pause" 2>/dev/null || sleep 1
        quiet=$((quiet + 1))
    fi
done
