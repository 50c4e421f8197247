# The staged change: Postfix edits a copy, and Postfix's own daemon judges it.  The live files stay untouched.

copy_of() { # TO: a directory that Postfix takes for $DIR, with its own main.cf and master.cf
  local name
  rm -rf "$1"
  mkdir "$1" || return 1
  for name in main.cf master.cf; do
    cat -- "$DIR/$name" >"$1/$name" || return 1
  done
  set +f
  for name in "$DIR"/*; do
    case ${name##*/} in main.cf | master.cf | main.cf.tmp | master.cf.tmp) continue ;; esac
    ln -s "$name" "$1/" || { set -f; return 1; }
  done
  set -f
}

settle() { touch -d '1 minute ago' "$1/main.cf" "$1/master.cf"; } # a copy: nobody has to wait for it to cool

edit() { # DIRECTORY SERVICE PARAMETER VALUE: by Postfix's own hand; SERVICE - is main.cf itself
  local file=$1/main.cf
  [ "$2" = - ] || file=$1/master.cf
  # Postfix before 3.7.15 glues an appended parameter to a last line without its newline
  [ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
  if [ "$2" = - ]; then run "$LIMIT" postconf -c "$1" -e "$3=$4"
  else run "$LIMIT" postconf -c "$1" -Pe "$2/$3=$4"; fi
}

unset_in() { # DIRECTORY SERVICE PARAMETER
  if [ "$2" = - ]; then run "$LIMIT" postconf -c "$1" -X "$3"; else run "$LIMIT" postconf -c "$1" -PX "$2/$3"; fi
}

explicit() { # DIRECTORY SERVICE PARAMETER: `set VALUE` as written there, or `absent`
  local line
  settle "$1"
  if [ "$2" = - ]; then line=$(timeout 30 postconf -c "$1" -n "$3" 2>/dev/null </dev/null)
  else line=$(timeout 30 postconf -c "$1" -P "$2/$3" 2>/dev/null </dev/null); fi
  case $line in *' ='*) line=${line#*=}; printf 'set %s\n' "${line# }" ;; *) echo absent ;; esac
}

effective() { # DIRECTORY PARAMETER
  settle "$1"
  timeout 30 postconf -c "$1" -xh "$2" 2>/dev/null </dev/null | tail -n 1
}

warnings() { # DIRECTORY: what postconf(1) has against it, a name that nothing uses included
  settle "$1"
  timeout 30 postconf -c "$1" -n 2>&1 >/dev/null </dev/null | sort -u
}

daemon_says_no() { # DIRECTORY: whether smtp(8) would die of these settings; the reason is in the mail log
  local smtp line service param value
  settle "$1"
  smtp=$(timeout 30 postconf -c "$1" -xh daemon_directory 2>/dev/null)/smtp
  [ -x "$smtp" ] || return 0
  run "$LIMIT" postconf -c "$1" -e "syslog_name=mxtop-preflight" || return 0
  settle "$1"
  # standard output must not be a pipe: a good value would wait for a master that is not there
  run "$LIMIT" env MAIL_CONFIG="$1" "$smtp" -S -n smtp -t unix || return 0
  while read -r word service param value; do
    [ "$word" = set ] && [ "$service" != - ] || continue
    case $(timeout 30 postconf -c "$1" -M "$service" 2>/dev/null | tr -s ' ' | cut -d ' ' -f 8) in
      smtp | lmtp)
        run "$LIMIT" env MAIL_CONFIG="$1" "$smtp" -S -n "${service%/*}" -t unix -o "$param=$value" ||
          return 0 ;;
    esac
  done <"$T/request"
  return 1
}

well_formed() { # WORD SERVICE PARAMETER VALUE of a request
  case $1 in set | unset) ;; *) return 1 ;; esac
  case $2 in -) ;; -* | *[!A-Za-z0-9_.:/-]*) return 1 ;; */unix | */inet | */fifo | */pass | */unix-dgram) ;; *) return 1 ;; esac
  case $3 in '' | -* | *[!A-Za-z0-9_.-]*) return 1 ;; esac
  case $4 in *[![:print:]]*) return 1 ;; esac
}

