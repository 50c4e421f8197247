/* The heads of log lines, cut: what `mail/heads.py` does with a regular expression, some times as fast.

   One function, `cut`; what it gives and leaves out stands in `_heads.pyi`.  It reads the characters of one
   Python string and makes new strings of pieces of it: every index is checked against the end of its line,
   and nothing is written but what the Python API allocates.  Log text is hostile: keep it so.
*/
#define PY_SSIZE_T_CLEAN
#include "_text.h"

/* Behind a time of RFC 3339 with a zone that begins at `at`; -1 where there is none. */
INLINE Py_ssize_t after_iso(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end)
{
    if (!has_form(t, kind, at, end, "0000-00-00T00:00:50"))
        return -1;
    at += 19;
    if (at < end && AT(at) == '.') {
        Py_ssize_t first = ++at;
        while (at < end && at - first < 9 && is_digit(AT(at)))
            at++;
        if (at == first)
            return -1;
    }
    if (at < end && AT(at) == 'Z')
        return at + 1;
    if (has_form(t, kind, at, end, "+00:00") || has_form(t, kind, at, end, "-00:00"))
        return at + 6;
    return -1;
}

/* The same for `Nov  3 18:34:37`. */
INLINE Py_ssize_t after_classic(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (end - at < 15)
        return -1;
    const char *month = months;
    while (*month && !(AT(at) == (Py_UCS4)month[0] && AT(at + 1) == (Py_UCS4)month[1] &&
                       AT(at + 2) == (Py_UCS4)month[2]))
        month += 3;
    if (!*month || AT(at + 3) != ' ' || !(AT(at + 4) == ' ' || is_digit(AT(at + 4))))
        return -1;
    return has_form(t, kind, at + 5, end, "0 00:00:00") ? at + 15 : -1;
}

/* Whether [at, end) is a queue id: a long one that begins with a digit, or a short one. */
INLINE int is_queue_id(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end)
{
    Py_ssize_t size = end - at;
    int is_long = size >= 10 && size <= 30 && is_digit(AT(at));
    int is_short = size >= 6 && size <= 20;
    for (; at < end && (is_long || is_short); at++) {
        Py_UCS4 c = AT(at);
        is_long = is_long && (is_digit(c) || (is_letter(c) && !is_vowel(c)));
        is_short = is_short && is_hex(c);
    }
    return is_long || is_short;
}

/* Whether [at, end) begins as what smtp(8) says of a certificate (`_TELLING` in `heads.py`). */
INLINE int is_certificate(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end)
{
    return has_form(t, kind, at, end, "certificate ") || has_form(t, kind, at, end, "server ") ||
           has_form(t, kind, at, end, "CA ");
}

/* A tuple of new references, which it takes over; NULL where one of them is. */
static PyObject *tuple_of(PyObject **parts, Py_ssize_t size)
{
    PyObject *tuple = PyTuple_New(size);
    for (Py_ssize_t i = 0; i < size; i++)
        if (tuple && parts[i])
            PyTuple_SET_ITEM(tuple, i, parts[i]);
        else {
            Py_CLEAR(tuple);
            Py_XDECREF(parts[i]);
        }
    return tuple;
}

/* Behind `<…>` without a quotation mark, `at` being behind the `<`; `domain` is behind its last `@`, or -1. */
INLINE Py_ssize_t after_address(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end,
                                Py_ssize_t *domain)
{
    *domain = -1;
    for (; at < end && AT(at) != '"'; at++) {
        if (AT(at) == '>')
            return at + 1;
        if (AT(at) == '@')
            *domain = at + 1;
    }
    return -1;
}

/* Whether [at, end) is a delivery in its common form, which is that of `scan.py`; then new references to its
   fields: domain, relay, conn_use, delay, delays, status and reason. */
