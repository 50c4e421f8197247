# mxtop: one change to one Postfix instance, made so that it can be taken back.
#
# For dash and bash with Debian's essential tools; python3 or coreutils 9.5 only for the atomic exchange.
# The parts are joined into one script that acts on its very last line: cut off anywhere, it does nothing.
# What it writes in $BASE (0700) is described in 60-report.sh; nothing of it is ever sourced or evaluated.

set -u
set -f
umask 077
unset IFS MAIL_CONFIG ENV CDPATH
LC_ALL=C
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
export LC_ALL PATH

DONE=0 ROLLED_BACK=1 REFUSED=2 LOOK_NOW=3 LATER=75 # exit codes
TAB='	'
LOCK_SECONDS=10      # for the lock of mxtop and for Postfix's own
FINISH_SECONDS=200   # for the lock where the one who has it is about to finish the same change

say() { printf '%s\n' "$*" >&2; }

die() { # CODE WORDS…
  local code=$1
  shift
  say "$@"
  exit "$code"
}

clock() { # hundredths of a second since the machine started: no clock step moves it
  local up rest
  read -r up rest </proc/uptime
  printf '%s\n' "${up%.*}${up#*.}"
}

boot() { cat /proc/sys/kernel/random/boot_id; }

sum() { # sha256 of a file; nothing where there is none
  local line
  line=$(sha256sum <"$1" 2>/dev/null) || return 1
  printf '%s\n' "${line%% *}"
}

ident() { # which file this is, by place and by content
  printf '%s %s\n' "$(stat -c %d:%i -- "$1" 2>/dev/null)" "$(sum "$1")"
}

put() { # FILE TEXT: whole or not at all, on disk when this returns; keeps room for its own bad news
  printf '%s\n' "$2" 2>/dev/null >"$1.new" && sync "$1.new" 2>/dev/null && mv -T "$1.new" "$1" &&
    sync "${1%/*}" && return
  rm -f "$T/reserve"
  printf '%s\n' "$2" 2>/dev/null >"$1.new" && sync "$1.new" 2>/dev/null && mv -T "$1.new" "$1" &&
    sync "${1%/*}"
}

get() { # KEY: a line of meta
  local key value
  while read -r key value; do
    [ "$key" = "$1" ] || continue
    printf '%s\n' "$value"
    return
  done <"$T/meta"
}

state() {
  local word rest
  read -r word rest 2>/dev/null <"$T/state" || word=
  printf '%s\n' "$word"
}

is_pending() { case $1 in armed | installed | applied) return 0 ;; esac; return 1; }
is_final() { case $1 in confirmed | rolledback | conflict | rollback-failed | failed) return 0 ;; esac; return 1; }

note() { # a line of the journal: when, what
  printf '%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2" 2>/dev/null >>"$T/journal"
}

quoted() { printf '%s' "$1" | tr -d '\000-\037\177' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g'; }

enter() { # STATE DETAIL: the new state, in the file, the journal, the audit and syslog
  local level=notice text code=0
  put "$T/state" "$1 $2" || code=1
  note state "$1 $2"
  case $1 in conflict | rollback-failed) level=crit ;; esac
  text="id=$ID state=$1 operator=$(get operator) instance=$DIR file=$REAL before=$BEFORE after=$AFTER"
  printf '{"time":"%s","id":"%s","state":"%s","operator":"%s","instance":"%s","file":"%s",%s\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$ID" "$1" "$(quoted "$(get operator)")" "$(quoted "$DIR")" \
    "$(quoted "$REAL")" "\"before\":\"$BEFORE\",\"after\":\"$AFTER\",\"detail\":\"$(quoted "$2")\"}" \
    2>/dev/null >>"$BASE/audit.jsonl"
  timeout 5 logger -t mxtop -p "mail.$level" -- "$text${2:+: $2}" 2>/dev/null 8>&- 9>&-
  say "$1${2:+: $2}"
  return $code
}

run() { # SECONDS ARGV…: a command that cannot hang; its output in $T/out, a line of the journal about it
  local seconds=$1 began code
  shift
  began=$(clock)
  timeout -k 5 "$seconds" "$@" </dev/null >"$T/out" 2>&1 8>&- 9>&-
  code=$?
  note "command${TAB}$code${TAB}$(($(clock) - began))" "$(printf '%s\037' "$@")"
  return $code
}

complaint() { # the last words of what `run` ran
  tail -n 1 "$T/out" 2>/dev/null | tr -d '\000-\037\177'
}

is_ours() { # a directory that nobody else could have prepared
  [ -d "$1" ] && [ ! -L "$1" ] && [ "$(stat -c %u "$1")" = "$(id -u)" ] &&
    [ "$(stat -c %a "$1")" = 700 ]
}

take_lock() { # SECONDS: file descriptor 9, for as long as this process lives
  [ ! -L "$BASE/lock" ] || return 1
  command exec 9>>"$BASE/lock" || return 1
  flock -w "$1" 9
}

drop_lock() { exec 9>&-; }

open_transaction() { # BASE ID
  BASE=$1 ID=$2
  case $ID in '' | *[!0-9A-Za-z]*) die $REFUSED "$ID is not the name of a change" ;; esac
  is_ours "$BASE" || die $REFUSED "$BASE is not a directory of this user's own, mode 0700"
  T=$BASE/txn/$ID
  is_ours "$T" && [ -f "$T/meta" ] || die $REFUSED "there is no change $ID here"
  DIR=$(get config_directory) REAL=$(get real) LINK=$(get link) BEFORE=$(get before) AFTER=$(get after)
  SWAP=$(get swap) LIMIT=$(get limit) WINDOW=$(get window)
  SELF=$T/run.sh
}
