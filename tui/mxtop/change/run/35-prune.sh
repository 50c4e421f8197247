# What is kept of old changes.  audit.jsonl is not touched: it has a line for each state of every change.

KEPT=50         # finished changes that are kept however old they are
KEPT_DAYS=90    # and those that are younger than this
PREVIEW_DAYS=1  # a preview that nobody has applied or discarded by then was left by a front end that died

older() { # DAYS PATH
  [ -n "$(find "$2" -prune -mtime "+$(($1 - 1))" 2>/dev/null)" ]
}

forget() { # without meta it is no change for anybody, wherever the rest is cut short
  rm -f -- "$T/meta"
  rm -rf -- "$T"
}

prune() { # never what waits for an answer, nor what somebody has to look at
  local id T finished=0
  take_lock 0 || return 0 # somebody is at work: another time
  for id in $(find "$BASE/txn" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort -r); do
    T=$BASE/txn/$id
    case $id in *[!0-9A-Za-z]*) continue ;; esac
    case $(state) in
      confirmed | rolledback | failed)
        finished=$((finished + 1))
        [ $finished -le $KEPT ] || ! older $KEPT_DAYS "$T/state" || forget ;;
      prepared | '') ! older $PREVIEW_DAYS "$T" || alive "$T/begun" || forget ;;
    esac
  done
  drop_lock
}