INLINE int is_delivery(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end, PyObject **fields)
{
    Py_ssize_t domain, ignored, optional, name, stop, uses = -1;
    double numbers[5];
    if (AT(end - 1) != ')' || (at = after(t, kind, at, end, "to=<")) < 0)
        return 0;
    if ((at = after_address(t, kind, at, end, &domain)) < 0)
        return 0;
    Py_ssize_t domain_end = at - 1;
    if ((at = after(t, kind, at, end, ", ")) < 0)
        return 0;
    if ((optional = after(t, kind, at, end, "orig_to=<")) >= 0) {
        at = after_address(t, kind, optional, end, &ignored);
        at = after(t, kind, at, end, ", ");
    }
    if ((name = at = after(t, kind, at, end, "relay=")) < 0)
        return 0;
    while (at < end && AT(at) != ',' && !is_space(AT(at)))
        at++;
    stop = at;
    if (stop == name || (at = after(t, kind, at, end, ", ")) < 0)
        return 0;
    if ((optional = after(t, kind, at, end, "conn_use=")) >= 0) {
        Py_ssize_t comma = find(t, kind, ',', optional, end);
        double many = comma - optional > 9 ? -1 : number_in(t, kind, optional, comma);
        if (many < 0 || find(t, kind, '.', optional, comma) < comma)
            return 0;
        uses = (Py_ssize_t)many;
        at = after(t, kind, comma, end, ", ");
    }
    if ((at = after(t, kind, at, end, "delay=")) < 0)
        return 0;
    for (int i = 0; i < 5; i++) {
        Py_ssize_t next = find(t, kind, i == 0 || i == 4 ? ',' : '/', at, end);
        if ((numbers[i] = number_in(t, kind, at, next)) < 0)
            return 0;
        if ((at = after(t, kind, next, end, i == 0 ? ", delays=" : i == 4 ? ", " : "/")) < 0)
            return 0;
    }
    if ((optional = after(t, kind, at, end, "tls=")) >= 0) {
        for (at = optional; at < end && AT(at) != ',' && !is_space(AT(at)); at++)
            ;
        if (at == optional)
            return 0;
        at = after(t, kind, at, end, ", ");
    }
    if ((at = after(t, kind, at, end, "dsn=0.0")) < 0)
        return 0;
    while (at < end && is_digit(AT(at)))
        at++;
    if ((at = after(t, kind, at, end, ".0")) < 0)
        return 0;
    while (at < end && is_digit(AT(at)))
        at++;
    Py_ssize_t status = at = after(t, kind, at, end, ", status=");
    if (at < 0)
        return 0;
    while (at < end && (is_digit(AT(at)) || is_letter(AT(at)) || AT(at) == '_' || AT(at) == '-'))
        at++;
    Py_ssize_t status_end = at;
    if (at == status || (at = after(t, kind, at, end, " (")) < 0 || at >= end)
        return 0;
    if (end - 1 - at >= 8 && has_form(t, kind, end - 9, end, " command"))
        return 0;
    PyObject *stages[4];
    for (int i = 0; i < 4; i++)
        stages[i] = PyFloat_FromDouble(numbers[i + 1]);
    fields[0] = domain < 0 ? PyUnicode_New(0, 0) : PyUnicode_Substring(t->text, domain, domain_end);
    fields[1] = PyUnicode_Substring(t->text, name, stop);
    fields[2] = PyLong_FromSsize_t(uses < 0 ? 1 : uses);
    fields[3] = PyFloat_FromDouble(numbers[0]);
    fields[4] = tuple_of(stages, 4);
    fields[5] = PyUnicode_Substring(t->text, status, status_end);
    fields[6] = PyUnicode_Substring(t->text, at, end - 1);
    return 1;
}

/* Whether [at, end) is `from=<…>, size=1, nrcpt=1 (queue active)`. */
INLINE int is_active(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end)
{
    if ((at = after(t, kind, at, end, "from=<")) < 0)
        return 0;
    at = after(t, kind, find(t, kind, '>', at, end), end, ">, size=0");
    for (Py_ssize_t first = at; at >= 0 && at < end && at - first < 17 && is_digit(AT(at)); at++)
        ;
    at = after(t, kind, at, end, ", nrcpt=0");
    for (Py_ssize_t first = at; at >= 0 && at < end && at - first < 8 && is_digit(AT(at)); at++)
        ;
    return after(t, kind, at, end, " (queue active)") == end;
}