make_base() { # BASE
  case $1 in /*) ;; *) die $REFUSED "$1 is not an absolute path" ;; esac
  mkdir -p -m 700 "$1" 2>/dev/null
  is_ours "$1" && { mkdir -m 700 "$1/txn" 2>/dev/null; is_ours "$1/txn"; } || die $REFUSED "$1 is not a directory of this user's own, mode 0700"
}

refuse() { # WORDS: nothing is staged, nothing is left
  rm -rf "$T"
  die $REFUSED "$@"
}

stage() { # BASE ID DIR LINE…: `operator NAME`, `window SECONDS`, … and the edits; see well_formed
  local word service param value file=main.cf operator=? fix=- pre was now obstacle kind
  BASE=$1 ID=$2 DIR=$3 WINDOW=120 LIMIT=30 T=$1/txn/$2 SWAP=
  shift 3
  make_base "$BASE"
  prune
  case $ID in '' | *[!0-9A-Za-z]*) die $REFUSED "$ID is not a name for a change" ;; esac
  mkdir -m 700 "$T" || die $REFUSED "$T is there already, or cannot be made"
  # the watchdog's copy of this very script stays beside the backup, whatever becomes of the sender
  cp -- "$0" "$T/run.sh" && printf '%s\n' "$@" >"$T/lines" && printf '' >"$T/request" ||
    refuse "no room left in $BASE"
  while read -r word service param value; do
    case $word in
      operator) operator=$service ;;
      fix) fix=$service ;;
      window) WINDOW=$service ;;
      limit) LIMIT=$service ;;
      swap) SWAP=$service ;;
      *)
        well_formed "$word" "$service" "$param" "$value" ||
          refuse "not a change that can be asked for: $word $service $param"
        [ "$service" = - ] || file=master.cf
        printf '%s\n' "$word $service $param $value" >>"$T/request" ;;
    esac
  done <"$T/lines"
  case $WINDOW$LIMIT in *[!0-9]*) refuse "times are whole seconds" ;; esac
  case $operator$fix in *[!A-Za-z0-9._@:+-]*) operator=? fix=- ;; esac
  [ -s "$T/request" ] || refuse "nothing to change"
  [ "$file" = main.cf ] || ! grep -q '^[a-z]* - ' "$T/request" ||
    refuse "one file at a time: main.cf or master.cf"
  REAL=$(readlink -e -- "$DIR/$file") || refuse "there is no $DIR/$file"
  obstacle=$(obstacle "$REAL")
  [ -z "$obstacle" ] || refuse "$obstacle"
  kind=$(swap_kind "${REAL%/*}")
  [ "$SWAP" = rename ] || SWAP=$kind
  [ "$SWAP" = "$kind" ] || [ "$SWAP" = rename ] || refuse "no exchange of files here"

  copy_of "$T/stage" && cat "$T/stage/$file" >"$T/before" || refuse "cannot copy $DIR: is there room in $BASE?"
  BEFORE=$(sum "$T/before")
  pre=$(warnings "$T/stage")
  printf '' >"$T/settings"
  while read -r word service param value; do
    was=$(explicit "$T/stage" "$service" "$param")
    { printf 'name %s %s\nbefore %s\n' "$service" "$param" "$was"
      [ "$service" != - ] || printf 'was %s\n' "$(effective "$T/stage" "$param")"; } >>"$T/settings"
    if [ "$word" = set ]; then edit "$T/stage" "$service" "$param" "$value"
    else unset_in "$T/stage" "$service" "$param"; fi ||
      refuse "postconf will not make this change: $(complaint)"
    now=$(explicit "$T/stage" "$service" "$param")
    { printf 'after %s\n' "$now"
      [ "$service" != - ] || printf 'is %s\n' "$(effective "$T/stage" "$param")"; } >>"$T/settings"
    case $word in set) [ "$now" = "set $value" ] ;; *) [ "$now" = absent ] ;; esac ||
      refuse "Postfix reads $param as: $now"
  done <"$T/request"
  cat "$T/stage/$file" >"$T/after" || refuse "no room left in $BASE"
  AFTER=$(sum "$T/after")
  [ "$AFTER" != "$BEFORE" ] || refuse "nothing to change: $DIR/$file says so already"
  now=$(warnings "$T/stage")
  [ "$now" = "$pre" ] || refuse "Postfix warns: $(printf '%s\n' "$now" | tail -n 1)"
  if daemon_says_no "$T/stage"; then refuse "smtp(8) would not start with this: see the mail log, mxtop-preflight"; fi
  rm -rf "$T/stage"
  value=$(printf 'id %s\nconfig_directory %s\nlink %s\nreal %s\nbefore %s\nafter %s\nswap %s\n' \
    "$ID" "$DIR" "$DIR/$file" "$REAL" "$BEFORE" "$AFTER" "$SWAP"
    printf 'window %s\nlimit %s\noperator %s\nfix %s\ncreated %s\n' \
      "$WINDOW" "$LIMIT" "$operator" "$fix" "$(date -u +%Y-%m-%dT%H:%M:%SZ)")
  put "$T/state" "prepared " && put "$T/meta" "$value" || refuse "no room left in $BASE"
}
