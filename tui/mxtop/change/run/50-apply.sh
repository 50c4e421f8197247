# The change and the way back.  prepared -> armed -> installed -> applied -> confirmed | rolledback | conflict |
# rollback-failed; failed: given up before anything changed.

give_up() { # CODE WORDS: nothing has changed
  put "$T/code" "$1"
  enter failed "$2"
  exit "$1"
}

pending_other() { # the id of another change that waits for its answer
  local id T
  for id in $(find "$BASE/txn" -mindepth 1 -maxdepth 1 -type d -printf '%f\n'); do
    T=$BASE/txn/$id
    [ "$id" != "$ID" ] && is_pending "$(state)" && printf '%s\n' "$id" && return
  done
  return 1
}

alive() { # whether the process that wrote FILE (`pid start boot`) still lives
  local pid start boot_id now
  read -r pid start boot_id 2>/dev/null <"$1" && [ "$boot_id" = "$(boot)" ] &&
    now=$(started "$pid") && [ "$now" = "$start" ]
}

started() { # PID: its start time, which tells it from a later one of the same number
  local line
  read -r line 2>/dev/null <"/proc/$1/stat" || return 1
  set -- ${line##*) }
  shift 19
  printf '%s\n' "$1"
}

signature() { printf '%s %s %s\n' $$ "$(started $$)" "$(boot)"; }

arm() { # the way back, before there is anything to come back from
  local deadline
  rm -f "$T/armed"
  # a service outlives sessions and their cgroups; where there is no systemd, a session of its own must do
  if [ -d /run/systemd/system ] && run 10 systemd-run --quiet --collect --unit="mxtop-rollback-$ID" \
    --setenv=PATH="$PATH" /bin/sh "$SELF" watchdog "$BASE" "$ID"; then :; else
    setsid sh "$SELF" watchdog "$BASE" "$ID" </dev/null >/dev/null 2>&1 8>&- 9>&- &
  fi
  deadline=$(($(clock) + 1000))
  until [ -s "$T/armed" ]; do
    [ "$(clock)" -lt $deadline ] || return 1
    sleep 0.05
  done
  alive "$T/armed"
}

apply() {
  local other now
  put "$T/begun" "$(signature)" || die $REFUSED "cannot write in $T"
  take_lock $LOCK_SECONDS || die $LATER "another mxtop is at work here"
  [ "$(state)" = prepared ] || die $REFUSED "$ID is $(state), not prepared"
  other=$(pending_other) && give_up $LATER "change $other waits for its answer: confirm it or take it back first"
  [ "$(readlink -e -- "$LINK")" = "$REAL" ] && [ "$(sum "$REAL")" = "$BEFORE" ] ||
    give_up $LATER "$REAL was changed since the preview"
  [ "$(sum "$T/after")" = "$AFTER" ] || give_up $REFUSED "the new $REAL did not arrive whole"
  timeout -k 5 "$LIMIT" postfix -c "$DIR" status >/dev/null 2>&1 </dev/null 8>&- 9>&- ||
    give_up $REFUSED "Postfix is not running"
  now=$(obstacle "$REAL")
  [ -z "$now" ] || give_up $REFUSED "$now"
  # room for the states to come, kept so that a full disk cannot silence them
  dd if=/dev/zero of="$T/reserve" bs=4096 count=4 2>/dev/null && sync "$T/reserve" &&
    cp --preserve=all -- "$REAL" "$T/backup" && sync "$T/backup" && [ "$(sum "$T/backup")" = "$BEFORE" ] ||
    give_up $REFUSED "no backup can be made in $T"
  arm || give_up $REFUSED "no watchdog could be started"
  enter armed "" || give_up $REFUSED "$T/state cannot be written"
  place "$T/after" "$BEFORE" || {
    case $WHY in *"somebody else"* | *"another"*) give_up $LATER "$WHY" ;; *) give_up $REFUSED "$WHY" ;; esac
  }
  note swap "$SWAP"
  enter installed "" || back "$T/state cannot be written"
  run "$LIMIT" postfix -c "$DIR" check || back "postfix check: exit code $? $(complaint)"
  run "$LIMIT" postfix -c "$DIR" reload || back "postfix reload: exit code $? $(complaint)"
  put "$T/applied" "$(clock) $(boot)" || back "$T/applied cannot be written"
  enter applied "" || back "$T/state cannot be written"
}

back() { # WORDS: right away
  roll_back "$1"
  finish
}

finish() { # the exit code that tells the final state
  case $(state) in
    confirmed) exit $DONE ;;
    rolledback) exit $ROLLED_BACK ;;
    failed) exit $REFUSED ;;
    *) exit $LOOK_NOW ;;
  esac
}

reload_after() { # STATE DETAIL: the file is as it shall be; so must Postfix be, if it runs
  run "$LIMIT" postfix -c "$DIR" status
  if [ $? = 1 ]; then # any other code: it gave no answer
    enter "$1" "$2; Postfix is not running"
  elif run "$LIMIT" postfix -c "$DIR" reload; then
    enter "$1" "$2"
  else
    enter rollback-failed "$REAL is as it was before, but postfix reload failed: $(complaint)"
  fi
}