/* Where a `client=HOST[ADDRESS]` that begins at `at` ends; -1 where it is something else. */
INLINE Py_ssize_t after_client(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end)
{
    if (!has_form(t, kind, at, end, "client="))
        return -1;
    do
        at = find(t, kind, ',', at + 1, end);
    while (at + 1 < end && AT(at + 1) != ' ');
    if (at + 1 == end)  /* a comma at the very end */
        at = end;
    return AT(at - 1) == ']' ? at : -1;
}

#define RECENT 256

/* What is the same for all lines of one call; `recent` are tokens met, the same few again and again. */
typedef struct {
    int iso;
    PyObject *kinds, *empty, *pieces, *queued, *removed;
    long not_postfix, plain, agent, qmgr, cleanup, smtpd;
    Py_ssize_t foreign;
    PyObject *recent[RECENT];
    long recent_kinds[RECENT];
} Call;

/* The token in [at, end) as a new reference, and its kind, 0 where that is not known; NULL with an error set. */
INLINE PyObject *token_in(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end, Call *call,
                          long *known)
{
    Py_ssize_t size = end - at;
    size_t place = (size_t)size;
    for (Py_ssize_t i = size > 6 ? end - 6 : at; i < end; i++)
        place = place * 31 + AT(i);
    PyObject **recent = &call->recent[place % RECENT];
    if (kind == PyUnicode_1BYTE_KIND && *recent && PyUnicode_GET_LENGTH(*recent) == size &&
        PyUnicode_KIND(*recent) == kind &&
        !memcmp(PyUnicode_DATA(*recent), (const char *)t->data + at, (size_t)size)) {
        *known = call->recent_kinds[place % RECENT];
        return Py_NewRef(*recent);
    }
    PyObject *token = PyUnicode_Substring(t->text, at, end);
    if (!token)
        return NULL;
    PyObject *number = PyDict_GetItemWithError(call->kinds, token);
    *known = number ? PyLong_AsLong(number) : 0;
    if (PyErr_Occurred()) {
        Py_DECREF(token);
        return NULL;
    }
    Py_XSETREF(*recent, Py_NewRef(token));
    call->recent_kinds[place % RECENT] = *known;
    return token;
}

/* Append a new reference, which it takes over; -1 where it is NULL, or there is no memory. */
static int put(PyObject *pieces, PyObject *piece)
{
    int failed = !piece || PyList_Append(pieces, piece) < 0;
    Py_XDECREF(piece);
    return failed ? -1 : 0;
}

#define NONE Py_NewRef(Py_None)
#define PART(from, to) PyUnicode_Substring(t->text, (from), (to))

/* One line, [at, end): put or left out; -1 with an error set. */
INLINE int cut_line(const Text *t, const int kind, Py_ssize_t at, Py_ssize_t end, Call *call)
{
    Py_ssize_t stamp = call->iso ? after_iso(t, kind, at, end) : after_classic(t, kind, at, end);
    if (stamp < 0 || stamp >= end || AT(stamp) != ' ')
        goto strange;
    Py_ssize_t host = find(t, kind, ' ', stamp + 1, end);
    Py_ssize_t tag = find(t, kind, ' ', host + (host < end), end);
    if (host == stamp + 1 || tag >= end || AT(tag - 1) != ':')
        goto strange;
    Py_ssize_t first = tag + 1, word = find(t, kind, ' ', first, end), rest = word + 1;
    if (word >= end)
        goto strange;
    long known;
    PyObject *token = token_in(t, kind, host + 1, tag, call, &known);
    if (!token)
        return -1;
    if (known == call->not_postfix) {
        Py_DECREF(token);
        call->foreign++;
        return 0;
    }
    int is_id = word > first && AT(word - 1) == ':' && is_queue_id(t, kind, first, word - 1);
    int is_connect = !is_id && has_form(t, kind, first, rest, "connect ");
    int is_other = known >= call->plain && known != call->agent;  /* never says it of a server */
    int is_plain = !is_id && !is_connect && is_word(t, kind, first, word) &&
                   (is_other || !is_certificate(t, kind, first, rest));
    if ((is_plain && known >= call->plain) ||
        (is_id && known == call->cleanup && has_form(t, kind, rest, end, "message-id="))) {
        Py_DECREF(token);
        return 0;
    }
    if (is_id && (known == call->plain || known == call->agent)) {
        PyObject *parts[10];
        if (is_delivery(t, kind, rest, end, parts + 3)) {
            parts[0] = PART(at, stamp);
            parts[1] = token;
            parts[2] = PART(first, word - 1);
            return put(call->pieces, tuple_of(parts, 10));
        }
    } else if (is_id && known == call->qmgr) {
        PyObject *what = is_active(t, kind, rest, end) ? call->queued
                       : after(t, kind, rest, end, "removed") == end ? call->removed : NULL;
        if (what) {
            PyObject *parts[] = {Py_NewRef(what), PART(first, word - 1)};
            Py_DECREF(token);
            return put(call->pieces, tuple_of(parts, 2));
        }
    } else if (known == call->smtpd) {
        int may_name = is_id || has_form(t, kind, first, rest, "NOQUEUE: ");
        Py_ssize_t client = is_connect ? end : may_name ? after_client(t, kind, rest, end) : -1;
        if (client >= 0) {
            Py_DECREF(token);
            return put(call->pieces, PART(rest, client));
        }
    }
    PyObject *parts[] = {PART(at, stamp), token, is_id ? PART(first, word - 1) : NONE,
                         is_id || is_plain ? NONE : PART(first, word), PART(rest, end)};
    return put(call->pieces, tuple_of(parts, 5));
strange:;
    PyObject *whole[] = {Py_NewRef(call->empty), Py_NewRef(call->empty), Py_NewRef(call->empty),
                         Py_NewRef(call->empty), PART(at, end)};
    return put(call->pieces, tuple_of(whole, 5));
}

/* How many lines there are; -1 with an error set. */
INLINE Py_ssize_t cut_text(const Text *t, const int kind, Call *call)
{
    Py_ssize_t lines = 0;
    for (Py_ssize_t at = 0; at <= t->size; lines++) {
        Py_ssize_t end = find(t, kind, '\n', at, t->size);
        if (cut_line(t, kind, at, end, call) < 0)
            return -1;
        at = end + 1;
    }
    return lines;
}

static PyObject *cut(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *text;
    Call call = {0};
    if (!PyArg_ParseTuple(arguments, "UpO!(llllll)(OO):cut", &text, &call.iso, &PyDict_Type, &call.kinds,
                          &call.not_postfix, &call.plain, &call.agent, &call.qmgr, &call.cleanup, &call.smtpd,
                          &call.queued, &call.removed))
        return NULL;
    if (PyUnicode_READY(text) < 0)
        return NULL;
    Text t = {text, PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text)};
    if (t.size > 0 && PyUnicode_READ_CHAR(text, t.size - 1) == '\n')
        t.size--;
    call.pieces = PyList_New(0);
    call.empty = PyUnicode_New(0, 0);
    Py_ssize_t lines = -1;
    if (call.pieces && call.empty)
        switch (PyUnicode_KIND(text)) {
        case PyUnicode_1BYTE_KIND:
            lines = cut_text(&t, PyUnicode_1BYTE_KIND, &call);
            break;
        case PyUnicode_2BYTE_KIND:
            lines = cut_text(&t, PyUnicode_2BYTE_KIND, &call);
            break;
        default:
            lines = cut_text(&t, PyUnicode_4BYTE_KIND, &call);
        }
    Py_XDECREF(call.empty);
    for (int i = 0; i < RECENT; i++)
        Py_XDECREF(call.recent[i]);
    if (lines < 0) {
        Py_XDECREF(call.pieces);
        return NULL;
    }
    return Py_BuildValue("Nnn", call.pieces, lines, call.foreign);
}

static PyMethodDef methods[] = {
    {"cut", cut, METH_VARARGS, "Pieces of a text's lines, and how many were left out."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_heads",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__heads(void) { return PyModuleDef_Init(&definition); }