roll_back() { # WHY: the bytes if nobody touched them, else our parameters alone, else hands off
  local reason=$1 now
  WHY=
  if ! clear_up; then
    enter rollback-failed "$reason; $REAL cannot be restored: $WHY; the backup is $T/backup"
  elif ! now=$(sum "$REAL"); then
    enter conflict "$reason; $REAL is gone, nothing was overwritten; the backup is $T/backup"
  elif [ "$(readlink -e -- "$LINK")" != "$REAL" ]; then
    enter conflict "$reason; $LINK is another file now; the backup is $T/backup"
  elif [ "$now" = "$BEFORE" ]; then
    reload_after rolledback "$reason"
  elif [ "$now" = "$AFTER" ]; then
    if place "$T/backup" "$AFTER"; then reload_after rolledback "$reason"
    elif [ "$(sum "$REAL")" != "$AFTER" ]; then take_out "$reason"
    else enter rollback-failed "$reason; $WHY; the backup is $T/backup"; fi
  else
    take_out "$reason"
  fi
}

take_out() { # WHY: somebody has edited the file since; our parameters go back, their edit stays
  local word service='' param='' how value file=${LINK##*/} base=$T/revert base_sum
  base_sum=$(sum "$REAL")
  if ! copy_of "$base" || [ "$(sum "$base/$file")" != "$base_sum" ]; then
    enter conflict "$1; $REAL cannot be copied; the backup is $T/backup"
    return
  fi
  while read -r word how value; do
    case $word in
      name) service=$how param=$value ;;
      before)
        [ "$(explicit "$base" "$service" "$param")" = "$(expected "$service" "$param")" ] || {
          enter conflict "$1; $param is not as this change set it, nothing was overwritten; the backup is $T/backup"
          return
        }
        if [ "$how" = set ]; then edit "$base" "$service" "$param" "$value"
        else unset_in "$base" "$service" "$param"; fi || {
          enter conflict "$1; $param cannot be taken out: $(complaint); the backup is $T/backup"
          return
        } ;;
    esac
  done <"$T/settings"
  cat "$base/$file" >"$T/reverted"
  if daemon_says_no "$base"; then
    enter conflict "$1; smtp(8) would not start with $REAL as edited since; the backup is $T/backup"
  elif place "$T/reverted" "$base_sum"; then
    reload_after rolledback "$1; only our setting was taken out: $REAL has been edited since"
  elif [ "$(sum "$REAL")" = "$base_sum" ]; then
    enter rollback-failed "$1; $WHY; the backup is $T/backup"
  else
    enter conflict "$1; $WHY; the backup is $T/backup"
  fi
}

expected() { # SERVICE PARAMETER: what this change made of it, as `explicit` says it
  local line found=
  while read -r line; do
    case $line in
      "name $1 $2") found=yes ;;
      'name '*) found= ;;
      'after '*) [ -z "$found" ] || printf '%s\n' "${line#after }" ;;
    esac
  done <"$T/settings"
}

watchdog() { # takes the change back unless it was answered in its window, which begins with `applied`
  local at boot_id now
  trap '' HUP INT
  put "$T/armed" "$(signature)" || exit 1
  while :; do
    take_lock 86400 || exit 1 # as long as somebody works on it; the kernel frees a dead one's lock
    case $(state) in
      prepared | armed | installed)
        [ "$(state)" = prepared ] || roll_back "the change was cut short"
        exit ;;
      applied) ;;
      *) exit ;;
    esac
    read -r at boot_id <"$T/applied"
    now=$(clock)
    if [ "$now" -ge $((at + WINDOW * 100)) ]; then
      roll_back "not confirmed within $WINDOW s"
      exit
    fi
    drop_lock
    now=$((at + WINDOW * 100 - now)) # a second at most, so that an answer lets this process go
    if [ $now -gt 100 ]; then sleep 1; else sleep "$((now / 100)).$((now % 100 / 10))$((now % 10))"; fi
  done
}

confirm() {
  take_lock $FINISH_SECONDS || die $LATER "another mxtop is at work here"
  case $(state) in
    applied)
      enter confirmed "" || die $LOOK_NOW "$T/state cannot be written: it goes back" ;;
    confirmed) ;;
    *) say "$ID is $(state)"; finish ;;
  esac
}

rollback() { # undo: of a confirmed change too
  take_lock $FINISH_SECONDS || die $LATER "another mxtop is at work here"
  case $VERB:$(state) in
    *:rolledback) exit $DONE ;;
    *:armed | *:installed | *:applied | *:conflict | *:rollback-failed | undo:confirmed)
      pending_other >/dev/null && die $LATER "change $(pending_other) waits for its answer"
      roll_back "taken back by $(get operator)"
      [ "$(state)" != rolledback ] || exit $DONE
      finish ;;
    *:prepared) rm -rf "$T" ;; # nothing has begun
    *) die $REFUSED "$ID is $(state)" ;;
  esac
}

recover() { # what a killed run or a reboot left: armed or installed and nobody at work goes back
  take_lock $LOCK_SECONDS || die $LATER "another mxtop is at work here"
  case $(state) in armed | installed) roll_back "the change was cut short"; finish ;; esac
}
